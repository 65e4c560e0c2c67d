"""What the engine room shows on the admin's front page, in a fixed number of queries."""

from datetime import timedelta

from django.conf import settings

from engineroom import clock, outbox
from engineroom.models import AuditEntry, Worker

LAG_LIMIT_SECONDS = 30
LATE = timedelta(seconds=60)


def queue(request) -> dict | None:
    """Slot `admin.board`: how far behind the queue is, what was given up, whether anybody works."""
    if not request.user.has_perm("engineroom.view_outboxevent"):
        return None
    worker = Worker.objects.order_by("-seen_at").first()
    age = clock.real() - worker.seen_at if worker else None
    return {
        "title": "Engine room",
        "template": "admin/engineroom/queue_board.html",
        "context": {
            "lag": outbox.lag_seconds(),
            "limit": LAG_LIMIT_SECONDS,
            "waiting": outbox.waiting_count(),
            "dead": outbox.dead_count(),
            "worker": worker,
            "is_late": bool(age and age > LATE),
            "seen_seconds": max(0, int(age.total_seconds())) if age else 0,
        },
        "size": 4,
        "rank": 1,
    }


def school_clock(request) -> dict | None:
    """Slot `admin.board`: what time it is in a test school, and where to move it."""
    if not settings.TEST_SCHOOL or not request.user.has_perm("engineroom.move_clock"):
        return None
    return {
        "title": "Clock of the test school",
        "template": "admin/engineroom/clock_board.html",
        "context": {"now": clock.now(), "ahead": clock.ahead()},
        "size": 4,
        "rank": 2,
    }


def audit_trail(request) -> dict | None:
    """Slot `admin.board`: the newest entries of the audit trail."""
    if not request.user.has_perm("engineroom.view_auditentry"):
        return None
    entries = list(AuditEntry.objects.select_related("actor")[:8])
    return {
        "title": "Written down lately",
        "template": "admin/engineroom/audit_board.html",
        "context": {"entries": entries},
        "size": 8,
        "rank": 1,
    }
