"""Sending back what was paid too much: a refund that names no line, so that nothing ends."""

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from engineroom import audit, clock
from payments import gateways, states
from payments.actions.ledger import book_refund
from payments.actions.moves import locked_order, move_refund
from payments.actions.refunding import finish_refund
from payments.actions.settling import flag
from payments.gateways.base import ByHand, RefundDeclined
from payments.models import Order, Payment, Refund
from payments.refusals import GatewayUnavailable, RefundNotPossible


def surplus_of(order: Order) -> int:
    """What was captured beyond the order's total and is not on its way back: one query."""
    sums = order.payments.filter(state=states.CAPTURED).aggregate(
        paid=Coalesce(Sum("amount_minor"), 0), back=Coalesce(Sum("refunded_minor"), 0)
    )
    due = order.total_minor - order.refunded_minor if order.is_settled else 0
    return sums["paid"] - sums["back"] - due


def refund_surplus(*, order: Order, actor=None) -> Refund:
    """Send the surplus of an order back from its latest payment. Asked again, nothing more goes.

    What staff send by bank stays pending until they say so. Raises RefundNotPossible without a
    surplus, GatewayUnavailable when the gateway does not answer: the refund is then pending and
    finished by `finish_surplus`. No transaction may be open.
    """
    return finish_surplus(_reserve(order.pk, actor))


@transaction.atomic
def _reserve(order_id: int, actor) -> Refund:
    order = locked_order(order_id)
    waiting = order.refunds.filter(state=states.PENDING, lines=None).select_related("payment")
    if found := waiting.first():
        return found
    amount = surplus_of(order)
    if amount <= 0:
        raise RefundNotPossible("Nothing was paid too much.")
    for payment in order.payments.filter(state=states.CAPTURED).order_by("-pk"):
        taken = Payment.objects.filter(
            pk=payment.pk, refunded_minor__lte=F("amount_minor") - amount
        ).update(refunded_minor=F("refunded_minor") + amount)
        if not taken:
            continue
        key = f"surplus:{payment.public_id}:{order.refunds.count()}"
        audit.record("order.surplus_refund_asked", order.number, actor=actor, amount_minor=amount)
        return Refund.objects.create(
            order=order,
            payment=payment,
            key=key,
            amount_minor=amount,
            currency=order.currency,
            reason="Paid twice",
            actor=actor,
        )
    raise RefundNotPossible


def finish_any_refund(refund: Refund) -> Refund:
    """Finish a refund of lines, or of a surplus, which names none. Raises what those two raise."""
    return finish_refund(refund) if refund.lines.exists() else finish_surplus(refund)


def finish_surplus(refund: Refund) -> Refund:
    """Ask the gateway and write what came of it. Safe to repeat; no transaction may be open."""
    if refund.state != states.PENDING:
        return refund
    gateway = gateways.by_name(refund.payment.gateway)
    if gateway is None:
        raise GatewayUnavailable
    try:
        reference = gateway.refund(
            refund.payment.reference,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            key=refund.public_id,
        )
    except ByHand:
        # Staff send it, and say when: `transfers.confirm_refund_sent`.
        return refund
    except RefundDeclined as declined:
        return _give_up(refund, str(declined))
    return _complete(refund, reference)


@transaction.atomic
def _complete(refund: Refund, reference: str) -> Refund:
    order = locked_order(refund.order_id)
    fields = {"done_at": clock.now(), "gateway_reference": reference, "error": ""}
    if move_refund(refund, states.DONE, **fields):
        book_refund(order, refund)
        audit.record(
            "order.surplus_refunded",
            order.number,
            actor=refund.actor,
            refund=refund.public_id,
            amount_minor=refund.amount_minor,
        )
    return refund


@transaction.atomic
def _give_up(refund: Refund, why: str) -> Refund:
    order = locked_order(refund.order_id)
    if move_refund(refund, states.FAILED, error=why[:300]):
        Payment.objects.filter(pk=refund.payment_id).update(
            refunded_minor=F("refunded_minor") - refund.amount_minor
        )
        flag(order, f"The gateway refused to send a surplus back: {why}")
    return refund
