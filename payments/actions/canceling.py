"""Orders that will not be paid: canceled or run out. Held places are given back."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, F, Max, When

from engineroom import audit, clock, outbox
from engineroom.refusals import Refusal
from engineroom.retrying import retried
from payments import gateways, sellables, states
from payments.actions.coupons import release_coupon
from payments.actions.moves import locked_order, move_order, move_payment
from payments.actions.settling import flag, settle_order
from payments.actions.stock import in_turn, lock_stock_of, release_pieces
from payments.models import Checkout, Mode, Order, OrderKind, Payment
from payments.refusals import GatewayUnavailable, PaymentMismatch

log = logging.getLogger(__name__)
CLOSE_TOPIC = "payments.close_hosted_page"
BATCH = 100
FORGOTTEN_AFTER = timedelta(days=30)


def _give_back(order: Order) -> None:
    lock_stock_of(order)
    for line in in_turn(order.lines.all()):
        line.order = order
        sellables.of(line.kind).release(line)
    release_pieces(order)
    release_coupon(order)


def give_up_payment(payment: Payment) -> None:
    """We want it no longer; its hosted page is closed after commit. In the caller's transaction."""
    move_payment(payment, states.STOPPED)
    outbox.put(CLOSE_TOPIC, {"payment": payment.public_id}, key=f"close:{payment.public_id}")


@retried
@transaction.atomic
def cancel_order(*, order: Order, reason: str, actor=None) -> bool:
    """Cancel an order nobody has paid. False when it has moved on; nothing is changed then.

    The hosted page is closed after commit; what is paid there meanwhile still pays the order.
    """
    order = locked_order(order.pk)
    if not move_order(order, states.CANCELED):
        return False
    for payment in order.payments.filter(state__in=states.OPEN_PAYMENTS):
        give_up_payment(payment)
    _give_back(order)
    audit.record("order.canceled", order.number, actor=actor, reason=reason)
    return True


def close_hosted_page(payment: Payment) -> None:
    """Close the gateway's page of a payment we no longer want. No transaction may be open."""
    gateway = gateways.by_name(payment.gateway)
    if gateway and payment.reference:
        reading = gateway.cancel(payment.reference)
        settle_order(payment=payment, reading=reading, source="close")


def expire_order(order: Order) -> bool:
    """Let an unpaid order run out. The gateway is asked first, so that no money is overlooked.

    True when it expired; False when it was paid, or the gateway must be asked again later. A gateway
    that is not in use any more cannot be asked: the order expires, and one that was to cost real
    money is put before staff.
    """
    unasked = [row for row in _open_payments(order) if gateways.by_name(row.gateway) is None]
    for payment in _open_payments(order).exclude(pk__in=[row.pk for row in unasked]):
        try:
            close_hosted_page(payment)
        except (GatewayUnavailable, PaymentMismatch):
            return False
    return _expire(order.pk, unasked)


@retried
@transaction.atomic
def _expire(order_id: int, unasked: list[Payment]) -> bool:
    order = locked_order(order_id)
    open_payments = _open_payments(order)
    lost = {row.pk for row in unasked}
    if open_payments.filter(reference__isnull=False).exclude(pk__in=lost).exists():
        return False
    if order.state != states.AWAITING or not move_order(order, states.EXPIRED):
        return False
    open_payments.update(state=states.STOPPED)
    _give_back(order)
    audit.record("order.expired", order.number)
    if any(row.mode == Mode.LIVE for row in unasked):
        names = ", ".join(sorted({row.gateway for row in unasked}))
        flag(order, f"It ran out while {names} could not be asked. Look there for a payment.")
    return True


def _open_payments(order: Order):
    return order.payments.filter(state__in=states.OPEN_PAYMENTS).select_related("order")


def _expire_alone(order: Order) -> bool:
    """One that cannot run out is put before staff and holds up no other."""
    try:
        is_over = expire_order(order)
    except Refusal as refusal:
        why = refusal.message
    except Exception as error:
        log.exception("order %s", order.number)
        why = type(error).__name__
    else:
        if not is_over:
            _open_payments(order).update(checked_at=clock.now())
        return is_over
    if not order.attention:
        flag(order, f"It ran out, but its places could not be given back: {why}")
    _open_payments(order).update(checked_at=clock.now())
    return False


@retried
def _expire_checkouts(now) -> None:
    Checkout.objects.filter(state=Checkout.State.OPEN, expires_at__lte=now).update(
        state=Checkout.State.EXPIRED
    )
    # What never became an order goes after a month; buy links are followed by robots too.
    unused = Checkout.objects.filter(state=Checkout.State.EXPIRED, orders=None)
    unused.filter(expires_at__lte=now - FORGOTTEN_AFTER).delete()


def expire_overdue() -> int:
    """Checkouts and orders whose time is over; returns how many orders expired."""
    now = clock.now()
    _expire_checkouts(now)
    overdue = Order.objects.filter(state=states.AWAITING, expires_at__lte=now)
    # An invoice that is overdue stays to be paid until staff cancel it.
    overdue = overdue.exclude(kind=OrderKind.INVOICE)
    # Those that could not run out before come last, so that they hold up no other.
    overdue = overdue.annotate(tried=Max("payments__checked_at")).order_by(
        Case(When(attention="", then=0), default=1), F("tried").asc(nulls_first=True), "pk"
    )
    return sum(_expire_alone(order) for order in overdue[:BATCH])
