"""The addresses of a place, who asks there, and a form as it is filled in."""

from django.urls import reverse
from rest_framework.test import APIClient

from tests.factories import learning as make

API = "/api/v1"


def client_for(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def path_of(place, rest=""):
    return f"{API}/enrollments/{place.public_id}{rest}"


def address(place, key="", *, name="item"):
    slug = place.course.slug
    return (
        reverse("learning:start", args=[slug])
        if not key
        else reverse(f"learning:{name}", args=[slug, key])
    )


def form_of(place, key="practice", attempt=None):
    """The right answers as the form's fields."""
    attempt = attempt or make.make_attempt(place, key)
    right = make.right_answers(attempt)
    data = {}
    for number, entry in enumerate(attempt.layout, 1):
        value = right[entry["question"]]
        if isinstance(value, dict):
            data |= {f"q{number}.{mark}": partner for mark, partner in value.items()}
        else:
            data[f"q{number}"] = value
    return data
