"""Money that arrived at the school's bank, written down once."""

from dataclasses import asdict
from datetime import timedelta

from django.db import IntegrityError, transaction

from engineroom import audit, clock
from payments import gateways
from payments.actions.ledger import book_payout
from payments.gateways.base import NotOffered, PayoutReading
from payments.models import GatewayAccount, Payout
from payments.refusals import GatewayUnavailable

LOOK_BACK = timedelta(days=35)


@transaction.atomic
def record_payout(*, gateway: str, reading: PayoutReading, actor=None) -> Payout:
    """Keep a payout that the gateway tells of, and book it. Told again, the same payout.

    Parts that do not add up, or a payout of another amount under the same reference, are kept as
    they were told first; `verify_books` names them.
    """
    try:
        with transaction.atomic():
            payout = Payout.objects.create(
                gateway=gateway,
                mode=reading.mode,
                reference=reading.reference,
                amount_minor=reading.amount_minor,
                currency=reading.currency,
                arrived_at=reading.arrived_at,
                parts=[asdict(part) for part in reading.parts],
            )
    except IntegrityError:
        return Payout.objects.get(gateway=gateway, reference=reading.reference)
    book_payout(payout)
    audit.record(
        "payout.recorded",
        payout.public_id,
        actor=actor,
        gateway=gateway,
        amount_minor=payout.amount_minor,
        currency=payout.currency,
    )
    return payout


def find_payouts() -> int:
    """Book what gateways paid out and nobody told us of: an event may have been lost. Returns how
    many were new. No transaction may be open."""
    before = Payout.objects.count()
    for account in GatewayAccount.objects.order_by("pk"):
        gateway = gateways.by_name(account.gateway)
        if gateway is None or gateway.mode != account.mode:
            continue
        try:
            for reading in gateway.payouts_since(clock.now() - LOOK_BACK):
                record_payout(gateway=gateway.name, reading=reading)
        except (GatewayUnavailable, NotOffered):
            continue
    return Payout.objects.count() - before
