"""Exact limits at every door that guesses or costs, shared by all workers of the school.

django-ratelimit counts; the counter store adds atomically (see `engineroom.counters`).
"""

import logging

from django.conf import settings
from django_ratelimit.core import get_usage

from engineroom.addresses import client_address
from engineroom.refusals import Refusal, TooManyTries

log = logging.getLogger(__name__)


class TriesUncounted(Refusal):
    """The counter store does not answer, so a door that guesses stays shut."""

    code = "unavailable"
    message = "This cannot be checked for a moment. Try again soon."
    status = 503


def spend(request, group: str, *, key: str, rate: str) -> None:
    """Count one try of `key` in `group`; raises TooManyTries when `rate` (such as 10/5m) is used up.

    `key` is a plain value, for instance an account's address in lower case. The count of the try that
    is refused still counts. Raises TriesUncounted when the store is down.
    """
    try:
        usage = get_usage(
            request, group=group, key=lambda _group, _request: key, rate=rate, increment=True
        )
    except Exception as error:
        log.exception("The counter store does not answer.")
        raise TriesUncounted(retry_after=5) from error
    if usage and usage["should_limit"]:
        wait = max(1, int(usage["time_left"]))
        raise TooManyTries(
            f"Too many tries. Wait {_spoken(wait)}, then try again.", retry_after=wait
        )


def spend_address(request, group: str, rate: str) -> None:
    """The same, counted by network address."""
    spend(request, group, key=client_address(request), rate=rate)


def _spoken(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} second" if seconds == 1 else f"{seconds} seconds"
    return f"{round(seconds / 60)} minutes"


def is_exact() -> bool:
    """Whether the configured counter store counts atomically across processes."""
    backend = settings.CACHES["default"]["BACKEND"]
    return backend.endswith(("CounterCache", "RedisCache"))
