"""What the engine room shows on the admin's front page, in a fixed number of queries."""

from datetime import timedelta

from engineroom import clock, outbox
from engineroom.models import AuditEntry, Worker

LAG_LIMIT_SECONDS = 30
LATE = timedelta(seconds=60)


def queue(request) -> dict | None:
    """Slot `admin.board`: how far behind the queue is, what was given up, whether anybody works."""
    if not request.user.has_perm("engineroom.view_outboxevent"):
        return None
    worker = Worker.objects.order_by("-seen_at").first()
    age = clock.now() - worker.seen_at if worker else None
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
