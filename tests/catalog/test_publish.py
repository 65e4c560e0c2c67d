"""Publishing, correcting and withdrawing editions."""

import pytest

from accounts.models import User
from catalog.actions.publishing import publish_edition, withdraw_edition
from catalog.events import EditionPublished, EditionWithdrawn
from catalog.models import Course, Edition, Lesson, Option, Question
from catalog.queries.editions import draft_of, edition_content
from catalog.refusals import (
    NotACorrection,
    NothingChanged,
    NothingToPublish,
    NotPublishable,
    NotPublished,
)
from engineroom import events
from engineroom.models import AuditEntry
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_course,
    make_draft,
    make_exercise,
    make_lesson,
    make_project,
    make_question,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    found = []
    monkeypatch.setattr(events, "_listeners", type(events._listeners)(list))
    events.listen(EditionPublished, found.append)
    events.listen(EditionWithdrawn, found.append)
    return found


def counts() -> tuple:
    return tuple(model.objects.count() for model in (Course, Edition, Lesson, Question, AuditEntry))


def test_a_draft_becomes_edition_one_and_a_copy_of_it_the_new_draft(heard):
    edition = make_draft(title="HTTP")
    make_lesson(edition, key="waiting", minutes=7)
    make_exercise(edition, key="codes", questions=2)
    make_project(edition, key="build", hours=3)
    staff = make_user()

    published = publish_edition(course=edition.course, actor=staff)

    course = Course.objects.get(pk=edition.course_id)
    assert course.published_edition == published == edition
    assert (published.number, published.state) == (1, "published")
    assert (course.lesson_count, course.exercise_count, course.project_count) == (1, 1, 1)
    assert course.minutes == 7 + 180
    draft = draft_of(course)
    assert draft.pk != published.pk
    assert {row.key for row in edition_content(draft).items()} == {"waiting", "codes", "build"}
    assert Option.objects.filter(question__exercise__edition=draft).count() == 4
    assert heard == [
        EditionPublished(course_id=course.pk, edition_id=published.pk, is_correction=False)
    ]
    assert AuditEntry.objects.get(action="edition.published").actor == staff


def test_rows_with_a_problem_stay_in_the_draft_and_are_left_out_of_the_edition():
    edition = make_draft()
    make_lesson(edition, key="good")
    make_lesson(edition, key="empty", body=make_body(""))
    exercise = make_exercise(edition, key="quiz", questions=1)
    make_question(exercise, key="no-right", right=())
    hopeless = make_exercise(edition, key="hopeless", questions=0, body=None)
    make_question(hopeless, right=())

    published = publish_edition(course=edition.course, actor=None)

    assert {row.key for row in edition_content(published).items()} == {"good", "quiz"}
    assert published.exercises.get().question_count == 1
    assert published.exercises.get().questions.count() == 1
    draft = draft_of(edition.course)
    assert {row.key for row in edition_content(draft).items()} == {
        "good",
        "empty",
        "quiz",
        "hopeless",
    }
    assert draft.lessons.get(key="empty").problem == "It has no text."
    question = Question.objects.get(exercise__edition=draft, key="no-right")
    assert question.problem == "The question has no right option."


def test_publishing_the_same_again_is_refused_and_changes_nothing(heard):
    course = make_course()
    before = counts()
    heard.clear()

    with pytest.raises(NothingChanged):
        publish_edition(course=course, actor=None)

    assert counts() == before
    assert heard == []


def test_a_change_back_and_forth_gives_the_same_digest():
    course = make_course()
    lesson = draft_of(course).lessons.get()
    title, lesson.title = lesson.title, "Other"
    lesson.save()
    second = publish_edition(course=course, actor=None)
    lesson = draft_of(course).lessons.get()
    lesson.title = title
    lesson.save()

    third = publish_edition(course=course, actor=None)

    first = Edition.objects.get(course=course, number=1)
    assert first.digest == third.digest != second.digest


def test_an_empty_draft_is_refused():
    edition = make_draft()
    before = counts()

    with pytest.raises(NothingToPublish):
        publish_edition(course=edition.course, actor=None)

    assert counts() == before


def test_a_description_whose_picture_has_no_words_is_refused():
    edition = make_draft(description="Look: ![](/files/a/b.png)")
    make_lesson(edition)

    with pytest.raises(NotPublishable) as caught:
        publish_edition(course=edition.course, actor=None)

    assert "alternative text" in caught.value.message
    assert Edition.objects.get(pk=edition.pk).is_draft


def test_a_correction_must_keep_every_key():
    course = make_course(lessons=2)
    draft_of(course).lessons.first().delete()
    before = counts()

    with pytest.raises(NotACorrection):
        publish_edition(course=course, actor=None, is_correction=True)

    assert counts() == before


def test_a_correction_with_the_same_keys_is_published():
    course = make_course()
    draft_of(course).lessons.update(body=make_body("Corrected words."))

    edition = publish_edition(course=course, actor=None, is_correction=True)

    assert edition.is_correction
    assert edition.number == 2


def test_a_withdrawn_edition_takes_the_course_off_the_lists(heard):
    course = make_course()
    edition = course.published_edition
    heard.clear()

    withdraw_edition(edition=edition, actor=None, reason="A picture was not ours.")

    course.refresh_from_db()
    assert course.published_edition is None
    assert Edition.objects.get(pk=edition.pk).state == "withdrawn"
    assert heard == [EditionWithdrawn(course_id=course.pk, edition_id=edition.pk)]


@pytest.mark.parametrize("reason", ["", "   "])
def test_withdrawing_needs_a_reason(reason):
    course = make_course()
    before = counts()

    with pytest.raises(NotPublishable):
        withdraw_edition(edition=course.published_edition, actor=None, reason=reason)

    assert counts() == before
    assert Course.objects.get(pk=course.pk).published_edition


def test_a_draft_cannot_be_withdrawn():
    course = make_course()

    with pytest.raises(NotPublished):
        withdraw_edition(edition=draft_of(course), actor=None, reason="x")

    assert not User.objects.exists()
