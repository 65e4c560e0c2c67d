"""Where a learner is and what they finished."""

from datetime import timedelta

from django.db import transaction

from engineroom import audit, clock, events
from learning.events import LessonCompleted, LessonReopened
from learning.models import Completion, Enrollment
from learning.queries import access
from learning.refusals import NoSuchItem, NotByHand

SEEN_EVERY = timedelta(minutes=10)


def note_place(*, enrollment: Enrollment, key: str) -> bool:
    """Remember where the learner is; returns whether a row was written. One UPDATE, and none while
    the place is the same: reading does not write on every request. Not audited."""
    now = clock.now()
    if enrollment.last_key == key and now - enrollment.seen_at < SEEN_EVERY:
        return False
    Enrollment.objects.filter(pk=enrollment.pk).update(last_key=key, seen_at=now)
    enrollment.last_key, enrollment.seen_at = key, now
    return True


def mark_done(enrollment: Enrollment, kind: str, key: str, actor) -> bool:
    """Write the completion once, in the caller's transaction; returns whether it is new."""
    _, created = Completion.objects.get_or_create(
        enrollment=enrollment, item_kind=kind, item_key=key
    )
    if created:
        audit.record(
            "learning.item_completed", enrollment.public_id, actor=actor, kind=kind, key=key
        )
        events.announce(LessonCompleted(enrollment_id=enrollment.pk, item_kind=kind, item_key=key))
    return created


@transaction.atomic
def complete_item(*, enrollment: Enrollment, key: str, actor=None) -> bool:
    """Mark a lesson of the pinned edition as finished; returns whether it is new. Exercises and
    projects are finished by doing them. Raises NoGrant, AccessEnded, Withdrawn, NoSuchItem,
    NotByHand."""
    kind = _kind_by_hand(enrollment, key)
    return mark_done(enrollment, kind, key, actor or enrollment.person)


@transaction.atomic
def reopen_item(*, enrollment: Enrollment, key: str, actor=None) -> bool:
    """Take the mark of a finished lesson back; returns whether there was one. Raises the same."""
    kind = _kind_by_hand(enrollment, key)
    marks = Completion.objects.filter(enrollment=enrollment, item_kind=kind, item_key=key)
    count, _ = marks.delete()
    if count:
        audit.record(
            "learning.item_reopened",
            enrollment.public_id,
            actor=actor or enrollment.person,
            kind=kind,
            key=key,
        )
        events.announce(LessonReopened(enrollment_id=enrollment.pk, item_kind=kind, item_key=key))
    return bool(count)


def _kind_by_hand(enrollment: Enrollment, key: str) -> str:
    access.require_open(enrollment)
    kind = access.item_kind(enrollment.edition_id, key)
    if kind is None:
        raise NoSuchItem
    if kind != Completion.Kind.LESSON:
        raise NotByHand
    return kind
