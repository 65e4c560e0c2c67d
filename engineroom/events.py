"""Facts that actions announce inside their transaction, and who must hear them in it.

A listener runs in the announcer's transaction and holds or fails with it; it must be idempotent.
What leaves the database goes through `engineroom.outbox` instead.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events. Subclasses are frozen dataclasses of plain values, named in past tense."""

    name = "event"


_listeners: dict[type[Event], list[Callable]] = defaultdict(list)


def listen(event_type: type[Event], listener: Callable[[Event], None]) -> None:
    """Call `listener` with each event of the type, in the order of registration, once each."""
    if listener not in _listeners[event_type]:
        _listeners[event_type].append(listener)


def announce(event: Event) -> None:
    """Tell every listener now, in this transaction. Whatever a listener raises undoes the action."""
    for listener in _listeners[type(event)]:
        listener(event)
