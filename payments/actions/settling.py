"""The one transition by which money becomes a paid order.

Return page, webhook, reconciler and staff all come here with what the gateway said. Whoever is
first does everything; all others find it done.
"""

import logging

from django.db import transaction

from accounts.actions import person_for_email, send_sign_in_link
from engineroom import audit, clock, mail
from engineroom.addresses import absolute_url
from engineroom.events import announce
from engineroom.faultpoints import faultpoint
from engineroom.refusals import Refusal
from engineroom.retrying import retried
from payments import gateways, sellables, states
from payments.actions.coupons import hold_coupon
from payments.actions.evidence import note_evidence
from payments.actions.gifts import make_gift
from payments.actions.holding import DEBIT_LASTS, has_run_out, hold_lines
from payments.actions.invoices import issue_invoice
from payments.actions.ledger import book_capture, book_fee, book_sale
from payments.actions.moves import (
    lock_buyer,
    locked_order_and_around,
    move_order,
    move_payment,
)
from payments.actions.plans import activate, deliver_period
from payments.actions.stock import count_late_pieces, in_turn, lock_places, lock_stock_of
from payments.doubling import BoughtTwice, sells_many
from payments.events import OrderPaid
from payments.gateways import fuse
from payments.gateways.base import Reading
from payments.models import Checkout, Order, OrderKind, OrderLine, Payment
from payments.queries.checkouts import live_order_of
from payments.queries.doubles import given_before
from payments.queries.offers import ended_by
from payments.queries.receipts import receipt_words
from payments.refusals import (
    BuyerForgotten,
    GatewayUnavailable,
    OrderNotPayable,
    PaymentMismatch,
)

log = logging.getLogger(__name__)
FREE = "free"


def check_reading(payment: Payment, reading: Reading) -> None:
    """Raises PaymentMismatch unless the reading is about exactly this payment."""
    ours = {
        "payment": (payment.public_id, reading.key),
        "reference": (payment.reference or reading.reference, reading.reference),
        "order": (payment.order.number, reading.order_number),
        "amount": (payment.amount_minor, reading.amount_minor),
        "currency": (payment.currency, reading.currency),
        "mode": (payment.mode, reading.mode),
    }
    wrong = [name for name, (own, theirs) in ours.items() if own != theirs]
    if wrong:
        raise PaymentMismatch(f"The {', '.join(wrong)} of the payment does not match the order.")


def refresh_payment(payment: Payment, *, source: str) -> Order:
    """Ask the gateway how the payment stands and act on it. No transaction may be open.

    Raises GatewayUnavailable or PaymentMismatch; nothing is changed then.
    """
    gateway = gateways.by_name(payment.gateway)
    if gateway is None:
        raise GatewayUnavailable
    if not payment.reference:
        return payment.order
    faultpoint("return.before_fetch")
    with fuse.around(gateway):
        reading = gateway.fetch(payment.reference)
    faultpoint("return.after_fetch")
    return settle_order(payment=payment, reading=reading, source=source)


@retried
@transaction.atomic
def settle_order(*, payment: Payment, reading: Reading, source: str, actor=None) -> Order:
    """Bring payment and order to where the gateway says they are. Safe to call any number of times.

    Raises PaymentMismatch when the reading is about something else.
    """
    order = locked_order_and_around(payment.order_id)
    payment.order = order
    check_reading(payment, reading)
    Payment.objects.filter(pk=payment.pk).update(checked_at=clock.now())
    if reading.status == "captured":
        _capture(order, payment, reading, source, actor)
    elif reading.status == "processing":
        _wait(order, payment, reading)
    elif reading.status in ("failed", "canceled"):
        _fail(order, payment, reading)
    if payment.state == states.CAPTURED:
        book_fee(order, payment, reading.fee_minor)
    return order


@retried
@transaction.atomic
def settle_free(order: Order) -> Payment:
    """Nothing is to be paid (a coupon takes all of it off): the order is paid without a gateway.

    Asked again, the same payment. Raises OrderNotPayable.
    """
    order = locked_order_and_around(order.pk)
    if paid := order.payments.filter(gateway=FREE, state=states.CAPTURED).first():
        return paid
    if order.state != states.AWAITING or order.total_minor or has_run_out(order):
        raise OrderNotPayable
    for left in order.payments.filter(state__in=states.OPEN_PAYMENTS):
        move_payment(left, states.STOPPED)
    back = f"{order.checkout.get_absolute_url()}return/" if order.checkout else ""
    payment = Payment.objects.create(
        order=order,
        gateway=FREE,
        mode=order.mode,
        amount_minor=0,
        currency=order.currency,
        url=absolute_url(back or order.get_absolute_url()),
    )
    Payment.objects.filter(pk=payment.pk).update(reference=payment.public_id)
    payment.reference = payment.public_id
    reading = Reading(
        key=payment.public_id,
        reference=payment.reference,
        order_number=order.number,
        amount_minor=0,
        currency=order.currency,
        mode=order.mode,
        account="",
        status="captured",
    )
    settle_order(payment=payment, reading=reading, source=FREE)
    payment.refresh_from_db()
    return payment


def _wait(order: Order, payment: Payment, reading: Reading) -> None:
    if move_payment(payment, states.UNDERWAY, method=reading.method):
        move_order(order, states.PROCESSING)
        _note_end(order, payment, reading)
    if order.state == states.PROCESSING:
        _hold_until_decided(order)


