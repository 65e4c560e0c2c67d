"""The one clock of the school. Tests and test schools can move it; nobody sleeps."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


def _system() -> datetime:
    return datetime.now(UTC)


_now: Callable[[], datetime] = _system


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _now()


@contextmanager
def moved_by(delta: timedelta):
    """Within the block the clock reads `delta` later (or earlier)."""
    global _now
    before = _now
    _now = lambda: before() + delta  # noqa: E731
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
