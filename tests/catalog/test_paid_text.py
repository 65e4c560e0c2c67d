"""The text of a paid item never leaves without a grant, whichever door is tried."""

import json

import pytest

from accounts.models import Device
from catalog.actions.publishing import publish_edition
from catalog.files import store_file
from catalog.models import ImageReference, Option, Question, Solution, Translation
from engineroom import slots
from tests.catalog.api import bearer
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_course,
    make_draft,
    make_exercise,
    make_lesson,
    make_project,
    make_question,
)

pytestmark = pytest.mark.django_db
SECRET = "Xylophonesecret"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><path d="M0 0h4v3z"/></svg>'


@pytest.fixture(autouse=True)
def own_slots(monkeypatch):
    monkeypatch.setattr(slots, "_slots", type(slots._slots)(list))


@pytest.fixture
def course():
    """A paid course whose every closed text holds the secret word."""
    edition = make_draft(slug="paid", is_free=False, description="Open words.")
    make_lesson(edition, key="free", is_open=True, body="Anybody may read this.")
    picture = store_file("p.svg", SVG)
    source = f"{SECRET} ![A picture]({picture.get_absolute_url()})"
    lesson = make_lesson(edition, key="closed", body=source)
    ImageReference.objects.create(
        edition=edition, item_key="closed", position=0, file=picture, alt="A picture"
    )
    Translation.objects.create(
        edition=edition, item_key="closed", locale="de", title="Zu", body=make_body(f"{SECRET} de")
    )
    exercise = make_exercise(edition, key="quiz", questions=0, body=f"{SECRET} intro")
    make_question(exercise, prompt=SECRET, options=(SECRET, "b"))
    Solution.objects.create(exercise=exercise, position=1, body=make_body(f"{SECRET} solved"))
    make_project(edition, key="build", body=f"{SECRET} brief")
    publish_edition(course=edition.course, actor=None)
    course = edition.course
    course.refresh_from_db()
    course.picture = picture
    course.lesson = lesson
    return course


