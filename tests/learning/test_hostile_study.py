"""Nothing that anybody sends to learning is answered by a 5xx."""

import json

import pytest

from tests.factories import learning as make
from tests.learning.doors import API, client_for

pytestmark = pytest.mark.django_db


def send(client, method, path, body):
    """As ASCII JSON, so that lone surrogates travel as a hostile client would send them."""
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


# --- hostile input


HOSTILE = [
    None, True, 7, 10**40, -1, 1.5, "", "\0", "a\0b", "x" * 30_000, "\ud800", "o0", "o99999", "o1 ",
    [], ["o1", "o1"], [None], [[]], {}, {"o1": "p9"}, {"o1": []}, {"": ""}, ["o1"] * 500,
    {"a": {"b": {"c": {}}}}, "nan", "1e999", "9" * 90, "٣", "<script>", "' OR 1=1 --",
]  # fmt: skip


def test_no_answer_whatever_gives_a_5xx(api, place):
    attempt = make.make_attempt(place)
    address = f"{API}/attempts/{attempt.public_id}"

    keys = ("one", "some", "word", "number", "row", "pairs", "x\0y", "\ud800")
    for value in HOSTILE:
        body = {"answers": dict.fromkeys(keys, value)}
        assert send(api, "put", f"{address}/answers", body).status_code == 400, value
        body = {"answers": dict.fromkeys(keys[:6], value)}
        assert send(api, "put", f"{address}/answers", body).status_code in (200, 400), value
    for value in HOSTILE:
        assert send(api, "put", f"{address}/answers", {"answers": value}).status_code in (
            200,
            400,
        )
        assert send(api, "put", f"{address}/answers", value).status_code == 400
    api.post(f"{address}/submission")
    attempt.refresh_from_db()
    assert attempt.score is None or attempt.score <= attempt.max_score


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("enrollments", ["course"]),
        ("attempts", ["enrollment", "exercise"]),
        ("submissions", ["enrollment", "project", "title", "text", "link", "is_public"]),
        ("grants", ["person", "scope", "scope_key", "starts_at", "ends_at"]),
    ],
)
def test_no_body_whatever_gives_a_5xx(place, staff, path, fields):
    good = {
        "course": place.course.slug, "enrollment": place.public_id, "exercise": "practice",
        "project": "work", "title": "x", "text": "y", "person": place.person.email, "scope": "school",
    }  # fmt: skip
    api = client_for(staff if path == "grants" else place.person)

    for turn, field in enumerate(fields):
        # Each field meets every other value, the next one those between.
        for value in HOSTILE[turn % 2 :: 2]:
            body = {name: good[name] for name in fields if name in good} | {field: value}
            response = send(api, "post", f"{API}/{path}", body)
            assert response.status_code < 500, (field, value)
    for raw in (b"", b"{", b"[]", b"\xff\xfe", b'{"course": 1e400}', b"null", b"[" * 200):
        response = api.post(f"{API}/{path}", raw, content_type="application/json")
        assert response.status_code in (400, 404), raw


def test_no_address_whatever_gives_a_5xx(api, client, place):
    client.force_login(place.person)
    words = ["%00", "..", "%FF", "x" * 300, "a b", "%F0%9F%92%A9", "'", "{{7*7}}", "-", "١"]
    for word in words:
        for path in (
            f"/learn/{word}/", f"/learn/{place.course.slug}/{word}/", f"/learn/?after={word}",
            f"/learn/{place.course.slug}/practice/results/{word}/",
        ):  # fmt: skip
            assert client.get(path).status_code in (200, 302, 400, 404), path
            assert client.post(path, {"move": word}).status_code < 500, path
        for path in (
            f"enrollments/{word}", f"enrollments/{place.public_id}/lessons/{word}",
            f"attempts/{word}", f"attempts?enrollment={word}", f"submissions/{word}",
            f"enrollments?cursor={word}", f"enrollments?page_size={word}",
        ):  # fmt: skip
            assert api.get(f"{API}/{path}").status_code in (200, 400, 404), path


def test_no_form_whatever_gives_a_5xx(client, place):
    client.force_login(place.person)
    exercise = f"/learn/{place.course.slug}/practice/"
    names = ["q1", "q2", "q3", "q4", "q5", "q6.o1", "move", "q99", "check", "save"]
    values = [
        "",
        "\0",
        "o1",
        "o999",
        "x" * 5000,
        "5 o1 up",
        "0 o1 up",
        "5 o9 down",
        "9" * 5000,
        "p1",
        "٣",
    ]
    for value in values:
        for press in ("save", "check"):
            response = client.post(
                exercise, dict.fromkeys(names[:8], [value, value]) | {press: "1"}
            )
            assert response.status_code in (302, 400), value
    for name in names:
        assert client.post(exercise, {name: ["o1", "\0"]}).status_code in (302, 400), name
