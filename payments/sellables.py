"""What can be sold: a registry by kind. Rooms above register their kinds in `AppConfig.ready`.

Offers and order lines store `(kind, key)` and frozen words only. The calls run in the caller's
transaction and may raise a Refusal.
"""

from datetime import datetime
from typing import Protocol

from engineroom.refusals import Refusal


class Sellable(Protocol):
    """One kind of thing. `line` has `public_id`, `kind`, `key`, `quantity`, `person`, `title`."""

    def describe(self, key: str) -> dict:
        """{"title", "url"} of the thing. Raises a Refusal when there is no such thing."""

    def refuse(self, person, key: str, quantity: int) -> None:
        """Raises a Refusal when this person (None: nobody known yet) should not buy it."""

    def hold(self, line, until: datetime) -> None:
        """Keep a place for the line before money moves. Asked again, it prolongs."""

    def release(self, line) -> None:
        """Give the place back: the line will not be paid."""

    def deliver(self, line) -> None:
        """The line is paid: give it to `line.person`. Asked again, nothing more happens."""

    def withdraw(self, line) -> None:
        """The line is refunded: take back what exactly this line gave."""

    # A kind that runs out also has
    #     def lock(self, keys: list[str]) -> None:
    # Locks the rows that count its places, in the order of their ids, where the database can: two
    # transactions that want several of them then never wait for each other in a circle.
    # A kind of which several can be bought at once says `sells_many = True`, and has
    #     def keep(self, line, pieces: int) -> None:
    # Money of the line went back, and so many pieces are still paid for. Asked again with as many,
    # nothing more happens.
    # A kind that is sold by periods or in instalments also has
    #     def extend(self, line, until: datetime | None) -> None:
    # A period of the line is paid for: what it gives holds until then, None: for good. Called for
    # the line of each paid period, again whenever that end moves (to now: access stops), also
    # after it has passed. `line.origin` is the line of the first order of its subscription, by
    # which `deliver` was called; `line.order` says from when to when its own period is.
    # A kind whose address is no place to read says `begin = "…"`, the words of the link to it.


class UnknownKind(Refusal):
    code = "not_sold_here"
    message = "This is not sold here any more."


READ = "Start reading"
_kinds: dict[str, Sellable] = {}


def register(kind: str, sellable: Sellable) -> None:
    """Name the one object that knows this kind."""
    _kinds[kind] = sellable


def forget(kind: str) -> None:
    """Take a kind out again. For tests."""
    _kinds.pop(kind, None)


def kinds() -> list[str]:
    return sorted(_kinds)


def of(kind: str) -> Sellable:
    """The object that knows the kind. Raises UnknownKind."""
    try:
        return _kinds[kind]
    except KeyError as error:
        raise UnknownKind from error


def lock(kind: str, keys: list[str]) -> None:
    """Lock the places of these things, where there are places to run out of."""
    thing = _kinds.get(kind)
    if hasattr(thing, "lock"):
        thing.lock(keys)


def begin(kind: str) -> str:
    """The words of the link to what was bought, also when the kind is not sold any more."""
    return getattr(_kinds.get(kind), "begin", READ)


def takes_periods(kind: str) -> bool:
    """Whether the kind can be sold by periods or in instalments: it can end what it gave."""
    return hasattr(of(kind), "extend")


def extend(line, until: datetime | None) -> None:
    """Tell the line's kind until when it is paid. A kind that knows no periods is not sold by them;
    what it gave before that was so stays for good."""
    thing = of(line.kind)
    if hasattr(thing, "extend"):
        thing.extend(line, until)


def keep(line, pieces: int) -> None:
    """Tell the line's kind how many of its pieces are still paid for."""
    thing = of(line.kind)
    if hasattr(thing, "keep"):
        thing.keep(line, pieces)
