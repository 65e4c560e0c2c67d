"""Named lists by which an app shows its part on pages and in commands it must not know.

The room that owns a place reads a slot; rooms above fill it in `AppConfig.ready`.
"""

from collections import defaultdict
from collections.abc import Callable

_slots: dict[str, list[Callable]] = defaultdict(list)


def fill(name: str, entry: Callable) -> None:
    """Add an entry to the slot, once."""
    if entry not in _slots[name]:
        _slots[name].append(entry)


def entries(name: str) -> list[Callable]:
    """The slot's entries in the order they were filled; empty when nobody filled it."""
    return list(_slots[name])


def ask(name: str, *args, default=None, **kwargs):
    """The answer of the first entry, or `default` when the slot is empty."""
    for entry in _slots[name]:
        return entry(*args, **kwargs)
    return default


def gather(name: str, *args, **kwargs) -> list:
    """The answers of all entries."""
    return [entry(*args, **kwargs) for entry in _slots[name]]
