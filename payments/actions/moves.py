"""The only two ways a state changes: a lock where the database has one, and a conditional UPDATE.

SQLite ignores row locks, so the UPDATE alone must be enough: no rows changed means that somebody
else was first.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import F

from accounts.actions import lock_person
from payments import states
from payments.models import Checkout, Order, Payment, Refund, Subscription


def locked_order(order_id: int) -> Order:
    """The order, locked to the end of the transaction where the database can (PostgreSQL).

    Everything is locked in one order: checkouts, subscriptions, orders, people, places, offers,
    coupons, and several rows of one table by their ids.
    """
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("person", "checkout")
        .get(pk=order_id)
    )


def lock_orders(orders: Iterable[Order]) -> None:
    """Nothing goes back of these orders until the transaction ends, where the database can lock."""
    if connection.features.has_select_for_update:
        rows = Order.objects.filter(pk__in=[order.pk for order in orders]).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))


def locked_order_and_around(order_id: int) -> Order:
    """The same, for what also changes its checkout or subscription: these are locked before it."""
    if connection.features.has_select_for_update:
        around = Order.objects.values_list("checkout", "subscription").get(pk=order_id)
        for model, pk in zip((Checkout, Subscription), around, strict=True):
            list(model.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))
    return locked_order(order_id)


def lock_buyer(order: Order) -> None:
    """Two orders of one person are delivered one after the other, so that the second sees what the
    first has given."""
    lock_person(order.person_id)


def move_order(order: Order, to: str, *, out_of: frozenset[str] | None = None, **fields) -> bool:
    """Whether this call moved the order, and only from one of the states `out_of` where it names
    some. The object is brought up to date either way."""
    sources = states.sources(states.ORDER_MOVES, to)
    if out_of is not None:
        sources = [state for state in sources if state in out_of]
    moved = Order.objects.filter(pk=order.pk, state__in=sources).update(
        state=to, version=F("version") + 1, **fields
    )
    order.refresh_from_db(fields=["state", "version", *fields])
    return bool(moved)


def move_payment(payment: Payment, to: str, **fields) -> bool:
    """The same for a payment."""
    moved = Payment.objects.filter(
        pk=payment.pk, state__in=states.sources(states.PAYMENT_MOVES, to)
    ).update(state=to, **fields)
    payment.refresh_from_db(fields=["state", *fields])
    return bool(moved)


def move_refund(refund: Refund, to: str, **fields) -> bool:
    """The same for a refund."""
    moved = Refund.objects.filter(
        pk=refund.pk, state__in=states.sources(states.REFUND_MOVES, to)
    ).update(state=to, **fields)
    refund.refresh_from_db(fields=["state", *fields])
    return bool(moved)


def locked_subscription(subscription_id: int) -> Subscription:
    """The subscription, locked like an order. Where both are locked, it is locked first."""
    return (
        Subscription.objects.select_for_update(of=("self",))
        .select_related("person", "offer")
        .get(pk=subscription_id)
    )


def move_subscription(subscription: Subscription, to: str, **fields) -> bool:
    """The same for a subscription."""
    moved = Subscription.objects.filter(
        pk=subscription.pk, state__in=states.sources(states.SUBSCRIPTION_MOVES, to)
    ).update(state=to, version=F("version") + 1, **fields)
    subscription.refresh_from_db(fields=["state", "version", *fields])
    return bool(moved)
