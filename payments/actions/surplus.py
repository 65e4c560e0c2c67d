"""Sending back what was paid too much: a refund that names no line, so that nothing ends."""

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from engineroom import audit, clock, outbox
from engineroom.retrying import retried
from payments import gateways, states
from payments.actions.ledger import book_refund
from payments.actions.moves import locked_order, move_refund
from payments.actions.refunding import TOPIC, finish_refund
from payments.actions.settling import flag
from payments.gateways.base import ByHand, RefundDeclined
from payments.models import Dispute, Order, Payment, Refund
from payments.refusals import GatewayUnavailable, RefundNotPossible


def surplus_of(order: Order) -> int:
    """What was captured beyond the order's total, is not on its way back and was not taken back by
    the buyer's bank for good: two queries."""
    captured = order.payments.filter(state=states.CAPTURED)
    sums = captured.aggregate(
        paid=Coalesce(Sum("amount_minor"), 0), back=Coalesce(Sum("refunded_minor"), 0)
    )
    lost = Dispute.objects.filter(payment__in=captured.order_by(), state=states.LOST)
    gone = lost.aggregate(sum=Coalesce(Sum("amount_minor"), 0))["sum"]
    due = order.total_minor - order.refunded_minor if order.is_settled else 0
    return sums["paid"] - sums["back"] - gone - due


def adopt_surplus(*, order: Order, payment: Payment, most_minor: int, actor=None) -> int:
    """Write down what the gateway itself has sent back of this payment, as far as it was paid too
    much: up to `most_minor`, and nothing ends. Returns how much that was. In the caller's
    transaction, which holds the order's lock."""
    part = min(most_minor, surplus_of(order))
    if part <= 0 or not _take(payment, part):
        return 0
    _complete(_write(order, payment, part, actor), "")
    return part


def lost_surplus(*, order: Order, dispute: Dispute) -> int:
    """How much of a lost dispute had been paid too much, so that nothing ends for it.

    A buyer who contests the payment that paid for the order gives up what it bought, and gets any
    other payment back as a surplus; one who contests a later payment keeps it.
    """
    captured = order.payments.filter(state=states.CAPTURED)
    if dispute.payment_id == captured.order_by("captured_at", "pk").values_list("pk").first()[0]:
        return 0
    return max(0, min(dispute.amount_minor, surplus_of(order) + dispute.amount_minor))


def refund_surplus(*, order: Order, actor=None) -> list[Refund]:
    """Send the surplus of an order back, from its latest payments and as many of them as it takes:
    a refund each. Asked again, nothing more goes.

    What staff send by bank stays pending until they say so. Raises RefundNotPossible without a
    surplus, GatewayUnavailable when a gateway does not answer: that refund is pending and finished
    by the worker. No transaction may be open.
    """
    refunds, unanswered = [], None
    for refund in _reserve(order.pk, actor):
        try:
            refunds.append(finish_surplus(refund))
        except GatewayUnavailable as error:
            unanswered = error
    if unanswered:
        raise unanswered
    return refunds


@retried
@transaction.atomic
def _reserve(order_id: int, actor) -> list[Refund]:
    order = locked_order(order_id)
    waiting = order.refunds.filter(state=states.PENDING, lines=None)
    refunds = list(waiting.select_related("payment").order_by("pk"))
    left = surplus_of(order)
    if left <= 0 and not refunds:
        raise RefundNotPossible("Nothing was paid too much.")
    for payment in _refundable(order):
        part = min(left, payment.amount_minor - payment.refunded_minor)
        if part <= 0 or not _take(payment, part):
            continue
        refunds.append(_write(order, payment, part, actor))
        left -= part
    if not refunds:
        raise RefundNotPossible
    return refunds


def _refundable(order: Order):
    """Latest first. What the buyer's bank holds, or has kept, cannot be sent back by us."""
    held = Dispute.objects.filter(payment__order=order).exclude(state=states.WON)
    captured = order.payments.filter(state=states.CAPTURED)
    return captured.exclude(pk__in=held.values("payment")).order_by("-pk")


def _take(payment: Payment, amount: int) -> bool:
    return bool(
        Payment.objects.filter(
            pk=payment.pk, refunded_minor__lte=F("amount_minor") - amount
        ).update(refunded_minor=F("refunded_minor") + amount)
    )


def _write(order: Order, payment: Payment, amount: int, actor) -> Refund:
    refund = Refund.objects.create(
        order=order,
        payment=payment,
        key=f"surplus:{payment.public_id}:{order.refunds.count()}",
        amount_minor=amount,
        currency=order.currency,
        reason="Paid twice",
        actor=actor,
    )
    outbox.put(
        TOPIC, {"refund": refund.public_id}, key=f"refund:{refund.public_id}", delay_seconds=30
    )
    audit.record("order.surplus_refund_asked", order.number, actor=actor, amount_minor=amount)
    return refund


def finish_any_refund(refund: Refund) -> Refund:
    """Finish a refund of lines, or of a surplus, which names none. What those two raise."""
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
