"""A new edition while people study: they keep theirs, see what changed, and move up when they like."""

from datetime import timedelta

import pytest

from catalog.models import Edition
from engineroom import clock, events
from engineroom.models import AuditEntry
from engineroom.refusals import Refusal
from learning import actions
from learning.events import CourseFinished, MovedUp
from learning.models import Answer, Attempt, Completion, Enrollment
from learning.queries.editions import outlook
from learning.queries.exercises import sheet_of
from learning.queries.progress import outline_of
from learning.queries.shelf import shelf
from learning.refusals import (
    AccessEnded,
    AttemptClosed,
    NoGrant,
    NothingNewer,
    OtherEdition,
    Withdrawn,
)
from tests.factories import learning as make
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return make.make_enrollment()


@pytest.fixture
def heard(monkeypatch):
    found = []
    monkeypatch.setattr(events, "_listeners", type(events._listeners)(list))
    for kind in (CourseFinished, MovedUp):
        events.listen(kind, found.append)
    return found


def fill_second(edition: Edition) -> None:
    """`second` and `practice` are gone, `third` was rewritten, `extra` is new."""
    one = make.add_module(edition, "one", 1)
    make.add_lesson(one, "first", 1)
    make.add_lesson(one, "third", 2, body=make.make_body("Rewritten."))
    make.add_lesson(one, "extra", 3, title="An extra lesson")
    make.add_project(one, "work", 4)


def fill_short(edition: Edition) -> None:
    make.add_lesson(make.add_module(edition, "one", 1), "first", 1)


def finish(place: Enrollment) -> None:
    for key in ("first", "second", "third"):
        actions.complete_item(enrollment=place, key=key)
    attempt = actions.start_attempt(enrollment=place, exercise_key="practice")
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    actions.submit_attempt(attempt=attempt)
    actions.submit_work(enrollment=place, project_key="work", title="Mine", text="Words.")


def fresh(place: Enrollment) -> Enrollment:
    return Enrollment.objects.select_related("course", "edition", "person").get(pk=place.pk)


def progress(place: Enrollment) -> tuple[int, int]:
    outline = outline_of(fresh(place))
    return outline.done, outline.total


def test_a_learner_keeps_their_edition_until_they_move(place):
    make.publish(place.course, fill_second)

    assert fresh(place).edition.number == 1
    assert progress(place) == (0, 5)


def test_moving_up_carries_over_what_was_finished_by_key(place, heard):
    for key in ("first", "second"):
        actions.complete_item(enrollment=place, key=key)
    make.publish(place.course, fill_second)

    move = actions.move_up(enrollment=fresh(place), number=2)

    assert (move.from_number, move.to_number, move.is_new) == (1, 2, True)
    assert fresh(place).edition.number == 2
    assert progress(place) == (1, 4)
    assert Completion.objects.filter(item_key="second").exists(), "nothing is deleted"
    assert heard == [MovedUp(enrollment_id=place.pk, from_number=1, to_number=2)]
    entry = AuditEntry.objects.get(action="learning.moved_up")
    assert entry.data == {"from": 1, "to": 2, "closed": 0}


def test_moving_up_again_does_nothing(place, heard):
    make.publish(place.course, fill_second)
    actions.move_up(enrollment=place)

    again = [actions.move_up(enrollment=place), actions.move_up(enrollment=place, number=2)]

    assert [move.is_new for move in again] == [False, False]
    assert len(heard) == 1
    assert AuditEntry.objects.filter(action="learning.moved_up").count() == 1


def test_who_asked_for_an_edition_that_was_followed_by_another_looks_again(place):
    make.publish(place.course, fill_second)
    make.publish(place.course, fill_short)

    with pytest.raises(OtherEdition) as refused:
        actions.move_up(enrollment=place, number=2)

    assert refused.value.details == {"edition": 3}
    assert fresh(place).edition.number == 1


