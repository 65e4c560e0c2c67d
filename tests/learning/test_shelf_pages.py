"""My learning, as its page shows it."""

import pytest

from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.learning.doors import address, form_of

pytestmark = pytest.mark.django_db


# --- my learning


def test_my_learning_without_courses_points_to_the_catalog(client):
    client.force_login(make_user())

    assert "Nothing on the shelf yet" in client.get("/learn/").content.decode()


def test_my_learning_shows_next_step_progress_and_results(learner, place):
    learner.post(address(place, "first"))
    learner.post(address(place, "practice"), form_of(place) | {"check": "1"})
    learner.get(address(place, "practice"))

    html = learner.get("/learn/").content.decode()
    assert 'aria-valuenow="2"' in html
    assert "6 of 6" in html
    assert address(place, "third") in html
    assert "You were last in Practice" in html


def test_my_learning_costs_the_same_with_one_and_twenty_courses(client, place):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(place.person)
    make.make_attempt(place)
    client.post(address(place, "practice"), form_of(place) | {"check": "1"})
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            html = client.get("/learn/").content.decode()
        counts.append(len(queries))
        for _ in range(19):
            make.make_enrollment(place.person)

    assert counts[0] == counts[1] <= 7
    assert html.count('role="progressbar"') == 20


def test_finished_and_ended_courses_stand_apart(client, place):
    client.force_login(place.person)
    for key in ("first", "second", "third"):
        client.post(address(place, key))
    client.post(address(place, "practice"), form_of(place) | {"check": "1"})
    client.post(address(place, "work"), {"title": "x", "text": "x"})

    assert "Read again" in client.get("/learn/").content.decode()

    place.person.grants.all().delete()
    html = client.get("/learn/").content.decode()
    assert "Your access has ended" in html
    assert "5 of 5 steps were finished" in html
