"""The movable clock of a test school: kept in the database, so that every process reads the same.

Forwards only: nothing that has happened is ever in the future. Sign-in, tokens, throttles, leases
and signatures go by `clock.real()` and do not notice.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, connection, transaction

from engineroom import audit, clock
from engineroom.models import SettingValue
from engineroom.refusals import Invalid, Refusal

NAME = "clock.ahead_seconds"
MOST_AT_ONCE = timedelta(days=400)
MOST = timedelta(days=3650)


class ClockFixed(Refusal):
    code = "clock_fixed"
    message = "The clock can be moved in a test school only. This school sells for real money."


class MoveNotValid(Invalid):
    code = "move_not_valid"
    message = "The clock goes forwards only: by some time, or to a moment that is still to come."


class MoveNotConfirmed(Invalid):
    code = "confirmation_required"
    message = "Confirm it: the clock cannot be moved back."
    field = "confirmed"


def _stored() -> timedelta:
    row = SettingValue.objects.filter(name=NAME).values_list("value", flat=True).first()
    return timedelta(seconds=row) if isinstance(row, int) else clock.NOT_MOVED


def stored_ahead() -> timedelta | None:
    """By how much the school is ahead; None when the database cannot be asked now.

    Inside a transaction only a process that knows nothing yet looks, behind a savepoint.
    """
    try:
        if not connection.in_atomic_block:
            return _stored()
        if clock.is_known():
            return None
        with transaction.atomic():
            return _stored()
    except (DatabaseError, SynchronousOnlyOperation):
        return None


@transaction.atomic
def move_clock(
    *,
    by: timedelta | None = None,
    to: datetime | None = None,
    is_confirmed: bool = False,
    actor=None,
) -> timedelta:
    """Move the school's clock forwards, `by` some time or `to` a moment; answers how far ahead it
    is then. The worker notices within a second or two and does everything that is due by then.

    Raises ClockFixed in a live school, MoveNotValid, MoveNotConfirmed.
    """
    if not settings.TEST_SCHOOL:
        raise ClockFixed
    if (by is None) == (to is None):
        raise MoveNotValid
    SettingValue.objects.get_or_create(name=NAME, defaults={"value": 0})
    row = SettingValue.objects.select_for_update().get(name=NAME)
    before = timedelta(seconds=row.value)
    if by is None:
        by = to - (clock.real() + before)
    seconds = int(by.total_seconds())
    if seconds < 1:
        raise MoveNotValid
    if by > MOST_AT_ONCE or before + by > MOST:
        raise MoveNotValid("At most 400 days at once, and ten years in all.")
    if not is_confirmed:
        raise MoveNotConfirmed
    ahead = before + timedelta(seconds=seconds)
    row.value, row.changed_at = int(ahead.total_seconds()), clock.real()
    row.save()
    audit.record(
        "clock.moved", "clock", actor=actor, by_seconds=seconds, ahead_seconds=row.value,
        real=clock.real().isoformat(timespec="seconds"),
    )  # fmt: skip
    transaction.on_commit(clock.forget)
    return ahead
