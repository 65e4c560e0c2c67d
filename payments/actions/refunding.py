"""Sending money back, line by line.

First transaction: the amounts are reserved on line, order and payment, and the refund is written.
Then the gateway is asked, with our key. Second transaction: books, access, order state, mail. A
crash between them leaves a pending refund that the worker finishes with the same key.
"""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from engineroom import audit, clock, mail, outbox
from engineroom.events import announce
from engineroom.faultpoints import faultpoint
from engineroom.retrying import retried
from payments import gateways, sellables, states
from payments.actions.gifts import end_gift
from payments.actions.invoices import issue_credit_note
from payments.actions.ledger import book_refund, book_return
from payments.actions.moves import locked_order, move_order, move_refund
from payments.actions.settling import flag
from payments.actions.stock import lock_places
from payments.events import LineRefunded
from payments.gateways.base import ByHand, RefundDeclined
from payments.models import Order, OrderLine, Payment, Refund, RefundLine
from payments.queries.disputes import has_open_dispute
from payments.queries.receipts import refund_words
from payments.refusals import (
    GatewayUnavailable,
    LineMissing,
    OrderDisputed,
    RefundNotPossible,
    RefundNotValid,
    RefundTooLarge,
)

TOPIC = "payments.refund"


def refund_lines(
    *, order: Order, amounts: Mapping[str, int | None], reason: str, key: str, actor=None
) -> Refund:
    """Refund lines of a paid order, `{line public id: minor units, or None for all that is left}`.

    `key` makes a repeat find the same refund. What a line gave ends when nothing of it is left, and
    what cost nothing ends with what it was bought with.
    Raises LineMissing, RefundNotPossible, RefundNotValid, RefundTooLarge. When the gateway does not
    answer the refund is returned pending; the worker finishes it. No transaction may be open.
    """
    faultpoint("refund.before_reservation")
    refund = reserve_refund(
        order_id=order.pk,
        amounts=dict(amounts),
        reason=reason.strip()[:300],
        key=key[:120],
        actor=actor,
    )
    try:
        return finish_refund(refund)
    except GatewayUnavailable:
        return refund


@retried
@transaction.atomic
def reserve_refund(
    *, order_id: int, amounts: dict, reason: str, key: str, actor, payment: Payment | None = None
) -> Refund:
    """Write a pending refund and take its amounts from lines, order and payment (this one, or any
    that holds so much). Refuses as `refund_lines` does."""
    order = locked_order(order_id)
    if found := Refund.objects.filter(key=key).first():
        return found
    if not order.is_settled:
        raise RefundNotPossible
    if has_open_dispute(order):
        raise OrderDisputed
    wanted = _wanted(order, amounts)
    total = sum(amount for _, amount in wanted)
    payment = _take_from_payment(order, total, payment)
    try:
        with transaction.atomic():
            refund = Refund.objects.create(
                order=order,
                payment=payment,
                key=key,
                amount_minor=total,
                currency=order.currency,
                reason=reason,
                actor=actor,
            )
    except IntegrityError as error:
        raise RefundNotPossible("This refund is being made already.") from error
    for line, amount in wanted:
        _change_line(line, amount)
        RefundLine.objects.create(refund=refund, line=line, amount_minor=amount)
    Order.objects.filter(pk=order.pk).update(refunded_minor=F("refunded_minor") + total)
    outbox.put(
        TOPIC, {"refund": refund.public_id}, key=f"refund:{refund.public_id}", delay_seconds=30
    )
    audit.record(
        "order.refund_asked",
        order.number,
        actor=actor,
        refund=refund.public_id,
        amount_minor=total,
        currency=order.currency,
        reason=reason,
    )
    return refund


def _wanted(order: Order, amounts: dict) -> list[tuple[OrderLine, int]]:
    lines = {line.public_id: line for line in order.lines.order_by("pk")}
    if not amounts:
        raise RefundNotValid
    if set(amounts) - set(lines):
        raise LineMissing("This line is not in the order.")
    wanted = []
    for name, line in lines.items():
        if name not in amounts:
            continue
        if not line.total_minor and amounts[name] is None:
            continue
        amount = line.left_minor if amounts[name] is None else amounts[name]
        if amount > line.left_minor or not line.left_minor:
            raise RefundTooLarge(f"{line.left_text} of “{line.title}” can still be refunded.")
        if amount <= 0:
            raise RefundNotValid
        wanted.append((line, amount))
    left = {line.pk: line.left_minor for line in lines.values()}
    left |= {line.pk: line.left_minor - amount for line, amount in wanted}
    for name in amounts:
        _check_free(lines[name], list(lines.values()), left)
    if not wanted:
        raise RefundNotValid
    return wanted


def _check_free(line: OrderLine, lines: list[OrderLine], left: dict[int, int]) -> None:
    """A line that cost nothing has nothing to refund, but may be named beside what it ends with."""
    company = _company(line, lines)
    if not line.total_minor and (not company or any(left[one.pk] for one in company)):
        raise RefundNotValid(
            f"“{line.title}” cost nothing, and ends with what it was bought with: leave it out."
        )


def _company(line: OrderLine, lines: list[OrderLine]) -> list[OrderLine]:
    """What a line that cost nothing came with: the priced lines of its offer, or of the order."""
    priced = [one for one in lines if one.total_minor]
    return [one for one in priced if one.offer_id == line.offer_id] or priced


