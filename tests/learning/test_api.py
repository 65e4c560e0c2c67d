"""The same learning through the API, by bearer only."""

import pytest
from rest_framework.test import APIClient

from learning.models import Answer, Attempt, Completion, Enrollment, Grant, Submission
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.learning.doors import API, client_for, path_of

pytestmark = pytest.mark.django_db


def test_the_whole_course_by_api(api, place):
    started = api.post(f"{API}/enrollments", {"course": place.course.slug}, format="json")
    assert started.status_code == 200
    assert started.json()["id"] == place.public_id
    assert [part["title"] for part in started.json()["outline"]] == ["Module one", "Module two"]

    lesson = api.get(path_of(place, "/lessons/first")).json()
    assert "PAID-BODY first" in lesson["html"]
    assert (lesson["previous_key"], lesson["next_key"]) == (None, "second")
    assert api.get(path_of(place)).json()["last_key"] == "first"

    done = api.post(path_of(place, "/completions"), {"key": "first"}, format="json")
    assert (done.status_code, done.json()["done"], done.json()["total"]) == (201, 1, 5)
    again = api.post(path_of(place, "/completions"), {"key": "first"}, format="json")
    assert (again.status_code, again.json()["is_new"]) == (200, False)

    body = {"enrollment": place.public_id, "exercise": "practice"}
    attempt = api.post(f"{API}/attempts", body, format="json")
    assert attempt.status_code == 201
    assert api.post(f"{API}/attempts", body, format="json").status_code == 200
    assert attempt.json()["result"] is None
    assert make.SECRET not in attempt.content.decode()
    row = Attempt.objects.get()
    address = f"{API}/attempts/{row.public_id}"
    saved = api.put(f"{address}/answers", {"answers": make.right_answers(row)}, format="json")
    assert saved.status_code == 200
    assert saved.json()["questions"][2]["given"] == "secret-right   WORD"

    graded = api.post(f"{address}/submission")
    assert (graded.json()["score"], graded.json()["max_score"]) == (6, 6)
    assert all(question["is_right"] for question in graded.json()["result"]["questions"])
    assert graded.json()["result"]["solutions"]
    assert api.post(f"{address}/submission").json() == graded.json()
    assert api.get(address).json() == graded.json()

    work = {"enrollment": place.public_id, "project": "work", "title": "Mine", "text": "Words"}
    handed = api.post(f"{API}/submissions", work, format="json")
    assert handed.status_code == 201
    assert api.get(f"{API}/submissions/{handed.json()['id']}").json()["title"] == "Mine"
    assert api.get(path_of(place)).json()["percent"] == 60


def test_a_free_course_starts_with_201_and_a_paid_one_says_where_to_buy():
    api = client_for(make_user())
    free, paid = make.make_course(is_free=True), make.make_course()

    first = api.post(f"{API}/enrollments", {"course": free.slug}, format="json")
    refused = api.post(f"{API}/enrollments", {"course": paid.slug}, format="json")

    assert first.status_code == 201
    assert refused.status_code == 403
    assert refused.json()["code"] == "no_grant"
    assert refused.json()["buy_url"] == f"/courses/{paid.slug}/"
    assert Enrollment.objects.count() == 1


def test_lists_cost_the_same_with_one_and_five_rows(api, place, django_assert_max_num_queries):
    make.make_attempt(place)
    paths = [f"{API}/enrollments", f"{API}/attempts", f"{API}/submissions"]
    costs = []
    for _ in range(2):
        for path in paths:
            with django_assert_max_num_queries(4) as queries:
                rows = api.get(path).json()["results"]
            costs.append(len(queries.captured_queries))
        for _ in range(4):
            make.make_attempt(make.make_enrollment(place.person))

    assert costs[:3] == costs[3:]
    assert len(api.get(paths[0]).json()["results"]) == 9
    assert rows == []


def test_paging_goes_by_cursor(api, place):
    for _ in range(3):
        make.make_enrollment(place.person)

    first = api.get(f"{API}/enrollments?page_size=3").json()
    second = api.get(first["next"]).json()

    assert [len(first["results"]), len(second["results"])] == [3, 1]
    assert api.get(f"{API}/enrollments?cursor=%00broken").status_code in (400, 404)


