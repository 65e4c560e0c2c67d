"""Answers whose time tells nothing: sent at whole steps after the call came, never in between."""

import math
import time
from collections.abc import Callable
from functools import wraps

# Longer than either way through a sign-up takes; a slower machine answers a whole step later.
STEP_MS = 250


def wait(started: float) -> None:
    """Sleep until a whole number of steps has passed since `started`, of `time.perf_counter`."""
    if STEP_MS:
        step = STEP_MS / 1000
        took = time.perf_counter() - started
        time.sleep(max(0.0, math.ceil(took / step) * step - took))


def steady(view: Callable) -> Callable:
    """The view, with every unsafe call's answer held back until the next whole step."""

    @wraps(view)
    def held(request, *args, **kwargs):
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return view(request, *args, **kwargs)
        started = time.perf_counter()
        try:
            return view(request, *args, **kwargs)
        finally:
            wait(started)

    return held
