"""Grants whose end moves: what is paid in periods."""

from datetime import datetime

from django.db import transaction

from engineroom import audit, clock
from learning.actions.access import give_grant
from learning.models import Grant


@transaction.atomic
def move_end(*, source: str, source_key: str, until: datetime | None, reason: str = "") -> int:
    """What this source gave holds until then (None: for good), earlier or later than before;
    returns how many grants moved."""
    moved = 0
    grants = Grant.objects.filter(source=source, source_key=source_key).order_by("pk")
    for grant in grants.select_for_update():
        ends_at = until if until is None else max(until, grant.starts_at)
        if grant.ends_at == ends_at:
            continue
        grant.ends_at = ends_at
        grant.save(update_fields=["ends_at"])
        audit.record(
            "learning.grant_moved",
            grant.public_id,
            ends_at=ends_at.isoformat() if ends_at else None,
            reason=reason[:200],
        )
        moved += 1
    return moved


@transaction.atomic
def give_until(
    *,
    person,
    scope: str,
    scope_key: str,
    source: str,
    source_key: str,
    starts_at: datetime | None,
    until: datetime | None,
) -> None:
    """The grant of a paid period, given once; its end moves with what is paid."""
    # A period may be told of before or long after it began.
    begins = min(starts_at or clock.now(), clock.now())
    if until is None or until > begins:
        give_grant(
            person=person,
            scope=scope,
            scope_key=scope_key,
            source=source,
            source_key=source_key,
            starts_at=begins,
            ends_at=until,
        )
    move_end(source=source, source_key=source_key, until=until, reason="paid period")
