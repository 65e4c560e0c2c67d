"""The audit trail: one entry for each change that somebody may ask about later."""

from engineroom.logs import current_request_id
from engineroom.models import AuditEntry


def record(action: str, target: str, *, actor=None, **data) -> AuditEntry:
    """Write an entry in the caller's transaction. `data` holds plain values, never secrets.

    `actor` is a user, or None for the school itself; the label is kept without e-mail or name.
    """
    person = actor if getattr(actor, "pk", None) else None
    return AuditEntry.objects.create(
        action=action,
        target=target,
        actor=person,
        actor_label=getattr(person, "public_id", "") if person else "school",
        data=data,
        request_id=current_request_id(),
    )
