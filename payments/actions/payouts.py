"""Money that arrived at the school's bank, written down once."""

from dataclasses import asdict

from django.db import IntegrityError, transaction

from engineroom import audit
from payments.actions.ledger import book_payout
from payments.gateways.base import PayoutReading
from payments.models import Payout


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
