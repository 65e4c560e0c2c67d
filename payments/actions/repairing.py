"""What can be done about a finding of the self-check. Each repair leaves an audit entry of its own.

A repair takes the finding and who asks, and answers in words what it did. It raises a Refusal when it
cannot. No transaction may be open: some of them ask the gateway.
"""

from collections.abc import Callable

from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from engineroom import audit, clock, slots
from engineroom.refusals import Refusal
from payments import gateways, sellables, states
from payments.actions.canceling import expire_order
from payments.actions.moves import locked_order, locked_subscription, move_order
from payments.actions.outside_refunds import match_refunds
from payments.actions.plans import keep_access
from payments.actions.rebooking import rebook_order, rebook_payout
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.actions.stock import count_again
from payments.actions.surplus import finish_any_refund, refund_surplus
from payments.actions.webhooks import process_event
from payments.doubling import BoughtTwice, sells_many
from payments.models import (
    Coupon,
    CouponUse,
    Finding,
    GatewayEvent,
    LedgerEntry,
    Offer,
    Order,
    OrderLine,
    Payment,
    Payout,
    Refund,
    RefundLine,
    Subscription,
)
from payments.queries import counter_checks
from payments.queries.doubles import given_before


class NothingToRepair(Refusal):
    code = "nothing_to_repair"
    message = "What this is about is not there any more."


class StillBroken(Refusal):
    """It was tried, and what was found is still so: the finding stays open."""

    code = "repair_without_effect"
    message = "It was tried, and nothing has changed."


def _order(number: str) -> Order:
    order = Order.objects.filter(number=number).first()
    if order is None:
        raise NothingToRepair
    return order


def _line(name: str) -> OrderLine:
    line = OrderLine.objects.select_related("order__person").filter(public_id=name).first()
    if line is None:
        raise NothingToRepair
    return line


@transaction.atomic
def deliver_again(finding: Finding, actor) -> str:
    line = _line(finding.subject)
    line.order = locked_order(line.order_id)
    if not line.order.is_settled or line.withdrawn_at or line.person is None:
        raise NothingToRepair("The line is not paid any more, or nobody is there to have it.")
    if not sells_many(line.kind) and given_before(line):
        raise BoughtTwice
    sellables.of(line.kind).deliver(line)
    rooms = slots.gather("payments.holdings")
    if rooms and not any(line.public_id in room["given"] - room["partly"] for room in rooms):
        raise StillBroken("It was given once and has ended. Give the access anew, as a grant.")
    OrderLine.objects.filter(pk=line.pk, delivered_at=None).update(delivered_at=clock.now())
    audit.record("order.line_delivered_again", line.order.number, actor=actor, line=line.public_id)
    return f"“{line.title}” was delivered."


@transaction.atomic
def withdraw(finding: Finding, actor) -> str:
    line = OrderLine.objects.select_related("order").filter(public_id=finding.subject).first()
    if line is not None:
        line.order = locked_order(line.order_id)
        if line.order.is_settled and not line.withdrawn_at:
            raise NothingToRepair("The line is paid by now.")
        sellables.of(line.kind).withdraw(line)
    slots.gather("payments.end_holding", finding.subject)
    audit.record("order.access_ended", finding.subject, actor=actor)
    return "The access was ended."


@transaction.atomic
def release(finding: Finding, actor) -> str:
    line = OrderLine.objects.select_related("order").filter(public_id=finding.subject).first()
    if line is not None:
        line.order = locked_order(line.order_id)
        if line.order.state in states.LIVE_ORDERS:
            raise NothingToRepair("The order may be paid, or is paid by now.")
        sellables.of(line.kind).release(line)
    slots.gather("payments.end_holding", finding.subject)
    audit.record("order.place_given_back", finding.subject, actor=actor)
    return "The place was given back."


def refund_double(finding: Finding, actor) -> str:
    line = _line(finding.subject)
    refund = refund_lines(
        order=line.order,
        amounts={line.public_id: None},
        reason="Bought twice",
        key=f"double:{line.public_id}:{line.refunded_minor}",
        actor=actor,
    )
    if refund.state == states.FAILED:
        raise StillBroken(f"The gateway refused the refund: {refund.error}")
    return f"{refund.text} of “{line.title}” is {_way_back(refund)}."


