"""Payouts of the simulator: once a day, what was paid two days ago or earlier goes to the bank."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from engineroom import clock
from payments.gateways.base import PayoutPart, PayoutReading
from payments.gateways.simulator import posting
from payments.models import (
    Mode,
    SimulatorDispute,
    SimulatorPayment,
    SimulatorPayout,
    SimulatorRefund,
)

HELD = timedelta(days=2)
EVERY = timedelta(days=1)
Dispute = SimulatorDispute.State


def _waiting(currency: str, before):
    paid = SimulatorPayment.objects.filter(
        currency=currency,
        payout=None,
        state=SimulatorPayment.State.SUCCEEDED,
        captured_at__lte=before,
        amount_minor__gt=0,
    )
    back = SimulatorRefund.objects.filter(
        payment__currency=currency, payout=None, created_at__lte=before
    ).exclude(payment__payout=None, payment__captured_at__gt=before)
    taken = SimulatorDispute.objects.filter(currency=currency, taken_in=None).exclude(
        state=Dispute.PLANNED
    )
    given = SimulatorDispute.objects.filter(currency=currency, given_in=None, state=Dispute.WON)
    return paid, back.select_related("payment"), taken, given


def _parts(paid, back, taken, given) -> list[dict]:
    def part(kind, reference, amount, fee=0):
        return {"kind": kind, "reference": reference, "amount_minor": amount, "fee_minor": fee}

    return [
        *(part("charge", one.token, one.amount_minor, one.fee_minor) for one in paid),
        *(part("refund", one.key, -one.amount_minor) for one in back),
        # The school has booked a dispute's fee when it opened, so that it stands in the amount.
        *(part("dispute", one.token, -one.amount_minor - one.fee_minor) for one in taken),
        *(part("dispute", one.token, one.amount_minor) for one in given),
    ]


def pay_out_due() -> int:
    """A payout per currency when a day has passed since the last one; returns how many."""
    now = clock.now()
    codes = SimulatorPayment.objects.filter(
        Q(payout=None), state=SimulatorPayment.State.SUCCEEDED, captured_at__lte=now - HELD
    ).values_list("currency", flat=True)
    return sum(_pay_out(code, now) for code in sorted(set(codes.order_by())))


@transaction.atomic
def _pay_out(currency: str, now) -> bool:
    last = SimulatorPayout.objects.select_for_update().filter(currency=currency).first()
    if last and last.arrived_at > now - EVERY:
        return False
    rows = [list(found) for found in _waiting(currency, now - HELD)]
    parts = _parts(*rows)
    if not parts:
        return False
    payout = SimulatorPayout.objects.create(
        currency=currency,
        amount_minor=sum(part["amount_minor"] - part["fee_minor"] for part in parts),
        parts=parts,
        arrived_at=now,
    )
    paid, back, taken, given = ([row.pk for row in found] for found in rows)
    SimulatorPayment.objects.filter(pk__in=paid).update(payout=payout)
    SimulatorRefund.objects.filter(pk__in=back).update(payout=payout)
    SimulatorDispute.objects.filter(pk__in=taken).update(taken_in=payout)
    SimulatorDispute.objects.filter(pk__in=given).update(given_in=payout)
    said = {
        "reference": payout.token,
        "status": "arrived",
        "amount_minor": payout.amount_minor,
        "currency": currency,
        "arrived_at": now.isoformat(),
    }
    posting.tell("payout.arrived", "payout", said)
    return True


def reading(payout: SimulatorPayout) -> PayoutReading:
    return PayoutReading(
        reference=payout.token,
        amount_minor=payout.amount_minor,
        currency=payout.currency,
        arrived_at=payout.arrived_at,
        mode=Mode.TEST.value,
        account=posting.account_id(),
        parts=[PayoutPart(**part) for part in payout.parts],
    )


def since(moment):
    made = SimulatorPayout.objects.filter(arrived_at__gte=moment)
    for payout in made.order_by("arrived_at", "pk").iterator():
        yield reading(payout)
