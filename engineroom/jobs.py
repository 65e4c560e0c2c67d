"""What the worker does: consumers of the outbox, and jobs that come round."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from engineroom import clock, idempotency, mail, outbox
from engineroom.models import OutboxEvent, Worker

log = logging.getLogger(__name__)
KEEP_DELIVERED = timedelta(days=14)


@dataclass(frozen=True)
class Job:
    """A function the worker calls every `every_seconds`; it must be safe to run twice."""

    name: str
    every_seconds: int
    run: Callable[[], object]


schedule: list[Job] = []


def every(seconds: int, name: str, run: Callable[[], object]) -> None:
    """Put a job on the schedule, once."""
    if all(job.name != name for job in schedule):
        schedule.append(Job(name, seconds, run))


def run_all() -> list[str]:
    """Every job once and all post, again until nothing more follows: after the clock was moved.

    A job that fails holds up no other; the names of those that did are returned.
    """
    failed: dict[str, None] = {}
    for _ in range(20):
        for job in schedule:
            try:
                job.run()
            except Exception:
                log.exception("A job failed.", extra={"job": job.name})
                failed[job.name] = None
        if not outbox.drain():
            break
    return list(failed)


def forget_delivered() -> int:
    """Delivered rows go after two weeks; dead letters stay until staff decide."""
    return OutboxEvent.objects.filter(done_at__lt=clock.now() - KEEP_DELIVERED).delete()[0]


def forget_workers() -> int:
    return Worker.objects.filter(seen_at__lt=clock.real() - timedelta(days=1)).delete()[0]


outbox.consumer(mail.TOPIC, mail.deliver)
every(3600, "engineroom.forget_delivered", forget_delivered)
every(3600, "engineroom.forget_idempotency_keys", idempotency.forget_old)
every(3600, "engineroom.forget_workers", forget_workers)
