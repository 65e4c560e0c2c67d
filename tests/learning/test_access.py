"""Who may open what, and why: grants, places, what a sale gives and takes back."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from catalog.events import EditionPublished
from engineroom import clock, events
from engineroom.models import AuditEntry
from learning import actions, refusals
from learning.models import Answer, Enrollment, Grant
from learning.queries import access
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
