"""Where a learner is and what they finished."""

from datetime import datetime, timedelta

from django.db import transaction

from catalog.models import Edition
from engineroom import audit, clock, events
from learning.events import CourseFinished, LessonCompleted, LessonReopened
from learning.models import Completion, Enrollment
from learning.queries import access
from learning.queries.progress import outline_of
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


def hold_place(enrollment: Enrollment) -> Enrollment:
    """Lock the place until the transaction ends and read anew which edition it is in: whoever
    finishes something and whoever moves the place up go one after the other. Two queries."""
    # Without a join: PostgreSQL would lose the row when the edition changed while it waited.
    rows = Enrollment.objects.select_for_update().filter(pk=enrollment.pk)
    edition_id, *finished = rows.values_list("edition_id", "finished_at", "finished_edition").get()
    enrollment.edition = Edition.objects.get(pk=edition_id)
    enrollment.finished_at, enrollment.finished_edition = finished
    return enrollment


def note_finish(enrollment: Enrollment, actor, *, at: datetime | None = None) -> bool:
    """Write down that everything of the pinned edition is done (`at`: since when, by default now), if
    it is and never was before; returns whether it is new. For a held place. Two queries until then."""
    if enrollment.is_finished or not outline_of(enrollment).is_finished:
        return False
    number = enrollment.edition.number
    enrollment.finished_at, enrollment.finished_edition = at or clock.now(), number
    enrollment.save(update_fields=["finished_at", "finished_edition"])
    audit.record("learning.finished", enrollment.public_id, actor=actor, edition=number)
    events.announce(CourseFinished(enrollment_id=enrollment.pk, edition_number=number))
    return True


def mark_done(enrollment: Enrollment, kind: str, key: str, actor) -> bool:
    """Write the completion once, in the caller's transaction, which holds the place; returns whether
    it is new."""
    _, created = Completion.objects.get_or_create(
        enrollment=enrollment, item_kind=kind, item_key=key
    )
    if created:
        audit.record(
            "learning.item_completed", enrollment.public_id, actor=actor, kind=kind, key=key
        )
        events.announce(LessonCompleted(enrollment_id=enrollment.pk, item_kind=kind, item_key=key))
        note_finish(enrollment, actor)
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
    access.require_open(hold_place(enrollment))
    kind = access.item_kind(enrollment.edition_id, key)
    if kind is None:
        raise NoSuchItem
    if kind != Completion.Kind.LESSON:
        raise NotByHand
    return kind