def test_moving_up_needs_access(place):
    make.publish(place.course, fill_second)
    grant = place.person.grants.get()
    actions.end_grant(source=grant.source, source_key=grant.source_key)
    stranger = make_user()
    other = Enrollment.objects.create(
        person=stranger, course=place.course, edition=fresh(place).edition
    )

    with pytest.raises(AccessEnded):
        actions.move_up(enrollment=place)
    with pytest.raises(NoGrant):
        actions.move_up(enrollment=other)

    assert fresh(place).edition.number == 1
    assert not AuditEntry.objects.filter(action="learning.moved_up").exists()


def test_without_an_edition_on_offer_there_is_nowhere_to_move(place):
    make.withdraw(make.publish(place.course, fill_second))

    with pytest.raises(NothingNewer):
        actions.move_up(enrollment=place)


def test_a_withdrawn_edition_is_left_for_the_one_on_offer(place):
    actions.complete_item(enrollment=place, key="first")
    make.withdraw(place.edition)
    with pytest.raises(Withdrawn):
        actions.move_up(enrollment=fresh(place))
    make.publish(place.course, fill_second)

    move = actions.move_up(enrollment=fresh(place))

    assert move.to_number == 2
    assert progress(place) == (1, 4)


def test_starting_again_also_leaves_a_withdrawn_edition_and_keeps_what_was_reached(place, heard):
    finish(place)
    make.withdraw(place.edition)
    make.publish(place.course, fill_second)
    course = fresh(place).course

    actions.start_course(person=place.person, course=course)

    assert fresh(place).edition.number == 2
    assert fresh(place).finished_edition == 1
    assert [type(event) for event in heard] == [CourseFinished, MovedUp]


def test_the_last_step_finishes_the_course_once(place, heard):
    finish(place)
    actions.reopen_item(enrollment=place, key="first")
    actions.complete_item(enrollment=place, key="first")

    found = fresh(place)
    assert found.is_finished
    assert found.finished_edition == 1
    assert heard == [CourseFinished(enrollment_id=place.pk, edition_number=1)]
    assert AuditEntry.objects.filter(action="learning.finished").count() == 1


def test_one_step_before_the_last_nothing_is_finished(place, heard):
    for key in ("first", "second", "third"):
        actions.complete_item(enrollment=place, key=key)

    assert not fresh(place).is_finished
    assert heard == []


def test_who_has_finished_stays_finished_whatever_a_new_edition_adds(place):
    finish(place)
    at = fresh(place).finished_at
    make.publish(place.course, fill_second)

    actions.move_up(enrollment=fresh(place))

    found = fresh(place)
    assert (found.finished_at, found.finished_edition) == (at, 1)
    assert progress(place) == (3, 4)
    shown = shelf(place.person)
    assert [book.place.pk for book in shown.finished] == [place.pk]
    assert shown.reading == []
    assert shown.finished[0].next_item.key == "extra"


def test_who_finished_before_that_was_written_down_stays_finished_since_then(place):
    finish(place)
    done_at = Completion.objects.latest("completed_at").completed_at
    Enrollment.objects.update(finished_at=None, finished_edition=None)
    make.publish(place.course, fill_second)

    with clock.moved_by(timedelta(days=30)):
        actions.move_up(enrollment=fresh(place))

    assert (fresh(place).finished_at, fresh(place).finished_edition) == (done_at, 1)


def test_an_edition_that_asks_for_less_may_be_finished_on_arrival(place, heard):
    actions.complete_item(enrollment=place, key="first")
    make.publish(place.course, fill_short)

    actions.move_up(enrollment=fresh(place))

    assert fresh(place).finished_edition == 2
    assert heard[-1] == CourseFinished(enrollment_id=place.pk, edition_number=2)


