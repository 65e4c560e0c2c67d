"""Refunds that went another way than ours: made at the gateway itself, or sent back by a bank.

The gateway's sum of refunds of a payment is held against ours. More there: the difference is written
here as a refund of what was paid too much, and beyond that of lines, with books, credit note and the
end of access. Less there: money that we
call refunded has come back, and staff must send it another way.
"""

from django.db import transaction

from engineroom import audit, clock
from engineroom.refusals import Refusal
from engineroom.retrying import retried
from payments import money, states
from payments.actions.ledger import book_resent
from payments.actions.moves import locked_order
from payments.actions.refunding import complete_refund, reserve_refund
from payments.actions.settling import flag
from payments.actions.surplus import adopt_surplus
from payments.gateways.base import Reading
from payments.models import Order, Payment, Refund
from payments.queries.refunds import came_back

REASON = "Refunded at the gateway"


def match_refunds(*, payment: Payment, reading: Reading, actor=None) -> str:
    """Bring our refunds of a payment to what the gateway says; answers in words what was done, or
    nothing when both say the same. Safe to repeat; no transaction may be open.

    While one of our own refunds is on its way nothing is compared.
    """
    payment.refresh_from_db()
    if payment.state != states.CAPTURED or payment.refunds.filter(state=states.PENDING).exists():
        return ""
    more = _more_there(payment, reading)
    if more > 0:
        return _adopt(payment, reading, actor)
    if more < 0:
        text = money.text(-more, payment.currency)
        why = f"{text} that was refunded has come back to the gateway. Send it another way."
        if payment.order.attention != why:
            flag(payment.order, why)
        return why
    return ""


def _more_there(payment: Payment, reading: Reading) -> int:
    """What the gateway calls refunded beyond what we do, in minor units; below zero: less."""
    return reading.refunded_minor - payment.refunded_minor + came_back(payment)


@retried
@transaction.atomic
def _adopt(payment: Payment, reading: Reading, actor) -> str:
    """What was paid too much goes first, whichever of the payments it was sent back of: the other
    one pays for the order. Lines end only for the rest."""
    order = locked_order(payment.order_id)
    payment.refresh_from_db()
    amount = _more_there(payment, reading)
    if amount <= 0:
        return ""
    text = money.text(amount, payment.currency)
    rest = amount - adopt_surplus(order=order, payment=payment, most_minor=amount, actor=actor)
    if not rest:
        flag(order, f"{text} that was paid too much was refunded at the gateway, not here.")
    elif why := _adopt_lines(order, payment, rest, reading, actor):
        return why
    return f"{text} that was refunded at the gateway is written here, too."


def _adopt_lines(order: Order, payment: Payment, amount: int, reading: Reading, actor) -> str:
    """Why it cannot be written; empty when it is."""
    text = money.text(amount, payment.currency)
    key = f"outside:{payment.public_id}:{reading.refunded_minor}"
    try:
        refund = reserve_refund(
            order_id=order.pk,
            amounts=_shared_out(order, amount),
            reason=REASON,
            key=key,
            actor=actor,
            payment=payment,
        )
    except Refusal as refusal:
        why = f"{text} was refunded at the gateway and cannot be written here: {refusal.message}"
        flag(order, why)
        return why
    complete_refund(refund, "")
    flag(order, f"{text} was refunded at the gateway, not here. Look at its lines.")
    return ""


def _shared_out(order: Order, amount: int) -> dict[str, int]:
    """Line after line, until the amount is used up."""
    shares = {}
    for line in order.lines.order_by("pk"):
        share = min(amount, line.left_minor)
        if share:
            shares[line.public_id] = share
        amount -= share
    return shares if not amount else {}


@transaction.atomic
def note_resent(*, refund: Refund, actor=None) -> bool:
    """Staff have sent a refund that came back another way, from the bank. False when it is noted
    already, or was never done."""
    done = Refund.objects.select_for_update().filter(
        pk=refund.pk, state=states.DONE, resent_at=None
    )
    if not done.update(resent_at=clock.now()):
        return False
    book_resent(refund.order, refund)
    audit.record("refund.resent", refund.public_id, actor=actor, amount_minor=refund.amount_minor)
    return True
