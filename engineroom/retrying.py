"""Doing a whole change again when the database gave it up for somebody else's sake.

Rows are locked in one order everywhere, so that two changes do not wait for each other in a circle.
Where they do all the same (two inserts under one unique index, a sweep beside an erasure), the
database ends one of them; nothing of it was written, and it simply begins again.
"""

import functools
import logging
import random
import time

from django.db import OperationalError, transaction

log = logging.getLogger(__name__)

TRIES = 3
SHORTEST, LONGEST = 0.02, 0.2
# Who has waited this long for a lock is told so: another wait would outlast the visitor's patience.
PATIENCE_SECONDS = 5.0
# PostgreSQL: serialization failure, deadlock, lock not available.
STATES = frozenset({"40001", "40P01", "55P03"})


def is_passing(error: OperationalError) -> bool:
    """Whether the same transaction may well succeed a moment later."""
    if getattr(error.__cause__, "sqlstate", None) in STATES:
        return True
    return "is locked" in str(error)


def retried(work):
    """Run the whole function up to three times, 20 to 200 ms apart, while the database says that it
    is locked, in a deadlock, or not serializable. Inside an open transaction once only: what was
    done before in it is lost, too, and its owner begins again. The function must own its transaction
    and call nothing outside."""

    @functools.wraps(work)
    def again(*args, **kwargs):
        if transaction.get_connection().in_atomic_block:
            return work(*args, **kwargs)
        began = time.monotonic()
        for number in range(1, TRIES + 1):
            try:
                return work(*args, **kwargs)
            except OperationalError as error:
                is_late = time.monotonic() - began > PATIENCE_SECONDS
                if number == TRIES or is_late or not is_passing(error):
                    raise
                log.warning("%s begins again: %s", work.__qualname__, str(error).splitlines()[0])
                time.sleep(random.uniform(SHORTEST, LONGEST))  # noqa: S311 - spreads, hides nothing
        raise AssertionError("unreachable")

    return again
