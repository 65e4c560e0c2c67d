"""Grants, places, attempts and works: what the actions do and refuse."""

import pytest

from engineroom import clock, events, slots
from engineroom.models import AuditEntry
from learning import actions, refusals
from learning.events import LessonReopened
from learning.models import Answer, Attempt, Completion, Enrollment, Grant, Submission
from learning.queries.progress import outline_of
from tests.factories import learning as make
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


# --- progress


def test_a_lesson_is_completed_once_and_exercises_not_by_hand():
    place = make.make_enrollment()

    assert actions.complete_item(enrollment=place, key="first") is True
    assert actions.complete_item(enrollment=place, key="first") is False
    for key, refusal in (
        ("practice", refusals.NotByHand),
        ("work", refusals.NotByHand),
        ("nothing", refusals.NoSuchItem),
    ):
        with pytest.raises(refusal):
            actions.complete_item(enrollment=place, key=key)
    assert Completion.objects.count() == 1
    assert outline_of(place).percent == 20


def test_a_finished_lesson_is_reopened_once_and_finished_again():
    place, heard = make.make_enrollment(), []
    actions.complete_item(enrollment=place, key="first")
    actions.complete_item(enrollment=place, key="second")
    events.listen(LessonReopened, heard.append)

    assert actions.reopen_item(enrollment=place, key="first") is True
    assert actions.reopen_item(enrollment=place, key="first") is False

    assert [event.item_key for event in heard] == ["first"]
    assert AuditEntry.objects.filter(action="learning.item_reopened").count() == 1
    assert outline_of(place).percent == 20
    assert actions.complete_item(enrollment=place, key="first") is True
    for key, refusal in (("practice", refusals.NotByHand), ("nothing", refusals.NoSuchItem)):
        with pytest.raises(refusal):
            actions.reopen_item(enrollment=place, key=key)
    Grant.objects.update(ends_at=clock.now())
    with pytest.raises(refusals.AccessEnded):
        actions.reopen_item(enrollment=Enrollment.objects.get(), key="first")
    assert Completion.objects.count() == 2


def test_nothing_can_be_done_after_access_has_ended():
    place = make.make_enrollment()
    attempt = make.make_attempt(place)
    Grant.objects.update(ends_at=clock.now())
    place = Enrollment.objects.get()
    attempt = Attempt.objects.get()

    for act in (
        lambda: actions.complete_item(enrollment=place, key="first"),
        lambda: actions.start_attempt(enrollment=place, exercise_key="practice"),
        lambda: actions.save_answers(attempt=attempt, answers={"word": "x"}),
        lambda: actions.submit_attempt(attempt=attempt),
        lambda: actions.submit_work(enrollment=place, project_key="work", title="x", text="x"),
        lambda: actions.start_course(person=place.person, course=place.course),
    ):
        with pytest.raises(refusals.AccessEnded):
            act()
    assert not Completion.objects.exists()
    assert not Answer.objects.exists()
    assert Attempt.objects.get().state == "open"
    assert not Submission.objects.exists()


# --- attempts


def test_a_graded_attempt_is_never_graded_or_answered_again():
    attempt = make.make_attempt()
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    actions.submit_attempt(attempt=attempt)
    Attempt.objects.update(score=1)

    again = actions.submit_attempt(attempt=Attempt.objects.get())

    assert again.score == 1
    assert AuditEntry.objects.filter(action="learning.attempt_graded").count() == 1
    with pytest.raises(refusals.AttemptClosed):
        actions.save_answer(attempt=Attempt.objects.get(), question_key="word", given="other")
    assert Answer.objects.get(question_key="word").given["text"].startswith("secret")


def test_unanswered_questions_are_named_and_nothing_is_graded():
    attempt = make.make_attempt()
    answers = make.right_answers(attempt)
    del answers["row"]
    answers["pairs"].popitem()
    actions.save_answers(attempt=attempt, answers=answers)

    with pytest.raises(refusals.Unanswered) as caught:
        actions.submit_attempt(attempt=attempt)

    assert [error["field"] for error in caught.value.details["errors"]] == ["row", "pairs"]
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.score) == ("open", None)
    assert not Completion.objects.exists()


