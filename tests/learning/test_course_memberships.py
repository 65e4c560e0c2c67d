"""A course says which memberships on sale open it."""

import re
from datetime import timedelta

import pytest

from engineroom import clock
from payments.models import Offer
from tests.factories.accounts import make_user
from tests.factories.learning import make_course, make_enrollment, make_topic
from tests.learning.test_memberships import sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    course = make_course()
    course.topics.set([make_topic(slug="paper")])
    return course


def test_the_page_and_the_api_name_the_memberships_that_open_it(client, course):
    school, topic = sell(period="month"), sell("topic:paper", period="year", amount_minor=900)
    sell("topic:other", period="month", title="Other things")

    page = client.get(course.get_absolute_url()).content.decode()
    answer = client.get(f"/api/v1/courses/{course.slug}").json()

    assert f'Included in <a href="/buy/{school.public_id}/">membership school</a>' in page
    assert "€29.00 every month." in page
    assert "Other things" not in page
    assert "Not on sale yet" not in page
    assert "Paid once" not in page
    assert [(one["offer"], one["period"]) for one in answer["memberships"]] == [
        (topic.public_id, "year"),
        (school.public_id, "month"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"is_active": False},
        {"most_sold": 1, "sold": 1},
        {"ends_at": timedelta(days=-1)},
        {"starts_at": timedelta(days=400)},
    ],
)
def test_a_membership_that_cannot_be_bought_is_not_named(client, course, fields):
    now = clock.now()
    moments = {name: now + by for name, by in fields.items() if isinstance(by, timedelta)}
    sell(period="month", **fields | moments)

    assert b"Included in" not in client.get(course.get_absolute_url()).content


def test_a_page_is_not_kept_past_the_beginning_of_a_membership(client, course):
    sell(period="month", starts_at=clock.now() + timedelta(seconds=20))

    kept = client.get(course.get_absolute_url())["Cache-Control"]

    assert int(re.search(r"max-age=(\d+)", kept)[1]) <= 20


def test_a_free_course_and_one_that_is_theirs_name_none(client, course):
    sell(period="month")
    free = make_course(is_free=True)
    person = make_user()
    make_enrollment(person=person, course=course)

    assert b"Included in" not in client.get(free.get_absolute_url()).content
    client.force_login(person)
    assert b"Included in" not in client.get(course.get_absolute_url()).content


def test_the_page_costs_the_same_for_many_memberships(
    client, course, django_assert_max_num_queries
):
    def cost():
        with django_assert_max_num_queries(9) as seen:
            client.get(course.get_absolute_url(), {"n": Offer.objects.count()})
        return len(seen)

    cost()
    sell(period="month")
    few = cost()
    for number in range(4):
        sell("topic:paper", period="month", title=f"Paper {number}")

    assert cost() == few
