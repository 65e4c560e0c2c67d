"""Covers beside what is bought: the till asks by slot and knows no catalog."""

import pytest

from engineroom import slots
from tests.factories.catalog import make_course

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 5])
def test_covers_of_courses_take_one_query(count, django_assert_num_queries):
    courses = [make_course() for _ in range(count)]
    things = [("course", course.slug) for course in courses]

    with django_assert_num_queries(1):
        art = slots.ask("payments.line_art", [*things, ("course", "nowhere"), ("seat", "x")])

    assert set(art) == set(things)
    assert all("<svg" in picture for picture in art.values())


def test_other_things_and_courses_that_are_not_on_offer_have_none(django_assert_num_queries):
    hidden = make_course(is_published=False)

    with django_assert_num_queries(0):
        assert slots.ask("payments.line_art", [("seat", "x")]) == {}
    assert slots.ask("payments.line_art", [("course", hidden.slug)]) == {}


def test_the_summary_shows_the_cover_and_the_title_once_beside_it(client):
    course = make_course(title="Sails & <Knots>", slug="sails", is_free=False)
    slots.ask("catalog.price_course", course.slug, course.title, 4900, "EUR", None)
    offer = slots.ask("catalog.prices", [course.slug])[course.slug]

    page = client.get(offer["url"], follow=True)
    summary = page.content.decode().partition('aria-label="Order summary"')[2]

    assert page.status_code == 200
    assert summary.count('<div class="cover"><svg') == 1
    assert "<b>Sails &amp; &lt;Knots&gt;</b>" in summary
    assert '<span class="lead__t">Course</span>' in summary
