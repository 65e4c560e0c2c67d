"""Nobody pays for one thing twice: what counts as twice, and why the till then says no."""

from collections.abc import Iterable

from engineroom.refusals import Refusal
from payments import sellables


class PaymentOpen(Refusal):
    """`order_number` is of the order whose payment is open; not everybody may be told."""

    code = "payment_open"
    message = "A payment for this is open already. Finish it, or wait until it has run out."

    def __init__(self, message: str | None = None, *, order_number: str = "", **more):
        super().__init__(message, **more)
        self.order_number = order_number


class TwiceInOrder(Refusal):
    code = "twice_in_order"
    message = "This is in your order already."


class BoughtTwice(Refusal):
    code = "bought_twice"
    message = "Its buyer has paid for it before and has it. Refund this line."


def sells_many(kind: str) -> bool:
    """Whether one person may well buy several of them."""
    return getattr(sellables.of(kind), "sells_many", False)


def kinds_of_many() -> list[str]:
    """The kinds of which that is so."""
    return [kind for kind in sellables.kinds() if sells_many(kind)]


def twice_in(things: Iterable[tuple[str, str, str]]) -> str:
    """The title of the first thing that is among these (kind, key, title) twice, though one person
    needs it once; empty when there is none."""
    seen = set()
    for kind, key, title in things:
        if (kind, key) in seen:
            return title
        if not sells_many(kind):
            seen.add((kind, key))
    return ""
