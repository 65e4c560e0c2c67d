"""Handing in work by the page."""

import pytest

from learning.models import Completion, Submission
from tests.learning.doors import address

pytestmark = pytest.mark.django_db


# --- projects


def test_work_is_handed_in_and_replaced(learner, place):
    data = {"title": "My work", "link": "https://example.com/x", "text": "", "is_public": "on"}

    assert learner.post(address(place, "work"), data).status_code == 302
    html = learner.get(address(place, "work")).content.decode()
    assert "Handed in" in html
    assert "shown in the gallery as “Ada”" in html
    learner.post(address(place, "work"), {"title": "My work, again", "text": "Words"})

    work = Submission.objects.get()
    assert (work.title, work.is_public, work.author_name) == ("My work, again", False, "Ada")
    assert Completion.objects.get().item_kind == "project"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"title": "", "text": "x"}, "This field is required"),
        ({"title": "x"}, "Hand in a link or some words"),
        ({"title": "x", "link": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"title": "x", "link": "ftp://example.com/x"}, "starts with https://"),
        ({"title": "x\0", "text": "x"}, "Null characters"),
        ({"title": "x" * 201, "text": "x"}, "at most 200"),
    ],
)
def test_bad_work_is_refused_beside_the_field(learner, place, data, said):
    response = learner.post(address(place, "work"), data)

    assert response.status_code == 400
    assert said in response.content.decode()
    assert "<title>Error: " in response.content.decode()
    assert not Submission.objects.exists()
    assert not Completion.objects.exists()


def test_work_is_shown_as_text_never_as_markup(learner, place):
    text = "<script>alert(1)</script>"
    learner.post(address(place, "work"), {"title": text, "text": text, "is_public": "on"})

    html = learner.get(address(place, "work")).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