PATHS = [
    "/",
    "/courses/",
    f"/courses/?q={SECRET}",
    "/courses/paid/",
    "/courses/paid/lessons/closed/",
    "/de/courses/paid/lessons/closed/",
    "/courses/paid/exercises/quiz/",
    "/courses/paid/projects/build/",
    "/lessons/",
    "/exercises/",
    "/projects/",
    "/feed/",
    "/api/v1/courses",
    "/api/v1/courses/paid",
    "/api/v1/courses/paid/contents",
    "/api/v1/courses/paid/lessons/closed",
    "/api/v1/courses/paid/lessons/closed?locale=de",
    "/api/v1/courses/paid/exercises/quiz",
    "/api/v1/courses/paid/projects/build",
    "/api/v1/lessons",
    "/api/v1/exercises",
    "/api/v1/projects",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_door_shows_it_to_a_stranger_or_to_a_person_without_a_grant(client, course, path):
    person = make_user()

    answers = [client.get(path), client.get(path, headers=bearer(person))]
    client.force_login(person)
    answers.append(client.get(path))

    for response in answers:
        assert response.status_code == 200
        body = (
            response.content.decode()
            .replace(f'value="{SECRET}"', "")
            .replace(f"“{SECRET}”", "")
            .replace(f"<title>{SECRET} in", "")
            .replace(f"q={SECRET}", "")
        )
        assert SECRET not in body
        assert course.picture.digest not in body


def test_drafts_and_previews_are_not_for_them_either(client, course):
    person = make_user()
    draft = course.editions.get(state="draft")
    for path in ("", "/lessons/closed", "/exercises/quiz", "/contents"):
        response = client.get(f"/api/v1/courses/paid{path}?edition=draft", headers=bearer(person))
        assert response.status_code == 404
    client.force_login(person)
    assert client.get(f"/preview/{draft.public_id}/lessons/closed/").status_code == 404


def test_the_picture_does_not_leave_without_a_grant(client, course):
    path = course.picture.get_absolute_url()

    assert client.get(path).status_code == 404
    assert client.head(path).status_code == 404
    assert (
        client.get(path, headers={"If-None-Match": f'"{course.picture.digest}"'}).status_code == 404
    )
    client.force_login(make_user())
    assert client.get(path).status_code == 404


def test_a_grant_opens_text_and_picture(client, course):
    person = make_user()
    slots.fill("catalog.may_open", lambda who, what: who == person and what.slug == "paid")

    lesson = client.get("/api/v1/courses/paid/lessons/closed", headers=bearer(person))
    exercise = client.get("/api/v1/courses/paid/exercises/quiz", headers=bearer(person))
    client.force_login(person)
    picture = client.get(course.picture.get_absolute_url())

    assert SECRET in lesson.json()["html"]
    assert lesson["Cache-Control"].startswith("private")
    assert SECRET in exercise.json()["questions"][0]["prompt_html"]
    assert picture.status_code == 200
    assert picture["Cache-Control"] == "private, no-cache"
    assert b"".join(picture.streaming_content)


def test_right_answers_are_nowhere_for_learners(client, course):
    person = make_user()
    slots.fill("catalog.may_open", lambda who, what: True)
    Question.objects.count()
    why = Option.objects.first().why_html

    for path in ("/api/v1/courses/paid/exercises/quiz", "/api/v1/courses/paid/contents"):
        body = client.get(path, headers=bearer(person)).content.decode()
        for word in ("is_right", "why_html", "explanation_html", '"answer"', "solved", why):
            assert word not in body
    client.force_login(person)
    page = client.get("/courses/paid/exercises/quiz/").content.decode()
    assert why not in page
    assert "Xylophonesecret" not in page


def test_the_order_of_listed_options_does_not_tell_the_answer(client):
    edition = make_draft(slug="order")
    exercise = make_exercise(edition, key="sort", questions=0, is_open=True)
    right = [f"Step {number}" for number in range(8)]
    make_question(exercise, kind="ordering", options=right, right=())
    pairs = make_question(exercise, kind="matching", options=("a", "b", "c"), right=())
    for option, match in zip(pairs.options.all(), "zyx", strict=True):
        option.match = match
        option.save()
    publish_edition(course=edition.course, actor=None)

    sorting, matching = client.get("/api/v1/courses/order/exercises/sort").json()["questions"]

    assert sorted(row["text_html"] for row in sorting["options"]) == right
    assert [row["text_html"] for row in sorting["options"]] != right
    assert {row["key"] for row in sorting["options"]} == {None}
    assert matching["matches"] == ["x", "y", "z"]
    assert "match" not in json.dumps(matching["options"])


def test_an_open_picture_is_everybodys(client):
    edition = make_draft()
    picture = store_file("open.svg", SVG)
    make_lesson(edition, key="free", is_open=True, body=f"![x]({picture.get_absolute_url()})")
    ImageReference.objects.create(
        edition=edition, item_key="free", position=0, file=picture, alt="x"
    )
    path = picture.get_absolute_url()
    assert client.get(path).status_code == 404
    publish_edition(course=edition.course, actor=None)

    response = client.get(path)

    assert response.status_code == 200
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert response["Content-Type"] == "image/svg+xml"
    body = b"".join(response.streaming_content)
    assert len(body) == int(response["Content-Length"])
    assert client.head(path).status_code == 200
    again = client.get(path, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    assert client.get(path.replace("open.svg", "other.svg")).status_code == 404
    assert not Device.objects.exists()
    assert make_course()


def test_an_app_with_a_grant_loads_the_pictures_of_a_paid_lesson(client, course):
    person = make_user()
    address = course.picture.get_absolute_url()
    slots.fill("catalog.may_open", lambda who, what: who == person and what == course)

    assert client.head(address, headers=bearer(person)).status_code == 200
    assert client.head(address, headers=bearer(make_user())).status_code == 404
    assert client.head(address, headers={"Authorization": "Bearer x"}).status_code == 404
    assert client.head(address).status_code == 404
