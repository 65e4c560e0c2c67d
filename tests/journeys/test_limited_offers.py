"""Offers for a limited time: no page is kept past their beginning or end, and then they are gone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engineroom import clock
from payments.models import Checkout, CheckoutLine, Offer, OfferItem, Order
from tests.factories.catalog import make_course, make_topic
from tests.factories.cohorts import make_cohort, make_seat_offer

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PRICE = "€17.31"


def limited(course, **fields) -> Offer:
    fields = {"title": "June", "amount_minor": 1731, "currency": "EUR"} | fields
    offer = Offer.objects.create(**fields)
    OfferItem.objects.create(offer=offer, kind="course", key=course.slug)
    return offer


@pytest.fixture
def course():
    with clock.stopped_at(NOON - timedelta(days=1)):
        return make_course(
            slug="paper", is_free=False, lessons=2, topics=[make_topic(slug="web", sections=1)]
        )


@pytest.fixture
def pages(course):
    """Every public address that shows the course's price or whether it has one."""
    closed = course.published_edition.lessons.order_by("position").last()
    return [
        "/",
        "/courses/",
        course.get_absolute_url(),
        f"{course.get_absolute_url()}lessons/{closed.key}/",
        "/topics/web/",
        "/api/v1/courses",
        f"/api/v1/courses/{course.slug}",
    ]


def kept_for(path: str) -> int:
    """For how many seconds anybody may keep the answer; nothing lets it be used when stale."""
    response = Client().get(path)
    said = response["Cache-Control"]
    assert response.status_code == 200, path
    assert "stale" not in said, (path, said)
    assert not response.has_header("Expires"), path
    return int(re.fullmatch(r"public, max-age=(\d+)(?:, must-revalidate)?", said)[1])


def shows(path: str, *texts: str) -> bool:
    text = Client().get(path).content.decode()
    return any(wanted in text for wanted in texts)


@pytest.mark.parametrize(
    ("before", "longest"), [(3600, 60), (61, 60), (60, 60), (59, 59), (10, 10), (1, 1)]
)
@pytest.mark.parametrize("edge", ["starts_at", "ends_at"])
def test_nothing_is_kept_past_the_beginning_or_end(course, pages, edge, before, longest):
    limited(course, **{edge: NOON})

    with clock.stopped_at(NOON - before * SECOND):
        assert {path: kept_for(path) for path in pages} == dict.fromkeys(pages, longest)
        assert all("must-revalidate" in Client().get(path)["Cache-Control"] for path in pages)


def test_part_of_a_second_is_not_rounded_up(course, pages):
    limited(course, ends_at=NOON)

    with clock.stopped_at(NOON - timedelta(milliseconds=1999)):
        assert {kept_for(path) for path in pages} == {1}
    with clock.stopped_at(NOON - timedelta(milliseconds=1)):
        assert {kept_for(path) for path in pages} == {0}


def test_an_offer_without_a_limit_or_over_shortens_nothing(course, pages):
    limited(course)
    limited(course, ends_at=NOON - SECOND)
    limited(course, ends_at=NOON + 5 * SECOND, is_active=False)

    with clock.stopped_at(NOON):
        assert {kept_for(path) for path in pages} == {60}


def test_answers_that_follow_do_not_remember_the_change(course):
    limited(course, ends_at=NOON)

    with clock.stopped_at(NOON - 5 * SECOND):
        assert kept_for(course.get_absolute_url()) == 5
        assert kept_for("/topics/") == 60


def test_an_answer_that_has_not_changed_is_kept_no_longer_either(course):
    limited(course, ends_at=NOON)
    path = course.get_absolute_url()

    with clock.stopped_at(NOON - 50 * SECOND):
        tag = Client().get(path)["ETag"]
    with clock.stopped_at(NOON - 10 * SECOND):
        again = Client().get(path, headers={"If-None-Match": tag})

    assert again.status_code == 304
    assert again["Cache-Control"] == "public, max-age=10, must-revalidate"


def test_it_is_shown_from_its_first_second_to_its_last(course, pages):
    offer = limited(course, starts_at=NOON, ends_at=NOON + 60 * SECOND)
    lists = [path for path in pages if path != "/"] + ["/api/v1/offers"]

    def shown_at(moment):
        with clock.stopped_at(moment):
            return {path for path in lists if shows(path, PRICE, offer.public_id)}

    assert shown_at(NOON - SECOND) == set()
    first = shown_at(NOON)
    assert {course.get_absolute_url(), "/courses/", "/api/v1/courses", "/api/v1/offers"} <= first
    assert shown_at(NOON + 59 * SECOND) == first
    assert shown_at(NOON + 60 * SECOND) == set()


def test_from_the_second_of_its_end_nobody_buys_it(course):
    offer = limited(course, ends_at=NOON)
    early = Client()
    with clock.stopped_at(NOON - 10 * SECOND):
        page = early.get(offer.get_absolute_url(), follow=True)
        checkout = Checkout.objects.get()
        text = page.content.decode()
        assert page.status_code == 200
        fields = {
            name: re.search(rf'name="{name}" value="([^"]*)"', text)[1]
            for name in ("form_key", "expected_minor")
        }
        fields |= {"email": "guest@example.com", "consent": "on"}

    with clock.stopped_at(NOON):
        by_form = early.post(checkout.get_absolute_url(), fields)
        by_link = Client().get(offer.get_absolute_url())
        by_api = {
            path: Client().post(
                f"/api/v1/{path}",
                body,
                content_type="application/json",
                headers={"Idempotency-Key": f"late-{path}"},
            )
            for path, body in {
                "checkouts": {"offer": offer.public_id},
                "price-previews": {"lines": [{"offer": offer.public_id}]},
            }.items()
        }

    assert by_form.status_code == 409
    assert "is not on sale any more" in by_form.content.decode()
    assert by_link.status_code == 409
    for path, answer in by_api.items():
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_closed"), path
    assert not Order.objects.exists()
    assert CheckoutLine.objects.count() == 1


@pytest.mark.parametrize("left", [3600, 10])
def test_a_course_is_not_kept_past_the_end_of_a_cohorts_sale(course, left):
    make_cohort(course=course, sells_until=NOON, title="Summer cohort")
    path = course.get_absolute_url()

    with clock.stopped_at(NOON - left * SECOND):
        assert kept_for(path) == min(left, 60)
        assert shows(path, "Summer cohort")
    with clock.stopped_at(NOON):
        assert not shows(path, "Summer cohort")


@pytest.mark.parametrize("edge", ["starts_at", "ends_at"])
def test_a_course_is_not_kept_past_a_change_of_what_sells_the_seats(course, edge):
    cohort = make_cohort(course=course, sells_until=NOON + timedelta(days=9), price=None)
    make_seat_offer(cohort, amount_minor=1731, **{edge: NOON})

    with clock.stopped_at(NOON - 10 * SECOND):
        assert kept_for(course.get_absolute_url()) == 10
        assert shows(course.get_absolute_url(), PRICE) == (edge == "ends_at")
    with clock.stopped_at(NOON):
        assert shows(course.get_absolute_url(), PRICE) == (edge == "starts_at")


def test_knowing_the_moment_takes_no_query_more(course, pages):
    def counted():
        found = {}
        for path in pages:
            with CaptureQueriesContext(connection) as taken:
                Client().get(path)
            found[path] = len(taken)
        return found

    limited(course)
    with clock.stopped_at(NOON):
        counted()
        without = counted()
        Offer.objects.update(ends_at=NOON + 10 * SECOND)
        limited(course, starts_at=NOON + 5 * SECOND)
        assert counted() == without