def _hold_until_decided(order: Order) -> None:
    """What the buyer's bank may still pay for is not sold to somebody else meanwhile."""
    try:
        with transaction.atomic():
            hold_lines(order, clock.now() + DEBIT_LASTS)
    except Refusal as refusal:
        if not order.attention:
            flag(order, f"A payment is on its way that comes too late: {refusal.message}")


def _fail(order: Order, payment: Payment, reading: Reading) -> None:
    to = states.FAILED if reading.status == "failed" else states.STOPPED
    if not move_payment(payment, to, reason=reading.reason, method=reading.method):
        return
    if order.state == states.PROCESSING:
        move_order(order, states.AWAITING)
    audit.record(f"payment.{to}", order.number, payment=payment.public_id, reason=reading.reason)


def _capture(order: Order, payment: Payment, reading: Reading, source: str, actor) -> None:
    now = clock.now()
    if not move_payment(
        payment, states.CAPTURED, captured_at=now, method=reading.method, reason=""
    ):
        return
    book_capture(order, payment)
    faultpoint("settle.after_capture")
    if order.state in (states.EXPIRED, states.CANCELED):
        _make_room(order)
    before = order.state
    if not move_order(order, states.PAID, out_of=states.UNPAID_ORDERS, paid_at=now):
        flag(order, "Paid twice: refund the surplus payment.")
        return
    _finish_checkout(order)
    _attach_person(order)
    lock_buyer(order)
    if before in (states.EXPIRED, states.CANCELED):
        _hold_late(order)
    _note_end(order, payment, reading)
    if why := activate(order, reading):
        flag(order, why)
    _deliver(order)
    if why := note_evidence(order, reading.card_country):
        flag(order, why)
    issue_invoice(order)
    faultpoint("settle.after_delivery")
    audit.record(
        "order.paid",
        order.number,
        actor=actor,
        source=source,
        payment=payment.public_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        **({"late": before} if before in (states.EXPIRED, states.CANCELED) else {}),
    )
    announce(OrderPaid(order_id=order.pk))
    _write(order, payment)
    faultpoint("settle.before_commit")


def flag(order: Order, why: str) -> None:
    """Put the order before staff. The first reason stays."""
    Order.objects.filter(pk=order.pk, attention="").update(attention=why[:300])
    audit.record("order.needs_attention", order.number, why=why[:300])


def _make_room(order: Order) -> None:
    """A late payment: if the checkout stands for another order by now, this one stands alone."""
    if order.checkout and live_order_of(order.checkout):
        Order.objects.filter(pk=order.pk).update(checkout=None)
        order.checkout = None


def _hold_late(order: Order) -> None:
    """What was given back when the order ended is counted again, or staff see that it cannot be."""
    lock_stock_of(order)
    for why in count_late_pieces(order):
        flag(order, f"Paid late: {why}")
    try:
        with transaction.atomic():
            hold_coupon(order)
    except Refusal as refusal:
        flag(order, f"Paid late: {refusal.message}")


def _note_end(order: Order, payment: Payment, reading: Reading) -> None:
    """A gateway closes its page some time after what it sells has ended: who pays in between gets it,
    and staff decide whether that stands."""
    now = clock.now()
    paid_at = min(reading.paid_at or now, now)
    if payment.closes_at and paid_at > payment.closes_at and (name := ended_by(order, paid_at)):
        flag(order, f"Paid after the end of {name}. Let it stand, or refund it.")


def _finish_checkout(order: Order) -> None:
    if order.checkout_id:
        Checkout.objects.filter(pk=order.checkout_id).update(state=Checkout.State.FINISHED)


def _attach_person(order: Order) -> None:
    """A guest gets an account, or the one the address already has; never a session."""
    if order.person_id is None and order.email:
        person, _created = person_for_email(email=order.email)
        Order.objects.filter(pk=order.pk).update(person=person)
        order.person = person


def _deliver(order: Order) -> None:
    """Each line on its own: one that cannot be given needs attention and holds up no other."""
    lines = in_turn(order.lines.all())
    lock_places((line.kind, line.key) for line in lines)
    for line in lines:
        line.order = order
        book_sale(order, line)
        try:
            with transaction.atomic():
                _deliver_line(line)
        except Refusal as refusal:
            flag(order, f"{line.title} was paid and not delivered: {refusal.message}")
            continue
        line.delivered_at = clock.now()
        line.save(update_fields=["delivered_at"])


def _deliver_line(line: OrderLine) -> None:
    if line.gift:
        make_gift(line)
        return
    if line.person is None:
        raise BuyerForgotten
    if not sells_many(line.kind) and (before := given_before(line)):
        raise BoughtTwice(f"Its buyer has it by order {before.order.number}. Refund this line.")
    if line.order.subscription_id:
        deliver_period(line)
        return
    sellables.of(line.kind).deliver(line)


def _write(order: Order, payment: Payment) -> None:
    """Receipt, and for guests the link by which they sign in."""
    if not order.email or order.kind in (OrderKind.RENEWAL, OrderKind.CHANGE):
        # Renewals and changes of plan are told of in their own words.
        return
    words = receipt_words(order, payment, sellables.begin)
    mail.send("receipt", order.email, words, key=f"receipt:{order.number}")
    if order.was_guest:
        send_sign_in_link(
            person=order.person, next_url=order.get_absolute_url(), key=f"sign-in:{order.number}"
        )