def _way_back(refund: Refund) -> str:
    return "sent back" if refund.state == states.DONE else "to be sent back"


def surplus(finding: Finding, actor) -> str:
    refunds = refund_surplus(order=_order(finding.subject), actor=actor)
    if failed := [refund for refund in refunds if refund.state == states.FAILED]:
        raise StillBroken(f"The gateway refused the refund: {failed[0].error}")
    return " ".join(f"{refund.text} is {_way_back(refund)}." for refund in refunds)


@transaction.atomic
def restore_payment(finding: Finding, actor) -> str:
    """Only where gateway and books say the same of a payment that the row contradicts."""
    payment = Payment.objects.select_for_update().filter(public_id=finding.subject).first()
    if payment is None:
        raise NothingToRepair
    said = finding.data
    booked = LedgerEntry.objects.filter(ref=f"capture:{payment.public_id}").first()
    if booked is None or (booked.amount_minor, booked.currency) != (
        said.get("amount_minor"),
        said.get("currency"),
    ):
        raise NothingToRepair("Gateway and books differ, too. Somebody must look at both.")
    before = f"{payment.amount_minor} {payment.currency}"
    Payment.objects.filter(pk=payment.pk).update(
        amount_minor=booked.amount_minor, currency=booked.currency
    )
    audit.record("payment.restored", payment.public_id, actor=actor, before=before)
    return f"The payment was {before} and is {booked.text} again."


def match(finding: Finding, actor) -> str:
    payment = Payment.objects.select_related("order").filter(public_id=finding.subject).first()
    gateway = gateways.by_name(payment.gateway) if payment else None
    if gateway is None:
        raise NothingToRepair
    reading = gateway.fetch(payment.reference)
    how = match_refunds(payment=payment, reading=reading, actor=actor)
    payment.refresh_from_db()
    if payment.refunded_minor < reading.refunded_minor:
        raise StillBroken(how or "One of our own refunds is on its way: look again later.")
    return how or "Both say the same by now."


def rebook(finding: Finding, actor) -> str:
    payout = Payout.objects.filter(public_id=finding.subject).first()
    if payout is not None:
        count = rebook_payout(payout=payout, actor=actor)
    else:
        count = rebook_order(order=_order(finding.subject), actor=actor)
    return f"{count} entries were written."


def ask_gateway(finding: Finding, actor) -> str:
    payments = Payment.objects.filter(
        Q(public_id=finding.subject) | Q(order__number=finding.subject)
    ).select_related("order")
    if not payments:
        raise NothingToRepair
    for payment in payments:
        order = refresh_payment(payment, source="self-check")
    if finding.data.get("order") or not payments.filter(state__in=states.OPEN_PAYMENTS):
        _unstick(order, actor)
    order.refresh_from_db()
    audit.record("payment.asked_about", finding.subject, actor=actor, state=order.state)
    if order.state == states.PROCESSING or payments.filter(state=states.UNDERWAY).exists():
        raise StillBroken("The gateway was asked, and says that the payment is still on its way.")
    return f"The gateway was asked; the order is {order.get_state_display().lower()}."


@transaction.atomic
def _unstick(order: Order, actor) -> None:
    """An order that is called processing while no payment is can be paid again."""
    order = locked_order(order.pk)
    if order.state == states.PROCESSING:
        move_order(order, states.AWAITING)
        audit.record("order.unstuck", order.number, actor=actor)


def finish(finding: Finding, actor) -> str:
    refund = Refund.objects.select_related("payment").filter(public_id=finding.subject).first()
    if refund is None:
        raise NothingToRepair
    refund = finish_any_refund(refund)
    audit.record("refund.asked_about", finding.subject, actor=actor, state=refund.state)
    if refund.state == states.PENDING:
        raise StillBroken("The refund is still pending: the gateway has not answered.")
    return f"The refund is {refund.state}."


