"""Until when what an answer shows stays true, so that nobody keeps it longer.

Queries that read something that begins or ends at a known moment say so by `changes_at`; the doors
that let answers be kept read within `watched` and send what `cache_control` says.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from engineroom import clock


class Watch:
    """The next moment at which something changes that was read; None: none is known."""

    def __init__(self):
        self.next_change: datetime | None = None


_watch: ContextVar[Watch | None] = ContextVar("freshness_watch", default=None)


@contextmanager
def watched():
    """Within the block, what is read tells the watch when it changes."""
    watch = Watch()
    before = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(before)


def changes_at(moment: datetime | None) -> None:
    """What was just read changes then. None, or where nobody watches: nothing to say."""
    watch = _watch.get()
    if watch is None or moment is None:
        return
    if watch.next_change is None or moment < watch.next_change:
        watch.next_change = moment


def cache_control(watch: Watch, seconds: int) -> str:
    """Everybody may keep the answer for so many seconds, and never past the next change, not even
    while the school cannot be reached."""
    if watch.next_change is None:
        return f"public, max-age={seconds}"
    left = int((watch.next_change - clock.now()).total_seconds())
    if left > seconds:
        return f"public, max-age={seconds}, must-revalidate"
    return f"public, max-age={max(left, 0)}, must-revalidate"