def test_a_finished_lesson_is_taken_back_as_often_as_asked(api, place):
    for key in ("first", "second"):
        api.post(path_of(place, "/completions"), {"key": key}, format="json")

    for _ in range(2):
        gone = api.delete(path_of(place, "/completions/first"))
        assert (gone.status_code, gone.content) == (204, b"")

    assert api.get(path_of(place)).json()["done"] == 1
    refused = api.delete(path_of(place, "/completions/practice"))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_by_hand")
    for wrong in ("nothing", "%00", "x" * 161):
        assert api.delete(path_of(place, f"/completions/{wrong}")).status_code in (400, 404)
    assert Completion.objects.count() == 1
    other = client_for(make.make_enrollment(course=place.course).person)
    assert other.delete(path_of(place, "/completions/second")).status_code == 404
    Grant.objects.all().delete()
    assert api.delete(path_of(place, "/completions/second")).status_code == 403
    assert Completion.objects.get().item_key == "second"


def every_call(place, attempt):
    """(method, path, body) of every learner's call."""
    answers = f"{API}/attempts/{attempt.public_id}"
    work = {"enrollment": place.public_id, "project": "work", "title": "x", "text": "y"}
    return [
        ("get", path_of(place), None),
        ("get", path_of(place, "/lessons/first"), None),
        ("get", path_of(place, "/projects/work"), None),
        ("post", path_of(place, "/completions"), {"key": "first"}),
        ("delete", path_of(place, "/completions/first"), None),
        ("post", f"{API}/attempts", {"enrollment": place.public_id, "exercise": "practice"}),
        ("get", answers, None),
        ("put", f"{answers}/answers", {"answers": {"word": "x"}}),
        ("post", f"{answers}/submission", {}),
        ("post", f"{API}/submissions", work),
    ]


def call(client, method, path, body):
    if method == "get":
        return client.get(path)
    return getattr(client, method)(path, body, format="json")


def test_a_stranger_gets_401_and_a_session_is_no_bearer(place, client):
    attempt = make.make_attempt(place)
    client.force_login(place.person)

    for method, path, body in every_call(place, attempt):
        assert call(APIClient(), method, path, body).status_code == 401
        assert getattr(client, method)(path).status_code == 401
    for path in ("enrollments", "attempts", "submissions", "grants"):
        assert client.get(f"{API}/{path}").status_code == 401


def test_anothers_place_and_attempt_do_not_exist(place):
    attempt = make.make_attempt(place)
    other = client_for(make.make_enrollment(course=place.course).person)

    for method, path, body in every_call(place, attempt):
        response = call(other, method, path, body)
        assert response.status_code == 404, path
        assert response.json()["code"] == "not_found"
    assert not Answer.objects.exists()
    assert not Completion.objects.exists()
    assert not Submission.objects.exists()
    assert other.get(f"{API}/attempts?enrollment={place.public_id}").json()["results"] == []


def test_ended_access_is_403_with_the_next_request_and_no_byte_of_the_course(api, place):
    attempt = make.make_attempt(place)
    Grant.objects.all().delete()

    for method, path, body in every_call(place, attempt):
        response = call(api, method, path, body)
        text = response.content.decode()
        assert make.PAID not in text
        assert "Prompt" not in text
        assert response.status_code == (200 if path == path_of(place) else 403), path
    assert api.get(path_of(place)).json()["is_open"] is False
    assert not Completion.objects.exists()


def test_no_field_beyond_those_named_can_be_set(api, place):
    attempt = make.make_attempt(place)
    extra = {
        "person": 1, "score": 99, "max_score": 99, "state": "graded", "is_right": True, "points": 9,
        "is_hidden": True, "is_sample": True, "author_name": "X", "source": "order", "edition": 9,
        "is_staff": True, "has_access": True, "public_id": "x",
    }  # fmt: skip

    api.post(
        f"{API}/attempts",
        {"enrollment": place.public_id, "exercise": "practice"} | extra,
        format="json",
    )
    api.put(
        f"{API}/attempts/{attempt.public_id}/answers",
        {"answers": {"word": "x"}} | extra,
        format="json",
    )
    api.post(path_of(place, "/completions"), {"key": "first"} | extra, format="json")
    work = {"enrollment": place.public_id, "project": "work", "title": "x", "text": "y"} | extra
    api.post(f"{API}/submissions", work, format="json")

    attempt.refresh_from_db()
    assert (attempt.state, attempt.score) == ("open", None)
    assert Answer.objects.get().is_right is None
    row = Submission.objects.get()
    assert (row.is_hidden, row.is_sample, row.author_name, row.is_public) == (
        False,
        False,
        "Ada",
        False,
    )
