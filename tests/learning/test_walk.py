"""Every address of learning asked by every kind of person: paid words and right answers stay in."""

from datetime import timedelta

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from engineroom import clock
from learning import actions
from learning.models import Grant
from tests.factories import learning as make
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def pages(place):
    slug = place.course.slug
    keys = ["first", "second", "practice", "third", "work"]
    return ["/learn/", reverse("learning:start", args=[slug])] + [
        reverse("learning:item", args=[slug, key]) for key in keys
    ]


def results(place, attempt):
    return reverse("learning:result", args=[place.course.slug, "practice", attempt.public_id])


@pytest.fixture
def place():
    return make.make_enrollment()


@pytest.fixture
def graded(place):
    attempt = make.make_attempt(place)
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    return actions.submit_attempt(attempt=attempt)


def test_a_stranger_is_asked_to_sign_in(client, place, graded):
    for path in [*pages(place), results(place, graded)]:
        for response in (client.get(path), client.post(path)):
            assert response.status_code in (302, 405)
            assert make.PAID not in response.content.decode()
            if response.status_code == 302:
                assert response.url.startswith("/accounts/login/")


@pytest.mark.parametrize("who", ["other", "other learner", "staff"])
def test_nobody_else_reads_the_course_by_address(client, place, graded, who):
    person = make_user(is_staff=who == "staff")
    if who == "other learner":
        make.make_enrollment(person, make.make_course())
    client.force_login(person)

    for path in [*pages(place), results(place, graded)]:
        response = client.get(path)
        assert make.PAID not in response.content.decode(), path
        assert make.SECRET not in response.content.decode(), path
        if "/learn/" + place.course.slug in path and path != pages(place)[1]:
            assert response.status_code == 403
            assert place.course.get_absolute_url() in response.content.decode()


@pytest.mark.parametrize("how", ["refunded", "expired"])
def test_access_ends_with_the_next_request_and_is_told(client, place, graded, how):
    client.force_login(place.person)
    assert make.PAID in client.get(pages(place)[2]).content.decode()
    if how == "refunded":
        grant = Grant.objects.get()
        actions.end_grant(source=grant.source, source_key=grant.source_key)
    else:
        Grant.objects.update(ends_at=clock.now() + timedelta(minutes=1))

    with clock.moved_by(timedelta(minutes=2)):
        for path in [*pages(place), results(place, graded)]:
            response = client.get(path)
            html = response.content.decode()
            assert make.PAID not in html
            assert make.SECRET not in html
            assert response.status_code == (200 if path in pages(place)[:2] else 403)
            if path not in pages(place)[:1]:
                assert "access" in html.lower()
                assert "ended" in html
            assert client.post(path, {"check": "1", "title": "x", "text": "x"}).status_code in (
                403,
                405,
            )


def test_an_edition_taken_down_is_not_read_any_more(client, place):
    client.force_login(place.person)
    make.withdraw(place.edition)

    for path in pages(place)[2:]:
        assert client.get(path).url == pages(place)[1]
    html = client.get(pages(place)[1]).content.decode()
    assert "has been taken down" in html

    make.publish(place.course, make.fill_course)
    assert "Go on in the current edition" in client.get(pages(place)[1]).content.decode()
    assert client.post(pages(place)[1]).status_code == 302
    assert make.PAID in client.get(pages(place)[2]).content.decode()


def test_no_right_answer_leaves_before_grading(client, place):
    client.force_login(place.person)
    api = APIClient()
    api.force_authenticate(place.person)
    attempt = make.make_attempt(place)
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    actions.save_answers(attempt=attempt, answers={"word": "something else"})

    seen = [client.get(path, follow=True).content.decode() for path in pages(place)]
    seen.append(client.get(results(place, attempt), follow=True).content.decode())
    root = f"/api/v1/enrollments/{place.public_id}"
    for path in (
        "/api/v1/enrollments", root, f"{root}/lessons/first", f"{root}/projects/work",
        "/api/v1/attempts", f"/api/v1/attempts/{attempt.public_id}", "/api/v1/submissions",
    ):  # fmt: skip
        response = api.get(path)
        assert response.status_code == 200
        seen.append(response.content.decode())
    seen.append(client.post(pages(place)[4], {"check": "1"}).content.decode())

    for text in seen:
        for secret in (make.SECRET, "7319.25", "Zürich", "is_right", '"s2"', '"r1"'):
            assert secret not in text, secret


def test_a_learner_reads_all_of_it(client, place, graded):
    client.force_login(place.person)

    for path in [*pages(place), results(place, graded)]:
        response = client.get(path, follow=True)
        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store"
    assert make.SECRET in client.get(results(place, graded)).content.decode()
