"""The same learning through the API, by bearer only."""

import json

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from learning.models import Answer, Attempt, Completion, Enrollment, Grant, Submission
from tests.factories import learning as make
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db
API = "/api/v1"


def client_for(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


@pytest.fixture
def place():
    return make.make_enrollment()


@pytest.fixture
def api(place):
    return client_for(place.person)


@pytest.fixture
def staff():
    person = make_user(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="add_grant"))
    return person


def send(client, method, path, body):
    """As ASCII JSON, so that lone surrogates travel as a hostile client would send them."""
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


def path_of(place, rest=""):
    return f"{API}/enrollments/{place.public_id}{rest}"


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
