"""Grants, places, attempts and works: what the actions do and refuse."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from catalog.events import EditionPublished
from engineroom import clock, events, slots
from engineroom.models import AuditEntry
from learning import actions, refusals
from learning.events import LessonReopened
from learning.models import Answer, Attempt, Completion, Enrollment, Grant, Submission
from learning.queries import access
from learning.queries.progress import outline_of
from payments import sellables
from tests.factories import learning as make
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def line_for(person, course, number=1):
    return SimpleNamespace(
        public_id=f"line_{number}",
        kind="course",
        key=course.slug,
        quantity=1,
        person=person,
        title=course.title,
    )


# --- access


def test_access_is_the_union_of_grants():
    person, topic = make_user(), make.make_topic()
    course, other = make.make_course(), make.make_course()
    course.topics.add(topic)

    assert not access.may_open(person, course)
    actions.give_grant(person=person, scope="topic", scope_key=topic.public_id)
    assert access.may_open(person, course)
    assert not access.may_open(person, other)
    actions.give_grant(person=person, scope="school")
    assert access.may_open(person, other)


def test_a_grant_holds_from_its_start_to_its_end(django_assert_num_queries):
    person, course = make_user(), make.make_course()
    now = clock.now()
    make.grant_course(
        person, course, starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2)
    )

    for days, expected in ((0, False), (1.5, True), (2, False), (3, False)):
        with clock.moved_by(timedelta(days=days)), django_assert_num_queries(1):
            assert access.may_open(person, course) is expected


def test_the_enrollment_sees_the_same_union_in_one_query(django_assert_num_queries):
    place = make.make_enrollment()
    topic = make.make_topic()
    place.course.topics.add(topic)
    Grant.objects.all().delete()

    assert access.place(place.person, place.course.slug).has_access is False
    for scope, key in (
        ("topic", topic.public_id),
        ("course", place.course.public_id),
        ("school", ""),
    ):
        grant = actions.give_grant(person=place.person, scope=scope, scope_key=key)
        with django_assert_num_queries(1):
            assert access.place(place.person, place.course.slug).has_access is True
        grant.delete()


@pytest.mark.parametrize("person", [None, SimpleNamespace(is_authenticated=False)])
def test_a_stranger_opens_nothing(person, django_assert_num_queries):
    course = make.make_course()

    with django_assert_num_queries(0):
        assert not access.may_open(person, course)


def test_a_grant_is_given_once_a_source(django_assert_num_queries):
    person, course = make_user(), make.make_course()
    fields = {"source": Grant.Source.ORDER, "source_key": "line_1"}

    first = make.grant_course(person, course, **fields)

    assert make.grant_course(person, course, **fields) == first
    with pytest.raises(refusals.GrantTaken):
        make.grant_course(make_user(), course, **fields)
    assert Grant.objects.count() == 1
    assert AuditEntry.objects.filter(action="learning.grant_given").count() == 1


@pytest.mark.parametrize(
    ("scope", "key"),
    [("course", ""), ("course", "nope"), ("school", "x"), ("cohort", "c1"), ("topic", "x")],
)
def test_a_grant_names_something_that_exists(scope, key):
    with pytest.raises(refusals.BadScope):
        actions.give_grant(person=make_user(), scope=scope, scope_key=key)

    assert not Grant.objects.exists()


def test_a_grant_that_ends_before_it_starts_is_refused():
    with pytest.raises(refusals.BadPeriod):
        actions.give_grant(
            person=make_user(), scope="school", ends_at=clock.now() - timedelta(days=1)
        )


def test_ending_one_source_leaves_the_others():
    person, course = make_user(), make.make_course()
    make.grant_course(person, course, source="order", source_key="line_1")
    make.grant_course(person, course, source="gift", source_key="gift_1")

    assert actions.end_grant(source="order", source_key="line_1") == 1
    assert access.may_open(person, course)
    assert actions.end_grant(source="order", source_key="line_1") == 0
    assert actions.end_grant(source="gift", source_key="gift_1") == 1
    assert not access.may_open(person, course)


def test_a_future_grant_that_is_ended_never_opens():
    person, course = make_user(), make.make_course()
    later = clock.now() + timedelta(days=5)
    make.grant_course(person, course, source_key="s", starts_at=later)

    actions.end_grant(source="staff", source_key="s")

    with clock.moved_by(timedelta(days=5)):
        assert not access.may_open(person, course)


# --- starting


def test_a_place_is_pinned_to_the_published_edition_and_taken_once():
    person, course = make_user(), make.make_course(is_free=True)

    first = actions.start_course(person=person, course=course)
    make.publish(course, make.fill_course)
    again = actions.start_course(person=person, course=course)

    assert first == again
    assert again.edition.number == 1
    assert Grant.objects.get().source == "free"
    assert AuditEntry.objects.filter(action="learning.enrolled").count() == 1


def test_starting_is_refused_with_the_reason_and_leaves_nothing():
    person = make_user()
    paid = make.make_course()
    draft = make.make_course(is_published=False, is_free=True)
    gone = make.make_course(is_free=True)
    make.withdraw(gone.published_edition)
    gone.refresh_from_db()

    for course, refusal in (
        (paid, refusals.NoGrant),
        (draft, refusals.NotPublished),
        (gone, refusals.Withdrawn),
    ):
        with pytest.raises(refusal):
            actions.start_course(person=person, course=course)
    assert not Enrollment.objects.exists()
    assert not Grant.objects.exists()


def test_the_refusal_tells_where_to_buy():
    course = make.make_course()

    with pytest.raises(refusals.NoGrant) as caught:
        actions.start_course(person=make_user(), course=course)

    assert caught.value.details == {"buy_url": f"/courses/{course.slug}/"}


def test_a_place_in_a_withdrawn_edition_moves_on_when_started_again():
    place = make.make_enrollment()
    make.withdraw(place.edition)
    place.course.refresh_from_db()

    with pytest.raises(refusals.Withdrawn):
        actions.start_course(person=place.person, course=place.course)
    make.publish(place.course, make.fill_course)
    moved = actions.start_course(person=place.person, course=place.course)

    assert moved == place
    assert moved.edition.number == 2


# --- selling


def test_the_course_is_sold_delivered_and_withdrawn():
    person, course = make_user(), make.make_course()
    kind = sellables.of("course")
    line = line_for(person, course)

    assert kind.describe(course.slug) == {"title": course.title, "url": f"/courses/{course.slug}/"}
    kind.refuse(person, course.slug, 1)
    kind.hold(line, clock.now())
    for _ in range(2):
        kind.deliver(line)

    assert Grant.objects.get().source_key == "line_1"
    assert Enrollment.objects.get().person == person
    with pytest.raises(refusals.AlreadyOwned):
        kind.refuse(person, course.slug, 1)

    for _ in range(2):
        kind.withdraw(line)
    assert not access.may_open(person, course)
    kind.deliver(line)
    assert not access.may_open(person, course), "a refunded line must not come back to life"
    kind.refuse(person, course.slug, 1)


def test_a_refund_takes_back_its_own_grant_only():
    person, course = make_user(), make.make_course()
    kind = sellables.of("course")
    kind.deliver(line_for(person, course, 1))
    make.grant_course(person, course, source="gift", source_key="gift_1")

    kind.withdraw(line_for(person, course, 1))

    assert access.may_open(person, course)


def test_what_cannot_be_sold_is_refused():
    kind, person = sellables.of("course"), make_user()
    course = make.make_course()
    cases = [
        (course.slug, 2, refusals.OnePlaceEach),
        ("nothing", 1, refusals.NoSuchCourse),
        ("nul\0", 1, refusals.NoSuchCourse),
        (make.make_course(is_free=True).slug, 1, refusals.CourseIsFree),
        (make.make_course(is_published=False).slug, 1, refusals.NotPublished),
    ]

    for key, quantity, refusal in cases:
        with pytest.raises(refusal):
            kind.refuse(person, key, quantity)
    kind.refuse(None, course.slug, 1)


def test_a_paid_course_that_was_renamed_or_taken_down_is_still_given():
    from catalog.models import SlugRedirect

    person, course = make_user(), make.make_course()
    line = line_for(person, course)
    SlugRedirect.objects.create(kind="course", old_slug=course.slug, new_slug="new-name")
    course.slug = "new-name"
    course.save()
    make.withdraw(course.published_edition)

    sellables.of("course").deliver(line)

    assert access.may_open(person, course)
    assert not Enrollment.objects.exists()


# --- editions


def test_a_correction_reaches_the_learners_of_the_edition_it_corrects():
    old = make.make_enrollment()
    course = old.course
    make.publish(course, make.fill_course)
    course.refresh_from_db()
    new = make.make_enrollment(course=course)
    attempt = make.make_attempt(new)
    actions.save_answers(attempt=attempt, answers={"word": "kept"})

    edition = make.publish(course, make.fill_course, is_correction=True)
    events.announce(
        EditionPublished(course_id=course.pk, edition_id=edition.pk, is_correction=True)
    )

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.edition.number, new.edition.number) == (1, 3)
    again = make.make_attempt(new)
    assert again == attempt
    assert again.edition_number == 3
    assert Answer.objects.get().given == {"text": "kept"}


def test_a_new_edition_that_is_no_correction_moves_nobody():
    place = make.make_enrollment()
    edition = make.publish(place.course, make.fill_course)
    events.announce(
        EditionPublished(course_id=place.course.pk, edition_id=edition.pk, is_correction=False)
    )

    place.refresh_from_db()
    assert place.edition.number == 1


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
