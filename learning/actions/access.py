"""Giving and ending grants, taking places."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from catalog.models import Course, Edition
from engineroom import audit, clock, events, ids
from learning.actions.moving import move_up
from learning.events import Enrolled
from learning.models import Certificate, Enrollment, Grant, Seat, SeatClaim, WaitingEntry
from learning.queries import access
from learning.refusals import BadPeriod, BadScope, GrantTaken, NotPublished, Withdrawn


@transaction.atomic
def give_grant(
    *,
    person,
    scope: str,
    scope_key: str = "",
    source: str = Grant.Source.STAFF,
    source_key: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    actor=None,
) -> Grant:
    """Let the person study what the scope names. Asked again with the same source, nothing changes:
    what was ended stays ended. Raises BadScope, BadPeriod, GrantTaken."""
    starts_at = starts_at or clock.now()
    if ends_at is not None and ends_at <= starts_at:
        raise BadPeriod
    if not access.scope_exists(scope, scope_key):
        raise BadScope
    grant, created = Grant.objects.get_or_create(
        source=source,
        source_key=source_key or ids.public_id(source),
        scope=scope,
        scope_key=scope_key,
        defaults={"person": person, "starts_at": starts_at, "ends_at": ends_at},
    )
    if grant.person_id != person.pk:
        raise GrantTaken
    if created:
        audit.record(
            "learning.grant_given",
            grant.public_id,
            actor=actor,
            person=person.public_id,
            scope=scope,
            scope_key=scope_key,
            source=source,
        )
    return grant


@transaction.atomic
def end_grant(
    *, source: str, source_key: str, public_id: str = "", actor=None, reason: str = ""
) -> int:
    """End what exactly this source gave (or the one grant of it that is named), now; returns how
    many grants ended. What other sources gave stays."""
    now, ended = clock.now(), 0
    grants = Grant.objects.filter(source=source, source_key=source_key).order_by("pk")
    if public_id:
        grants = grants.filter(public_id=public_id)
    for grant in grants.select_for_update():
        if grant.ends_at is not None and grant.ends_at <= max(now, grant.starts_at):
            continue
        grant.ends_at = max(now, grant.starts_at)
        grant.save(update_fields=["ends_at"])
        audit.record("learning.grant_ended", grant.public_id, actor=actor, reason=reason[:200])
        ended += 1
    return ended


def _free_grant(person, course, actor):
    grant = give_grant(
        person=person,
        scope=Grant.Scope.COURSE,
        scope_key=course.public_id,
        source=Grant.Source.FREE,
        source_key=person.public_id,
        actor=actor or person,
    )
    if not grant.is_valid:
        raise access.refusal_for(person, course)


def _published_edition(course) -> Edition:
    if course.published_edition is not None:
        return course.published_edition
    was_published = course.editions.exclude(state=Edition.State.DRAFT).exists()
    raise Withdrawn if was_published else NotPublished


@transaction.atomic
def start_course(*, person, course: Course, actor=None) -> Enrollment:
    """Take a place in the published edition; the place already taken is returned. A free course
    gives its own grant. Raises NoGrant, AccessEnded, NotPublished, Withdrawn."""
    place = (
        Enrollment.objects.filter(person=person, course=course).select_related("edition").first()
    )
    if place is None:
        edition = _published_edition(course)
    if not access.may_open(person, course):
        if not course.is_free:
            raise access.refusal_for(person, course)
        _free_grant(person, course, actor)
    if place is not None:
        return _out_of_withdrawn(place, actor)
    place, created = Enrollment.objects.get_or_create(
        person=person, course=course, defaults={"edition": edition}
    )
    if created:
        audit.record(
            "learning.enrolled",
            place.public_id,
            actor=actor or person,
            course=course.public_id,
            edition=edition.number,
        )
        events.announce(Enrolled(enrollment_id=place.pk, person_id=person.pk, course_id=course.pk))
    return place


def _out_of_withdrawn(place, actor):
    """A place in an edition that was taken down moves to the one in its stead."""
    if place.edition.state == Edition.State.WITHDRAWN:
        return move_up(enrollment=place, actor=actor).enrollment
    return place


@transaction.atomic
def follow_correction(*, course_id: int, edition_id: int) -> int:
    """Move the learners of the corrected edition to its correction; returns how many. Learners of
    older editions keep theirs: a correction promises the keys of the edition before it only."""
    edition = Edition.objects.get(pk=edition_id, course_id=course_id)
    before = access.edition_before(edition)
    moved = Enrollment.objects.filter(course_id=course_id, edition__number=before).update(
        edition=edition
    )
    if moved:
        audit.record("learning.correction_followed", edition.public_id, learners=moved)
    return moved


def erase_person(person) -> None:
    """Remove every row about the person, in the caller's transaction. Samples belong to nobody."""
    # The rows stay, so that what was revoked stays revoked for whoever checks it.
    Certificate.objects.filter(person=person).update(
        person=None, name="", facts={}, revoked_reason=""
    )
    Enrollment.objects.filter(person=person).delete()
    Grant.objects.filter(person=person).delete()
    # Seats stay counted: nobody else may sit there because somebody left the school.
    Seat.objects.filter(person=person).update(person=None)
    mine = Q(person=person) | Q(email__iexact=person.email)
    WaitingEntry.objects.filter(mine).delete()
    SeatClaim.objects.filter(mine).update(person=None, email="", name="", key_digest=None)
