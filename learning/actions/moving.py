"""From the edition that a learner began with to the one on offer."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from catalog.models import Course, Edition, Exercise
from engineroom import audit, events
from learning.actions.progress import hold_place, note_finish
from learning.events import MovedUp
from learning.models import Attempt, Enrollment
from learning.queries import access
from learning.refusals import NothingNewer, OtherEdition, Withdrawn


@dataclass(frozen=True)
class Move:
    """What moving up did: numbers of editions, and how many open attempts were closed because their
    exercise is gone. `is_new` is false when the place was there already."""

    enrollment: Enrollment
    from_number: int
    to_number: int
    closed: int = 0

    @property
    def is_new(self) -> bool:
        return self.from_number != self.to_number


@transaction.atomic
def move_up(*, enrollment: Enrollment, number: int | None = None, actor=None) -> Move:
    """Move the place to the edition on offer; `number` is the one that was asked for, None whichever
    it is. What was finished stays finished where the key is the same; nothing is deleted. Asked
    again, nothing happens. Also the way out of an edition that was taken down.

    Raises NoGrant, AccessEnded, OtherEdition, NothingNewer, Withdrawn.
    """
    # Before the place, as publishing does, so that a correction finds whoever arrives meanwhile.
    course = Course.objects.select_for_update(no_key=True).get(pk=enrollment.course_id)
    place = hold_place(enrollment)
    if not access.may_open(place.person, course):
        raise access.refusal_for(place.person, course)
    own, offered = place.edition, course.published_edition
    if own.number == number or (number is None and own == offered):
        return Move(place, own.number, own.number)
    if offered is None:
        raise Withdrawn if own.state == Edition.State.WITHDRAWN else NothingNewer
    if number not in (None, offered.number):
        raise OtherEdition(edition=offered.number)
    return _move(place, offered, actor or place.person)


def _move(place: Enrollment, offered: Edition, actor) -> Move:
    before = place.edition
    # Who finished before that was written down stays finished, too.
    done_at = place.completions.aggregate(at=Max("completed_at"))["at"]
    note_finish(place, actor, at=done_at)
    place.edition = offered
    place.save(update_fields=["edition"])
    closed = _close_vanished(place, offered)
    audit.record(
        "learning.moved_up",
        place.public_id,
        actor=actor,
        **{"from": before.number, "to": offered.number, "closed": closed},
    )
    events.announce(
        MovedUp(enrollment_id=place.pk, from_number=before.number, to_number=offered.number)
    )
    # An edition that asks for less may be done already.
    note_finish(place, actor)
    return Move(place, before.number, offered.number, closed)


def _close_vanished(place: Enrollment, edition: Edition) -> int:
    """End the open attempts at exercises that the edition lacks; their answers are kept. One query."""
    kept = Exercise.objects.filter(edition=edition).values("key")
    open_ones = Attempt.objects.filter(enrollment=place, state=Attempt.State.OPEN)
    return open_ones.exclude(exercise_key__in=kept).update(state=Attempt.State.CLOSED)
