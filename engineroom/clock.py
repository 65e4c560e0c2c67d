"""The one clock of the school. Tests and test schools can move it; nobody sleeps.

`now()` is the school's time: what is sold, billed, granted and sent goes by it. A test school may
be ahead of the world; by how much is stored and read at most once a second (`follow`).
`real()` is the world's time: sign-in, tokens, signatures and whatever others look at go by it.
"""

import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

READ_EVERY_SECONDS = 1.0
NOT_MOVED = timedelta(0)


def _system() -> datetime:
    return datetime.now(UTC)


class _Ahead:
    """By how much the school is ahead of the world, as last read."""

    def __init__(self):
        self.read: Callable[[], timedelta | None] | None = None
        self.by = NOT_MOVED
        self.read_at: float | None = None
        self.is_stale = True

    def value(self) -> timedelta:
        if self.read is None:
            return NOT_MOVED
        moment = time.monotonic()
        if self.is_stale or moment - self.read_at >= READ_EVERY_SECONDS:
            by = self.read()
            if by is not None:
                self.by, self.read_at, self.is_stale = by, moment, False
        return self.by


_ahead = _Ahead()
_now: Callable[[], datetime] = _system


def now() -> datetime:
    """The current time of the school, aware, in UTC."""
    return _now() + _ahead.value()


def real() -> datetime:
    """The current time of the world, aware, in UTC: not moved with the school's clock."""
    return _now()


def ahead() -> timedelta:
    """By how much the school is ahead of the world; zero in a live school."""
    return _ahead.value()


def follow(read: Callable[[], timedelta | None] | None) -> None:
    """Let the clock ask `read` how far it is ahead; None: it stands with the world.

    `read` answers None when it cannot tell now; the clock then keeps what it knows.
    """
    _ahead.__init__()
    _ahead.read = read


def is_known() -> bool:
    """Whether this process has ever read how far the school is ahead."""
    return _ahead.read_at is not None


def forget() -> None:
    """Read anew at the next look: the clock has just been moved."""
    _ahead.is_stale = True


@contextmanager
def moved_by(delta: timedelta):
    """Within the block the clock reads `delta` later (or earlier)."""
    global _now
    before = _now
    _now = lambda: before() + delta  # noqa: E731 - one line says it
    try:
        yield
    finally:
        _now = before


@contextmanager
def stopped_at(moment: datetime):
    """Within the block the clock stands still."""
    global _now
    before, _now = _now, lambda: moment
    try:
        yield
    finally:
        _now = before
