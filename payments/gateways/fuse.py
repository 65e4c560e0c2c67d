"""A gateway that does not answer may hold up those who pay, and nobody else.

Who asks a gateway holds a thread of the web process until it answers. While it is slow only half of
the threads may wait for it, and after three calls in a row that came to nothing nobody asks for a
few seconds; then one call tries whether it is back. Who is turned away is told at once what the
others are told later: that the provider does not answer. Each process keeps its own fuse.
"""

import time
from contextlib import contextmanager, nullcontext
from threading import Lock

from django.conf import settings

from payments.refusals import GatewayUnavailable

# A hosted page is often answered in one or two seconds; longer than this is no busy day any more.
SLOW_SECONDS = 3.0
MOST_FAILURES = 3
REST_SECONDS = 10.0


class Fuse:
    def __init__(self):
        self._lock = Lock()
        self._underway: dict[object, float] = {}
        self._failures = 0
        self._rests_until = 0.0

    @contextmanager
    def call(self):
        """Around one call to the gateway. Raises GatewayUnavailable instead of making it."""
        mark = self._begin()
        try:
            yield
        except GatewayUnavailable:
            self._note(failed=True)
            raise
        else:
            self._note(failed=False)
        finally:
            with self._lock:
                self._underway.pop(mark, None)

    def _begin(self) -> object:
        now, mark = time.monotonic(), object()
        with self._lock:
            if self._is_closed(now):
                raise GatewayUnavailable
            self._underway[mark] = now
        return mark

    def _is_closed(self, now: float) -> bool:
        if self._failures >= MOST_FAILURES:
            return now < self._rests_until or bool(self._underway)
        is_slow = any(now - began > SLOW_SECONDS for began in self._underway.values())
        return is_slow and len(self._underway) >= max(1, settings.WEB_THREADS // 2)

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            self._rests_until = time.monotonic() + REST_SECONDS


_fuses: dict[str, Fuse] = {}


def around(gateway):
    """The fuse around one call to this gateway. One that keeps its payments in the school's own
    database needs none: it waits for nothing but that database, as everybody else does."""
    return of(gateway.name).call() if getattr(gateway, "is_outside", True) else nullcontext()


def of(name: str) -> Fuse:
    """The fuse of a gateway in this process."""
    return _fuses.setdefault(name, Fuse())


def renew() -> None:
    """Every gateway is taken to be well again."""
    _fuses.clear()