def process(finding: Finding, actor) -> str:
    event = GatewayEvent.objects.filter(event_id=finding.subject, processed_at=None).first()
    if event is None:
        raise NothingToRepair
    process_event(event)
    audit.record("gateway_event.processed_again", event.event_id, actor=actor)
    event.refresh_from_db()
    if event.processed_at is None:
        raise StillBroken(f"The event was tried again and stays. {event.error}".strip())
    return "The event was acted on."


def expire(finding: Finding, actor) -> str:
    order = _order(finding.subject)
    expire_order(order)
    order.refresh_from_db()
    audit.record("order.asked_to_expire", order.number, actor=actor, state=order.state)
    if order.state == states.AWAITING:
        raise StillBroken("The order did not run out: the gateway must be asked again later.")
    return f"The order is {order.get_state_display().lower()}."


def _sum(rows, column: str) -> int:
    return rows.aggregate(sum=Coalesce(Sum(column), 0))["sum"]


@transaction.atomic
def recount(finding: Finding, actor) -> str:
    """Totals and counters anew from the rows they stand for."""
    kind, _, name = finding.subject.partition(" ")
    if kind == "coupon":
        _release_dead_uses(name)
        held = CouponUse.objects.filter(coupon__code=name, released_at=None)
        Coupon.objects.filter(code=name).update(uses=held.aggregate(n=Count("pk"))["n"])
    elif kind == "offer":
        _recount_pieces(name)
    elif kind == "subscription":
        _recount_periods(name)
    elif not any(slots.gather("payments.recount", finding.subject, actor)):
        _recount_money(finding.subject)
    audit.record("books.recounted", finding.subject, actor=actor)
    return "It was counted again."


def _release_dead_uses(code: str) -> None:
    dead = CouponUse.objects.filter(coupon__code=code, released_at=None)
    dead.exclude(order__state__in=states.LIVE_ORDERS).update(released_at=clock.now())


def _recount_pieces(name: str) -> None:
    """Under the offer's lock: an order placed meanwhile waits, and counts itself afterwards."""
    offer = Offer.objects.select_for_update(no_key=True).filter(public_id=name).first()
    if offer is None:
        raise NothingToRepair
    count_again(offer)


def _recount_periods(name: str) -> None:
    """Access follows the end of the period, as after every payment."""
    found = Subscription.objects.filter(public_id=name).first()
    if found is None:
        raise NothingToRepair
    subscription = locked_subscription(found.pk)
    purchases, renewals, until = counter_checks.periods_paid(pk=found.pk)[found.pk]
    fields = {"periods_paid": counter_checks.counted(subscription, purchases, renewals)}
    if subscription.is_running and until:
        fields["period_ends_at"] = until
    Subscription.objects.filter(pk=found.pk).update(version=F("version") + 1, **fields)
    subscription.refresh_from_db()
    keep_access(subscription)


def _recount_money(subject: str) -> None:
    live = ~Q(refund__state=states.FAILED)
    for line in OrderLine.objects.filter(Q(public_id=subject) | Q(order__number=subject)):
        if not line.order.payments.filter(disputes__state=states.LOST).exists():
            back = _sum(RefundLine.objects.filter(live, line=line), "amount_minor")
            OrderLine.objects.filter(pk=line.pk).update(refunded_minor=back)
    for payment in Payment.objects.filter(Q(public_id=subject) | Q(order__number=subject)):
        back = _sum(payment.refunds.exclude(state=states.FAILED), "amount_minor")
        Payment.objects.filter(pk=payment.pk).update(refunded_minor=back)
    owners = Q(number=subject) | Q(lines__public_id=subject)
    for order in Order.objects.filter(owners).distinct():
        lines = order.lines.all()
        columns = ("total_minor", "tax_minor", "discount_minor", "refunded_minor")
        Order.objects.filter(pk=order.pk).update(**{name: _sum(lines, name) for name in columns})


REPAIRS: dict[str, Callable] = {
    "deliver_again": deliver_again,
    "withdraw": withdraw,
    "release": release,
    "refund_surplus": surplus,
    "match_refunds": match,
    "refund_double": refund_double,
    "restore_payment": restore_payment,
    "rebook": rebook,
    "ask_gateway": ask_gateway,
    "finish_refund": finish,
    "process_event": process,
    "expire": expire,
    "recount": recount,
}
