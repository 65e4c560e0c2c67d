"""Grants by the API: who gives and ends them."""

import pytest

from learning.models import Enrollment, Grant
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.learning.doors import API, client_for, path_of

pytestmark = pytest.mark.django_db


# --- staff


def test_staff_give_and_end_grants(staff):
    person, course = make_user(), make.make_course()
    api = client_for(staff)

    given = api.post(
        f"{API}/grants",
        {"person": person.email.upper(), "scope": "course", "scope_key": course.slug},
        format="json",
    )

    assert given.status_code == 201
    assert given.json()["scope_key"] == course.public_id
    learner = client_for(person)
    assert (
        learner.post(f"{API}/enrollments", {"course": course.slug}, format="json").status_code
        == 201
    )
    place = Enrollment.objects.get()
    assert learner.get(path_of(place, "/lessons/first")).status_code == 200
    assert api.delete(f"{API}/grants/{given.json()['id']}").status_code == 204
    assert learner.get(path_of(place, "/lessons/first")).status_code == 403
    assert len(api.get(f"{API}/grants").json()["results"]) == 1


def test_only_staff_with_the_permission_touch_grants(place):
    grant = Grant.objects.get()
    body = {"person": place.person.email, "scope": "school"}

    for person in (place.person, make_user(is_staff=True)):
        api = client_for(person)
        assert api.get(f"{API}/grants").status_code == 403
        assert api.post(f"{API}/grants", body, format="json").status_code == 403
        assert api.delete(f"{API}/grants/{grant.public_id}").status_code == 403
    assert Grant.objects.count() == 1
    assert Grant.objects.get().ends_at is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"person": "nobody@example.com", "scope": "school"}, "person"),
        ({"person": "", "scope": "school"}, "person"),
        ({"scope": "school"}, "person"),
        ({"scope": "moon"}, "scope"),
        ({"scope": "course", "scope_key": "nothing"}, "scope_key"),
        ({"scope": "course"}, "scope_key"),
        ({"scope": "school", "ends_at": "2001-01-01T00:00:00Z"}, "ends_at"),
        ({"scope": "school", "ends_at": "tomorrow"}, "ends_at"),
    ],
)
def test_bad_grants_are_refused_with_the_field(staff, body, field):
    person = make_user()
    body = body if field == "person" else {"person": person.public_id} | body

    response = client_for(staff).post(f"{API}/grants", body, format="json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == field
    assert not Grant.objects.exists()