def test_an_open_attempt_at_an_exercise_that_is_gone_is_closed_and_kept(place):
    attempt = actions.start_attempt(enrollment=place, exercise_key="practice")
    actions.save_answers(attempt=attempt, answers={"word": "kept"})
    make.publish(place.course, fill_second)

    move = actions.move_up(enrollment=fresh(place))

    attempt.refresh_from_db()
    assert move.closed == 1
    assert (attempt.state, attempt.score) == ("closed", None)
    assert Answer.objects.get().given == {"text": "kept"}
    for act in (
        lambda: actions.save_answers(attempt=attempt, answers={"word": "late"}),
        lambda: actions.submit_attempt(attempt=attempt),
    ):
        with pytest.raises(AttemptClosed):
            act()
    assert Answer.objects.get().given == {"text": "kept"}
    assert not Completion.objects.exists()


def test_an_open_attempt_at_an_exercise_that_is_still_there_goes_on(place):
    attempt = actions.start_attempt(enrollment=place, exercise_key="practice")
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    make.publish(place.course, make.fill_course)

    actions.move_up(enrollment=fresh(place))
    again = actions.start_attempt(enrollment=fresh(place), exercise_key="practice")

    assert again.pk == attempt.pk
    assert again.edition_number == 2
    assert actions.submit_attempt(attempt=again).score == 6


def test_answers_to_a_question_that_became_another_kind_are_no_trap(place):
    attempt = actions.start_attempt(enrollment=place, exercise_key="practice")
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))

    def fill(edition):
        swapped = make.six_questions()
        swapped[0] |= {"kind": "text", "answer": {"answers": ["x"]}, "options": []}
        swapped[2] |= {"kind": "multiple", "options": swapped[1]["options"], "answer": {}}
        swapped[3] |= {"kind": "ordering", "options": swapped[4]["options"], "answer": {}}
        make.add_exercise(make.add_module(edition, "one", 1), "practice", 1, questions=swapped)

    make.publish(place.course, fill)
    actions.move_up(enrollment=fresh(place))

    again = actions.start_attempt(enrollment=fresh(place), exercise_key="practice")
    sheet = sheet_of(fresh(place), "practice")

    assert sheet.attempt.pk == again.pk
    assert actions.submit_attempt(attempt=again).score == 3


def test_an_exercise_that_comes_back_is_tried_anew(place):
    first = actions.start_attempt(enrollment=place, exercise_key="practice")
    make.publish(place.course, fill_second)
    actions.move_up(enrollment=fresh(place))
    make.publish(place.course, make.fill_course)
    actions.move_up(enrollment=fresh(place))

    again = actions.start_attempt(enrollment=fresh(place), exercise_key="practice")

    assert again.is_new
    assert again.pk != first.pk
    assert Attempt.objects.filter(state="open").get() == again


def test_a_learner_is_told_what_changes_for_them(place, django_assert_num_queries):
    for key in ("first", "second", "third"):
        actions.complete_item(enrollment=place, key=key)
    actions.start_attempt(enrollment=place, exercise_key="practice")
    make.publish(place.course, fill_second)
    here = Enrollment.objects.select_related("course__published_edition", "edition").get()

    with django_assert_num_queries(12):
        seen = outlook(here)

    assert [change.key for change in seen.changes.added] == ["extra"]
    assert {line.change.key: line.is_done for line in seen.removed} == {
        "practice": False,
        "second": True,
    }
    assert {line.change.key: line.is_done for line in seen.changed} == {
        "third": True,
        "work": False,
    }
    assert (seen.own.done, seen.own.total) == (3, 5)
    assert (seen.offered.done, seen.offered.total) == (2, 4)
    assert seen.kept_in_history == 1
    assert seen.unfinished == ["Practice"]


def test_without_news_there_is_nothing_to_tell(place):
    assert outlook(fresh(place)) is None
    make.withdraw(place.edition)
    assert outlook(fresh(place)) is None


def test_a_refused_completion_after_moving_up_leaves_nothing(place):
    stale = fresh(place)
    make.publish(place.course, fill_second)
    actions.move_up(enrollment=fresh(place))

    with pytest.raises(Refusal):
        actions.complete_item(enrollment=stale, key="second")
    assert actions.complete_item(enrollment=stale, key="extra")

    assert stale.edition.number == 2
    assert set(Completion.objects.values_list("item_key", flat=True)) == {"extra"}
