"""One payment on the hosted page: what each card does, and what follows by the clock."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from engineroom import clock
from payments.gateways.base import Reading
from payments.gateways.simulator import cards, disputing, posting, subscribing
from payments.models import Mode, SimulatorPayment
from payments.refusals import FaultNotValid, OutcomeNotValid, SimulatorClosed

State = SimulatorPayment.State
STATUS = {
    State.OPEN: "open",
    State.CHALLENGE: "open",
    State.PROCESSING: "processing",
    State.SUCCEEDED: "captured",
    State.FAILED: "failed",
    State.CANCELED: "canceled",
}
DEBIT_TAKES = timedelta(days=3)
BATCH = 200


def find(token: str) -> SimulatorPayment | None:
    return SimulatorPayment.objects.filter(token=token).first()


def move(payment: SimulatorPayment, allowed: list[str], state: str, **fields) -> bool:
    """Whether this call moved the payment; the object is up to date either way."""
    moved = SimulatorPayment.objects.filter(pk=payment.pk, state__in=allowed).update(
        state=state, **fields
    )
    payment.refresh_from_db()
    return bool(moved)


def status_of(payment: SimulatorPayment) -> str:
    return "canceled" if payment.is_over else STATUS[payment.state]


def tell(payment: SimulatorPayment) -> None:
    status = status_of(payment)
    said = {
        "reference": payment.token,
        "key": payment.key,
        "order": payment.order_number,
        "status": status,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "method": payment.method,
        "reason": payment.reason,
    }
    posting.tell(f"payment.{status}", "payment", said, fault=payment.fault)


def _capture(payment: SimulatorPayment, allowed: list[str], **fields) -> bool:
    now = clock.now()
    fee = cards.fee_of(payment.amount_minor)
    if not move(payment, allowed, State.SUCCEEDED, captured_at=now, fee_minor=fee, **fields):
        return False
    if payment.card in cards.DISPUTED:
        disputing.plan(payment)
    if payment.subscription_id:
        subscribing.begin(payment, now)
    return True


@transaction.atomic
def pay(token: str, *, outcome: str, card: str = "", fault: str | None = None) -> SimulatorPayment:
    """What the person on the hosted page did. Raises OutcomeNotValid, SimulatorClosed.

    `outcome` is what a card does, or `abandon`: the payment stays open and nothing happens at all. A
    page whose time is over takes nothing. After `3ds` a second call answers the confirmation:
    `success`, or `decline`. `fault` says what goes wrong with the events. The payment must exist.
    """
    if outcome not in cards.OUTCOMES:
        raise OutcomeNotValid
    if fault and fault not in posting.FAULTS:
        raise FaultNotValid
    payment = SimulatorPayment.objects.select_related("subscription").get(token=token)
    if fault is not None:
        SimulatorPayment.objects.filter(pk=payment.pk).update(fault=fault)
        payment.fault = fault
    if outcome == "abandon":
        return payment
    if payment.is_over:
        raise SimulatorClosed("The time to pay is over. Nothing was charged.")
    if payment.state == State.CHALLENGE:
        moved = _confirm(payment, outcome)
    else:
        moved = _ask(payment, cards.BY_NUMBER.get(card) or cards.BY_OUTCOME[outcome])
    if not moved:
        raise SimulatorClosed
    if payment.state != State.CHALLENGE:
        tell(payment)
    return payment


def _ask(payment: SimulatorPayment, card: cards.Card) -> bool:
    known = {"method": cards.method(card), "card": card.plays, "card_country": card.country}
    payment.card = card.plays
    if payment.subscription_id:
        subscribing.remember_card(payment.subscription, card)
    if card.plays == "3ds":
        return move(payment, [State.OPEN], State.CHALLENGE, **known)
    if card.plays in cards.DECLINES:
        reason = cards.REASONS[card.plays]
        return move(payment, [State.OPEN], State.FAILED, reason=reason, **known)
    if card.plays in cards.DEBITS:
        clears_at = clock.now() + DEBIT_TAKES
        return move(payment, [State.OPEN], State.PROCESSING, clears_at=clears_at, **known)
    return _capture(payment, [State.OPEN], **known)


def _confirm(payment: SimulatorPayment, outcome: str) -> bool:
    if outcome == "success":
        return _capture(payment, [State.CHALLENGE])
    reason = "The bank's confirmation failed."
    return move(payment, [State.CHALLENGE], State.FAILED, reason=reason)


def clear_debits() -> int:
    """Bank debits whose days are over: paid, or taken back. Returns how many ended."""
    due = SimulatorPayment.objects.filter(state=State.PROCESSING, clears_at__lte=clock.now())
    return sum(_clear(payment) for payment in due.order_by("clears_at", "pk")[:BATCH])


@transaction.atomic
def _clear(payment: SimulatorPayment) -> bool:
    waits = [State.PROCESSING]
    if payment.card == "debit":
        moved = _capture(payment, waits)
    else:
        moved = move(payment, waits, State.FAILED, reason=cards.REASONS["debit_fails"])
    if moved:
        tell(payment)
    return moved


def reading(payment: SimulatorPayment) -> Reading:
    """How the payment stands. Its subscription, when there is one, must be at hand or is asked."""
    return Reading(
        reference=payment.token,
        key=payment.key,
        order_number=payment.order_number,
        status=status_of(payment),
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        mode=Mode.TEST.value,
        account=posting.account_id(),
        method=payment.method,
        reason=payment.reason,
        fee_minor=payment.fee_minor,
        card_country=payment.card_country,
        subscription=payment.subscription.token if payment.subscription_id else "",
        refunded_minor=payment.refunded_minor,
        paid_at=_paid_at(payment),
    )


def _paid_at(payment: SimulatorPayment):
    """A debit was given on the page, days before it is captured."""
    return payment.clears_at - DEBIT_TAKES if payment.clears_at else payment.captured_at


def since(moment):
    """Payments that the school started, oldest first; periods of subscriptions are theirs."""
    made = SimulatorPayment.objects.filter(
        Q(subscription=None) | Q(number=1), created_at__gte=moment
    )
    for payment in made.select_related("subscription").order_by("created_at", "pk").iterator():
        yield reading(payment)
