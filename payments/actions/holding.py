"""How long the till keeps what somebody is paying for."""

from datetime import datetime, timedelta

from engineroom import clock
from payments import sellables, states
from payments.actions.stock import in_turn, lock_places
from payments.models import Checkout, CheckoutLine, Order, OrderKind

# Long enough to enter a card and its code, short enough that what is sold out fills again.
HOLD_LASTS = timedelta(minutes=30)
# Who comes back for longer than a page stays open is not sent to one that closes before the card is out.
TIME_TO_PAY = timedelta(minutes=10)
# A bank says within two weeks whether a debit goes through. Each reading that it is still on its
# way counts anew.
DEBIT_LASTS = timedelta(days=14)


def hold_lines(order: Order, until: datetime) -> None:
    """Keep, or prolong, what the order's lines need until then, all of them locked first. In the
    caller's transaction.

    Raises what the sellables refuse (SeatsGone…).
    """
    lines = in_turn(order.lines.all())
    lock_places((line.kind, line.key) for line in lines)
    for line in lines:
        line.order = order
        sellables.of(line.kind).hold(line, until)


def order_ends(checkout: Checkout, lines: list[CheckoutLine]) -> datetime:
    """Until when an order that is placed now waits for its payment: as long as a visit to a hosted
    page takes, and no longer than the checkout, what it offers and its coupon."""
    ends = [line.offer.ends_at for line in lines]
    ends.append(checkout.coupon.ends_at if checkout.coupon else None)
    visit = clock.now() + HOLD_LASTS
    return min(visit, checkout.expires_at, *(end for end in ends if end is not None))


def ends_at(order: Order) -> datetime | None:
    """From when on the order is not to be paid; None: one on invoice stays until staff cancel it."""
    return None if order.kind == OrderKind.INVOICE else order.expires_at


def has_run_out(order: Order) -> bool:
    """Its time is over, whether or not the worker has been there yet."""
    end = ends_at(order)
    return end is not None and end <= clock.now()


def keep_open(order: Order, until: datetime) -> None:
    """The order, and what is held for it, last until then, or longer if they did. In the caller's
    transaction. Raises what the sellables refuse."""
    Order.objects.filter(pk=order.pk, state=states.AWAITING, expires_at__lt=until).update(
        expires_at=until
    )
    hold_lines(order, until)
