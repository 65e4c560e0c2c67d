"""What the main pages cost in queries: no more with a thousand courses than with ten."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Course, Edition, Lesson, Module
from engineroom import clock
from payments.models import Offer, OfferItem
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.factories.catalog import make_body, make_instructor, make_topic

pytestmark = pytest.mark.django_db
LIMITS = {"/": 6, "/courses/": 6, "/courses/many-5/": 8}


def many_courses(count: int) -> None:
    """Published paid courses with a price, a topic, an instructor and two lessons, in bulk."""
    topics, instructor, body = [make_topic() for _ in range(3)], make_instructor(), make_body()
    courses = Course.objects.bulk_create(
        Course(
            slug=f"many-{n}",
            title=f"Course {n:04}",
            summary="One of many.",
            is_free=n % 2 == 0,
            lesson_count=2,
            module_count=1,
            minutes=n,
            published_at=clock.now(),
        )
        for n in range(count)
    )
    editions = Edition.objects.bulk_create(
        Edition(course=course, title=course.title, description=body) for course in courses
    )
    modules = Module.objects.bulk_create(
        Module(edition=edition, key="one", position=1, title="One") for edition in editions
    )
    Lesson.objects.bulk_create(
        Lesson(
            edition=module.edition, module=module, key=f"lesson-{n}", position=n, title=f"L {n}",
            body=body, is_open=n == 1, minutes=5,
        )
        for module in modules
        for n in (1, 2)
    )  # fmt: skip
    Edition.objects.filter(pk__in=[edition.pk for edition in editions]).update(
        state=Edition.State.PUBLISHED, number=1, published_at=clock.now()
    )
    for course, edition in zip(courses, editions, strict=True):
        course.published_edition = edition
    Course.objects.bulk_update(courses, ["published_edition"], batch_size=400)
    Course.topics.through.objects.bulk_create(
        Course.topics.through(course=course, topic=topics[n % 3])
        for n, course in enumerate(courses)
    )
    Course.instructors.through.objects.bulk_create(
        Course.instructors.through(course=course, instructor=instructor) for course in courses
    )
    paid = [course for course in courses if not course.is_free]
    offers = Offer.objects.bulk_create(
        Offer(
            title=course.title, amount_minor=4900, currency="EUR", reference=f"course:{course.slug}"
        )
        for course in paid
    )
    OfferItem.objects.bulk_create(
        OfferItem(offer=offer, kind="course", key=course.slug)
        for offer, course in zip(offers, paid, strict=True)
    )


def queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as taken:
        response = client.get(path)
    assert response.status_code == 200, path
    return len(taken)


@pytest.mark.parametrize("count", [10, 1000])
def test_main_pages_stay_within_their_queries(client, count):
    many_courses(count)
    client.get("/")
    counted = {path: queries(client, path) for path in LIMITS}
    place = make.make_enrollment(make_user())
    client.force_login(place.person)
    path = f"/learn/{place.course.slug}/second/"
    first = queries(client, path)
    client.get(f"/learn/{place.course.slug}/first/")
    moved, again = queries(client, path), queries(client, path)

    assert {path: n for path, n in counted.items() if n > LIMITS[path]} == {}
    assert max(first, moved, again) <= 10
    assert "Course 00" in client.get("/courses/?sort=title").content.decode()


def test_a_learner_with_many_courses_pays_no_more_for_a_lesson(client):
    person = make_user()
    places = [make.make_enrollment(person) for _ in range(6)]
    client.force_login(person)
    path = f"/learn/{places[0].course.slug}/second/"
    client.get(path)

    assert queries(client, path) <= 10
