"""How long the till keeps what somebody is paying for."""

from datetime import datetime, timedelta

from engineroom import clock
from payments import sellables
from payments.actions.stock import in_turn, lock_places
from payments.models import Order

# Long enough to enter a card and its code, short enough that what is sold out fills again.
HOLD_LASTS = timedelta(minutes=30)
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


def visit_ends(order: Order) -> datetime:
    """Until when a buyer who goes to a hosted page now keeps what the order holds."""
    return min(order.expires_at, clock.now() + HOLD_LASTS)
