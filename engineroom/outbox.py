"""The outbox and the background queue in one: rows written with the business change, worked off
after it by any number of workers. At least once, never lost; rows of one stream in their order.

Consumers receive (payload, key), must be done within LEASE and must tolerate a second delivery.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from engineroom import audit, clock, ids
from engineroom.models import OutboxEvent

LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 10
BATCH = 20
log = logging.getLogger(__name__)
_consumers: dict[str, Callable[[dict, str], None]] = {}


def consumer(topic: str, handle: Callable[[dict, str], None]) -> None:
    """Name the one function that works off a topic."""
    _consumers[topic] = handle


def put(
    topic: str,
    payload: dict,
    *,
    key: str | None = None,
    stream: str = "",
    delay_seconds: int = 0,
) -> None:
    """Queue work in the caller's transaction. A key that is already there queues nothing more.

    Rows of one `stream` (an object's id, for instance) are delivered one after the other.
    """
    OutboxEvent.objects.bulk_create(
        [
            OutboxEvent(
                topic=topic,
                key=key or ids.public_id(topic),
                stream=stream,
                payload=payload,
                available_at=clock.now() + timedelta(seconds=delay_seconds),
            )
        ],
        ignore_conflicts=True,
    )


def _claim(limit: int) -> list[OutboxEvent]:
    now, world = clock.now(), clock.real()
    ahead = OutboxEvent.objects.filter(
        stream=OuterRef("stream"), pk__lt=OuterRef("pk"), done_at=None, dead_at=None
    )
    with transaction.atomic():
        waiting = OutboxEvent.objects.filter(
            Q(leased_until=None) | Q(leased_until__lt=world),
            Q(stream="") | ~Exists(ahead),
            done_at=None,
            dead_at=None,
            available_at__lte=now,
        ).order_by("available_at", "pk")
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        rows = list(waiting[:limit])
        lease = world + LEASE
        OutboxEvent.objects.filter(pk__in=[row.pk for row in rows]).update(leased_until=lease)
    for row in rows:
        row.leased_until = lease
    return rows


def _start(row: OutboxEvent) -> bool:
    """Begin the try with a lease of its own; False when another relay has taken the row meanwhile.

    The try is counted before it is made, so that a message which ends its process is counted too.
    """
    mine = OutboxEvent.objects.filter(pk=row.pk, leased_until=row.leased_until, done_at=None)
    if row.attempts >= MAX_ATTEMPTS:
        mine.update(dead_at=clock.now(), leased_until=None, error="It ended its process each time.")
        return False
    row.attempts += 1
    row.leased_until = clock.real() + LEASE
    return bool(mine.update(leased_until=row.leased_until, attempts=row.attempts))


def _deliver(row: OutboxEvent) -> None:
    if not _start(row):
        return
    mine = OutboxEvent.objects.filter(pk=row.pk, leased_until=row.leased_until)
    try:
        _consumers[row.topic](row.payload, row.key)
    except Exception as error:  # noqa: BLE001 - a poison message must stop only itself
        log.warning(
            "Outbox delivery failed.",
            exc_info=True,
            extra={"topic": row.topic, "key": row.key, "attempts": row.attempts},
        )
        mine.update(
            error=f"{type(error).__name__}: {error}"[:500],
            leased_until=None,
            available_at=clock.now() + timedelta(seconds=min(2**row.attempts * 5, 3600)),
            dead_at=clock.now() if row.attempts >= MAX_ATTEMPTS else None,
        )
    else:
        mine.update(done_at=clock.now(), leased_until=None, error="")


def relay(limit: int = BATCH) -> int:
    """Work off up to `limit` waiting rows; returns how many were taken."""
    rows = _claim(limit)
    for row in rows:
        _deliver(row)
    return len(rows)


def drain() -> int:
    """Work off everything that is due. For tests and commands."""
    total = 0
    while taken := relay():
        total += taken
    return total


def lag_seconds() -> float:
    """Age of the oldest row that is due and not done; 0.0 when nothing waits."""
    oldest = (
        OutboxEvent.objects.filter(done_at=None, dead_at=None, available_at__lte=clock.now())
        .order_by("available_at", "pk")
        .values_list("available_at", flat=True)
        .first()
    )
    return max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0


def waiting_count() -> int:
    """How many rows wait, those included whose time has not come."""
    return OutboxEvent.objects.filter(done_at=None, dead_at=None).count()


def dead_count() -> int:
    """How many rows were given up and wait for staff."""
    return OutboxEvent.objects.exclude(dead_at=None).count()


@transaction.atomic
def revive(row_ids: list[int], *, actor=None) -> int:
    """Queue dead letters again from their first try; returns how many."""
    dead = OutboxEvent.objects.filter(pk__in=row_ids, done_at=None).exclude(dead_at=None)
    keys = list(dead.order_by("pk").values_list("pk", "key"))
    count = dead.update(dead_at=None, attempts=0, available_at=clock.now(), leased_until=None)
    for _, key in keys:
        audit.record("outbox.revived", key[:120], actor=actor)
    return count


def forget(topic: str, **payload) -> int:
    """Remove the topic's rows whose payload has these values; returns how many."""
    match = {f"payload__{name}": value for name, value in payload.items()}
    return OutboxEvent.objects.filter(topic=topic, **match).delete()[0]


def forget_about(topic: str, beginning: str) -> int:
    """Remove the topic's rows whose key begins so; returns how many of them had not left yet."""
    rows = OutboxEvent.objects.filter(topic=topic, key__startswith=beginning)
    waiting = rows.filter(done_at=None).count()
    rows.delete()
    return waiting