def test_one_bad_answer_refuses_all_and_names_the_field():
    attempt = make.make_attempt()

    with pytest.raises(refusals.BadAnswers) as caught:
        actions.save_answers(
            attempt=attempt, answers={"word": "fine", "number": "many", "nothing": "x", "one": "o9"}
        )

    found = {error["field"]: error["code"] for error in caught.value.details["errors"]}
    assert found == {"number": "unreadable", "nothing": "no_such_question", "one": "unreadable"}
    assert not Answer.objects.exists()


def test_an_empty_answer_takes_the_saved_one_back():
    attempt = make.make_attempt()
    actions.save_answers(attempt=attempt, answers={"word": "x", "one": "o1"})
    actions.save_answers(attempt=attempt, answers={"word": " ", "one": ""})

    assert not Answer.objects.exists()


# --- works, samples, slots


def test_samples_are_planted_once_and_marked():
    course = make.make_course()
    for text in ("Words", "Other words"):
        slots.ask("catalog.plant_work", course, "work", "A plan", "Sample work", text)

    work = Submission.objects.get()
    assert (work.is_sample, work.is_public, work.text) == (True, True, "Other words")


def test_the_gallery_shows_consent_only_and_learners_first(django_assert_num_queries):
    place = make.make_enrollment()
    course = place.course
    slots.ask("catalog.plant_work", course, "work", "Sample", "Sample work", "Words")
    works = [
        make.make_enrollment(course=course, person=make_user(name=f"Ada{n} Second"))
        for n in range(3)
    ]
    for number, other in enumerate(works):
        actions.submit_work(
            enrollment=other, project_key="work", title=f"W{number}", text="x", is_public=number > 0
        )
    hidden = Submission.objects.get(title="W1")
    actions.show_in_gallery(work=hidden, is_hidden=True)

    with django_assert_num_queries(1):
        shown = slots.ask("catalog.gallery", [(course.slug, "work")], 12)

    assert [(row["title"], row["author"], row["is_sample"]) for row in shown] == [
        ("W2", "Ada2", False),
        ("Sample", "Sample work", True),
    ]
    assert slots.ask("catalog.gallery", [], 12) == []


def test_a_learner_without_a_name_is_never_named_by_their_address():
    place = make.make_enrollment(person=make_user(email="secret.name@example.com"))
    work = actions.submit_work(
        enrollment=place, project_key="work", title="x", text="x", is_public=True
    )

    assert work.author_name == "A learner"


def test_my_place_is_told_in_three_queries(django_assert_num_queries):
    place = make.make_enrollment()
    actions.complete_item(enrollment=place, key="first")

    with django_assert_num_queries(3):
        found = slots.ask("catalog.my_place", place.person, place.course)

    assert found == {
        "url": f"/learn/{place.course.slug}/second/",
        "label": "Continue: Second",
        "done": 1,
        "total": 5,
    }
    assert slots.ask("catalog.my_place", make_user(), place.course) is None
    assert slots.ask("catalog.my_place", None, place.course) is None
    assert slots.ask("catalog.start_url", place.course) == f"/learn/{place.course.slug}/"


def test_export_names_every_row_and_erasure_leaves_none():
    place = make.make_enrollment()
    other = make.make_enrollment(course=place.course)
    attempt = make.make_attempt(place)
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    actions.submit_attempt(attempt=attempt)
    actions.submit_work(enrollment=place, project_key="work", title="x", text="y")

    export = next(
        part for part in slots.gather("accounts.export", place.person) if part["name"] == "learning"
    )
    kinds = {row["kind"] for row in export["rows"]}
    assert kinds == {"grant", "enrollment", "completion", "attempt", "answer", "submission"}
    assert len([row for row in export["rows"] if row["kind"] == "answer"]) == 6

    actions.erase_person(place.person)
    assert list(Enrollment.objects.all()) == [other]
    assert [grant.person for grant in Grant.objects.all()] == [other.person]
    assert not Submission.objects.exists()
    assert not Answer.objects.exists()
