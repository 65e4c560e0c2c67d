"""Disputes of the simulator: opened a day after the payment, decided by the clock.

The bank decides three days after the school's answer, or when the answer is overdue. A school that
answered wins, unless the card's dispute is one that is always lost.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from engineroom import clock
from payments.gateways.base import DisputeReading
from payments.gateways.evidence import clean
from payments.gateways.simulator import posting
from payments.models import Mode, SimulatorDispute, SimulatorPayment

State = SimulatorDispute.State
OPENS_AFTER = timedelta(days=1)
ANSWER_WITHIN = timedelta(days=7)
DECIDED_AFTER = timedelta(days=3)
FEE_MINOR = 1500
REASON = "The buyer does not recognize the payment."
BATCH = 200


def plan(payment: SimulatorPayment) -> SimulatorDispute:
    return SimulatorDispute.objects.create(
        payment=payment,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reason=REASON,
        moves_at=payment.captured_at + OPENS_AFTER,
    )


@transaction.atomic
def open_now(payment: SimulatorPayment, *, is_whole: bool = False) -> SimulatorDispute:
    """The buyer's bank takes back at once what is left of the payment, or the whole of it, whatever
    was refunded before: for tests and the hosted page's fault list."""
    made = payment.disputes.first() or plan(payment)
    if made.state == State.PLANNED:
        _open(made, clock.now(), payment.amount_minor if is_whole else _left(payment))
    return made


def _left(payment: SimulatorPayment) -> int:
    return payment.amount_minor - payment.refunded_minor


def _subscription(dispute: SimulatorDispute) -> str:
    """Whose later period is disputed; empty for what was paid on the hosted page."""
    sub = dispute.payment.subscription
    return sub.token if sub and dispute.payment.number > 1 else ""


def tell(dispute: SimulatorDispute) -> None:
    said = {
        "reference": dispute.token,
        "subscription": _subscription(dispute),
        "payment": dispute.payment.token,
        "status": dispute.state,
        "amount_minor": dispute.amount_minor,
        "currency": dispute.currency,
        "reason": dispute.reason,
        "order": dispute.payment.order_number,
    }
    posting.tell(f"dispute.{dispute.state}", "dispute", said, fault=dispute.payment.fault)


def move_due() -> int:
    """Disputes whose time has come; returns how many moved."""
    moved = 0
    while due := list(
        SimulatorDispute.objects.filter(moves_at__lte=clock.now())
        .order_by("moves_at", "pk")
        .values_list("token", flat=True)[:BATCH]
    ):
        moved += sum(_move(token) for token in due)
    return moved


@transaction.atomic
def _move(token: str) -> bool:
    dispute = (
        SimulatorDispute.objects.select_for_update().select_related("payment").get(token=token)
    )
    if dispute.moves_at is None or dispute.moves_at > clock.now():
        return False
    if dispute.state == State.PLANNED:
        _open(dispute, dispute.moves_at, _left(dispute.payment))
        return True
    is_won = bool(dispute.evidence) and dispute.payment.card != "dispute_lost"
    dispute.state, dispute.moves_at = State.WON if is_won else State.LOST, None
    dispute.save()
    tell(dispute)
    return True


def _open(dispute: SimulatorDispute, at: datetime, amount_minor: int) -> None:
    """This much is taken back; of nothing there is no dispute."""
    dispute.moves_at = None
    if amount_minor > 0:
        dispute.state = State.OPEN
        dispute.amount_minor, dispute.fee_minor = amount_minor, FEE_MINOR
        dispute.due_at = dispute.moves_at = at + ANSWER_WITHIN
    dispute.save()
    if amount_minor > 0:
        tell(dispute)


@transaction.atomic
def answer(token: str, evidence: dict[str, str]) -> None:
    """The first answer counts."""
    dispute = (
        SimulatorDispute.objects.select_for_update().select_related("payment").get(token=token)
    )
    if dispute.state != State.OPEN:
        return
    dispute.evidence = clean(evidence)
    dispute.state, dispute.moves_at = State.UNDER_REVIEW, clock.now() + DECIDED_AFTER
    dispute.save()
    tell(dispute)


def reading(token: str) -> DisputeReading:
    dispute = SimulatorDispute.objects.select_related("payment__subscription").get(token=token)
    return DisputeReading(
        reference=dispute.token,
        payment=dispute.payment.token,
        status=dispute.state,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency,
        mode=Mode.TEST.value,
        account=posting.account_id(),
        reason=dispute.reason,
        fee_minor=dispute.fee_minor,
        due_at=dispute.due_at,
        subscription=_subscription(dispute),
    )


def since(moment: datetime) -> Iterator[str]:
    """Those opened since then, oldest first."""
    opened = SimulatorDispute.objects.exclude(state=State.PLANNED)
    late = opened.filter(due_at__gte=moment + ANSWER_WITHIN).order_by("due_at", "pk")
    return iter(list(late.values_list("token", flat=True)))


def forget(tokens: list[str]) -> None:
    """What schools said about people who are to be forgotten; that it was answered stays."""
    answered = SimulatorDispute.objects.filter(token__in=tokens).exclude(evidence={})
    answered.update(evidence={"statement": "Forgotten."})