def _change_line(line: OrderLine, amount: int) -> None:
    changed = OrderLine.objects.filter(
        pk=line.pk,
        refunded_minor__lte=F("total_minor") - amount,
        refunded_minor__gte=-amount,
    ).update(refunded_minor=F("refunded_minor") + amount)
    if not changed:
        raise RefundTooLarge


def _take_from_payment(order: Order, amount: int, wanted: Payment | None) -> Payment:
    """A captured payment of the order that still holds so much."""
    captured = order.payments.filter(state=states.CAPTURED).order_by("pk")
    for payment in captured.filter(pk=wanted.pk) if wanted else captured:
        taken = Payment.objects.filter(
            pk=payment.pk, refunded_minor__lte=F("amount_minor") - amount
        ).update(refunded_minor=F("refunded_minor") + amount)
        if taken:
            return payment
    raise RefundNotPossible


def finish_refund(refund: Refund) -> Refund:
    """Ask the gateway and write what came of it. Safe to repeat; no transaction may be open.

    Raises GatewayUnavailable: nothing is known yet.
    """
    if refund.state != states.PENDING:
        return refund
    payment = refund.payment
    gateway = gateways.by_name(payment.gateway)
    if gateway is None:
        raise GatewayUnavailable
    faultpoint("refund.before_gateway")
    try:
        reference = gateway.refund(
            payment.reference,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            key=refund.public_id,
        )
    except ByHand:
        # Staff send it, and say when: `transfers.confirm_refund_sent`.
        return refund
    except RefundDeclined as declined:
        return _give_up(refund, str(declined))
    faultpoint("refund.after_gateway")
    refund = complete_refund(refund, reference)
    faultpoint("refund.after_completion")
    return refund


@retried
@transaction.atomic
def complete_refund(refund: Refund, reference: str) -> Refund:
    """The money is on its way back: books, access, order, credit note and mail. Safe to repeat."""
    order = locked_order(refund.order_id)
    if not move_refund(
        refund, states.DONE, done_at=clock.now(), gateway_reference=reference, error=""
    ):
        return refund
    parts = list(refund.lines.select_related("line").order_by("pk"))
    book_refund(order, refund)
    faultpoint("refund.after_books")
    lock_places((part.line.kind, part.line.key) for part in parts)
    for part in sorted(parts, key=lambda part: (part.line.kind, part.line.key, part.pk)):
        book_return(order, refund, part)
        _end_line(order, refund, part)
    end_free_lines(order)
    issue_credit_note(refund)
    follow_the_money(order)
    audit.record(
        "order.refunded",
        order.number,
        actor=refund.actor,
        refund=refund.public_id,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        lines=[part.line.public_id for part in parts],
        reason=refund.reason,
    )
    if order.email:
        words = refund_words(order, refund)
        mail.send("refund", order.email, words, key=f"refund-mail:{refund.public_id}")
    return refund


def follow_the_money(order: Order) -> None:
    """Call the order paid, partly or wholly refunded, by what has gone back of it. While a dispute is
    open it stays as it is. The caller holds the order's lock."""
    if has_open_dispute(order):
        return
    order.refresh_from_db(fields=["refunded_minor"])
    pending = RefundLine.objects.filter(refund__order=order, refund__state=states.PENDING)
    waiting = pending.aggregate(sum=Coalesce(Sum("amount_minor"), 0))["sum"]
    if order.refunded_minor == waiting:
        move_order(order, states.PAID)
    elif order.refunded_minor - waiting == order.total_minor:
        move_order(order, states.REFUNDED)
    else:
        move_order(order, states.PARTLY_REFUNDED)


def end_line(line: OrderLine) -> None:
    """Take back what the line gave when nothing of it is paid any more, once; of several pieces those
    that are not paid any more."""
    has_ended = (
        not line.left_minor
        and OrderLine.objects.filter(pk=line.pk, withdrawn_at=None).update(withdrawn_at=clock.now())
        == 1
    )
    if has_ended and line.gift:
        end_gift(line)
    elif has_ended:
        sellables.of(line.kind).withdraw(line)
    elif line.left_minor and line.quantity > 1 and not line.gift:
        sellables.keep(line, line.left_pieces)


def end_free_lines(order: Order) -> None:
    """End lines that cost nothing and have lost all that they were bought with. In the caller's
    transaction, after the others were ended."""
    lines = list(order.lines.order_by("pk"))
    for line in lines:
        company = _company(line, lines)
        if line.total_minor or not company or not all(one.withdrawn_at for one in company):
            continue
        line.order = order
        end_line(line)


def _end_line(order: Order, refund: Refund, part: RefundLine) -> None:
    """What the line gave ends with its last minor unit, once."""
    line = part.line
    line.order = order
    end_line(line)
    announce(
        LineRefunded(
            line_id=line.pk,
            refund_id=refund.pk,
            amount_minor=part.amount_minor,
            currency=refund.currency,
            is_whole=not line.left_minor,
        )
    )


@retried
@transaction.atomic
def _give_up(refund: Refund, why: str) -> Refund:
    """The gateway will never do it: the reservation goes back and staff are told."""
    order = locked_order(refund.order_id)
    if not move_refund(refund, states.FAILED, error=why[:300]):
        return refund
    for part in refund.lines.select_related("line"):
        _change_line(part.line, -part.amount_minor)
    amount = refund.amount_minor
    Payment.objects.filter(pk=refund.payment_id).update(refunded_minor=F("refunded_minor") - amount)
    Order.objects.filter(pk=order.pk).update(refunded_minor=F("refunded_minor") - amount)
    flag(order, f"The gateway refused a refund: {why}")
    return refund
