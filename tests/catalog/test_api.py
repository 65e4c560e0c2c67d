"""The catalog's API: lists, single rows, what staff write."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Course, Edition, Lesson, Question
from catalog.queries.editions import draft_of
from engineroom import slots
from tests.catalog.api import bearer
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_course,
    make_draft,
    make_exercise,
    make_faq,
    make_instructor,
    make_lesson,
    make_question,
    make_topic,
)

pytestmark = pytest.mark.django_db
API = "/api/v1"
JSON = "application/json"


@pytest.fixture(autouse=True)
def own_slots(monkeypatch):
    monkeypatch.setattr(slots, "_slots", type(slots._slots)(list))


@pytest.fixture
def staff():
    return bearer(make_user(is_superuser=True, is_staff=True))


def slugs(response) -> list[str]:
    return [row["slug"] for row in response.json()["results"]]


def test_courses_are_listed_filtered_sorted_and_paged(client):
    topic = make_topic(slug="web")
    for index in range(5):
        make_course(slug=f"c{index}", title=f"Title {4 - index}", topics=[topic] if index else [])
    make_course(is_published=False)

    first = client.get(f"{API}/courses?page_size=3&sort=title")
    second = client.get(first.json()["next"])

    assert slugs(first) + slugs(second) == ["c4", "c3", "c2", "c1", "c0"]
    assert set(slugs(client.get(f"{API}/courses?topic=web"))) == {"c1", "c2", "c3", "c4"}
    assert slugs(client.get(f"{API}/courses?q=4")) == ["c0"]
    assert first["Cache-Control"] == "public, max-age=60"


def test_a_list_takes_the_same_number_of_queries_for_one_and_five(client):
    paths = [
        f"{API}/{name}"
        for name in ("courses", "lessons", "exercises", "projects", "topics", "faqs")
    ]

    def fill():
        course = make_course(exercises=1, projects=1, instructors=[make_instructor()])
        make_faq(course=course)
        make_topic()

    def measured():
        found = {}
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            found[path] = len(captured)
        return found

    fill()
    one = measured()
    for _ in range(4):
        fill()

    assert measured() == one


def test_an_unchanged_answer_is_304(client):
    make_course(slug="c")
    first = client.get(f"{API}/courses/c")

    again = client.get(f"{API}/courses/c", headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304


def test_details_of_everything_are_read(client):
    topic = make_topic(sections=1, slug="t")
    teacher = make_instructor(slug="i")
    course = make_course(slug="c", exercises=1, projects=1, topics=[topic], instructors=[teacher])
    make_faq(course=course)
    edition = course.published_edition
    key = edition.lessons.get().key

    detail = client.get(f"{API}/courses/c").json()
    assert detail["edition"]["number"] == 1
    assert detail["topics"] == [{"slug": "t", "title": topic.title}]
    assert "What the course is about" in detail["description_html"]
    assert len(detail["faqs"]) == 1
    lesson = client.get(f"{API}/courses/c/lessons/{key}").json()
    assert lesson["is_open"]
    assert "A server waits" in lesson["html"]
    assert lesson["source"] is None
    contents = client.get(f"{API}/courses/c/contents").json()
    assert [row["kind"] for row in contents["modules"][0]["items"]] == [
        "lesson",
        "exercise",
        "project",
    ]
    assert client.get(f"{API}/topics/t").json()["sections"][0]["key"] == "section-1"
    assert client.get(f"{API}/instructors/i").json()["courses"][0]["slug"] == "c"
    assert client.get(f"{API}/topics").json()[0]["course_count"] == 1


HOSTILE = [
    ("/courses?cursor=%00", 404),
    ("/courses?cursor=cD14", 400),
    ("/courses?sort=title&cursor=cD0lMDA%3D", 200),
    ("/courses?level=nonsense", 400),
    ("/courses?price=nonsense", 400),
    ("/courses?q=" + "x" * 200, 400),
    ("/courses?q=%00", 200),
    ("/courses?page_size=99999999999999999999", 200),
    ("/courses/%00", 404),
    ("/courses/nothing", 404),
    ("/courses/c?edition=nonsense", 400),
    ("/courses/c/lessons/%00", 404),
    ("/courses/c/lessons/nothing", 404),
    ("/topics/nothing", 404),
    ("/instructors/nothing", 404),
    ("/faqs?topic=%00", 200),
]


@pytest.mark.parametrize(("path", "status"), HOSTILE)
def test_bad_input_has_a_clear_answer(client, path, status):
    make_course(slug="c")

    response = client.get(API + path)

    assert response.status_code < 500
    if status == 400:
        assert response.status_code in (400, 404)
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"]


def test_staff_see_the_whole_draft(client, staff):
    edition = make_draft(slug="c")
    make_lesson(edition, key="good")
    make_lesson(edition, key="bad", body=make_body(""))
    exercise = make_exercise(edition, key="quiz")
    make_question(exercise, key="hopeless", right=())
    client.post(f"{API}/courses/c/modules", {"key": "m2", "title": "Two"}, JSON, headers=staff)
    client.post(
        f"{API}/courses/c/lessons",
        {"module": "m2", "title": "Three", "source": "x"},
        JSON,
        headers=staff,
    )

    contents = client.get(f"{API}/courses/c/contents?edition=draft", headers=staff).json()

    items = {row["key"]: row for module in contents["modules"] for row in module["items"]}
    assert set(items) == {"good", "bad", "quiz", "three"}
    assert items["bad"]["problem"] == "It has no text."
    problems = [question["problem"] for question in items["quiz"]["questions"]]
    assert problems == ["", "The question has no right option."]
    assert items["quiz"]["questions"][0]["options"][0]["is_right"]
    assert client.get(f"{API}/courses/c/contents").status_code == 404


def test_a_course_is_written_and_published_through_the_api(client, staff):
    def post(path, body, status=201):
        response = client.post(f"{API}{path}", body, JSON, headers=staff)
        assert response.status_code == status, response.content
        return response.json() if response.content else None

    post("/courses", {"title": "Queues", "description": "About *it*.", "outcomes": ["Wait"]})
    post("/courses/queues/modules", {"key": "one", "title": "One"})
    post(
        "/courses/queues/lessons",
        {"module": "one", "title": "Wait", "source": "# Hi", "is_open": True},
    )
    post("/courses/queues/exercises", {"module": "one", "title": "Quiz"})
    question = {
        "kind": "single",
        "prompt": "Which?",
        "options": [{"text": "a", "is_right": True}, {"text": "b"}],
    }
    post("/courses/queues/exercises/quiz/questions", question)
    post(
        "/courses/queues/projects",
        {
            "module": "one",
            "title": "Make",
            "source": "It.",
            "hours": 3,
            "rubric": [{"criterion": "Works", "points": 10}],
        },
    )
    changed = client.patch(
        f"{API}/courses/queues",
        {"summary": "Waiting well.", "is_free": False},
        JSON,
        headers=staff,
    )
    assert changed.status_code == 200
    edition = post("/courses/queues/publication", {})
    assert edition["number"] == 1

    course = Course.objects.get()
    assert (course.summary, course.is_free, course.exercise_count) == ("Waiting well.", False, 1)
    assert client.get(f"{API}/courses/queues/lessons/wait").json()["html"].startswith("<h2")
    assert post("/courses/queues/publication", {}, 409)["code"] == "nothing_changed"
    post("/courses/queues/withdrawal", {"edition": edition["id"], "reason": "Rights"}, 200)
    assert client.get(f"{API}/courses/queues").status_code == 404
    draft = client.get(f"{API}/courses/queues/projects/make?edition=draft", headers=staff).json()
    assert draft["rubric"] == [{"criterion": "Works", "points": 10}]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/courses"),
        ("patch", "/courses/c"),
        ("delete", "/courses/c"),
        ("post", "/courses/c/publication"),
        ("post", "/courses/c/withdrawal"),
        ("post", "/courses/c/order"),
        ("post", "/courses/c/modules"),
        ("post", "/courses/c/lessons"),
        ("patch", "/courses/c/lessons/k"),
        ("delete", "/courses/c/lessons/k"),
        ("post", "/courses/c/exercises/k/questions"),
        ("delete", "/courses/c/exercises/k/questions/q"),
    ],
)
def test_only_staff_write(client, method, path):
    edition = make_draft(slug="c")
    make_lesson(edition, key="k")
    person = bearer(make_user())

    nobody = getattr(client, method)(API + path, {"title": "x"}, JSON)
    learner = getattr(client, method)(API + path, {"title": "x"}, JSON, headers=person)

    assert nobody.status_code == 401
    assert learner.status_code == 403
    assert Course.objects.get().title != "x"
    assert Lesson.objects.get().key == "k"
    assert Edition.objects.get().is_draft


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/courses", {"title": "x", "slug": "c"}, "slug_taken"),
        ("/courses/c/lessons", {"module": "no", "title": "x"}, "invalid"),
        ("/courses/c/lessons", {"module": "m", "title": "x", "key": "k"}, "key_taken"),
        ("/courses/c/lessons", {"module": "m", "title": "a\0b"}, "parse_error"),
        ("/courses/c/lessons", {"module": "m", "title": "x", "minutes": 10**30}, "parse_error"),
        ("/courses/c/lessons", [], "invalid"),
        ("/courses/c/exercises/e/questions", {"kind": "nonsense", "prompt": "x"}, "invalid"),
        (
            "/courses/c/exercises/e/questions",
            {"kind": "text", "prompt": "x", "answer": 5},
            "invalid",
        ),
        ("/courses/c/order", {"keys": ["a"]}, "bad_order"),
    ],
)
def test_refused_writes_change_nothing(client, staff, path, body, code):
    edition = make_draft(slug="c")
    lesson = make_lesson(edition, key="k")
    lesson.module.key = "m"
    lesson.module.save()
    make_exercise(edition, key="e", questions=0)

    response = client.post(API + path, body, JSON, headers=staff)

    assert response.status_code in (400, 409), response.content
    assert response.json()["code"] == code
    assert Course.objects.count() == 1
    assert Lesson.objects.count() == 1
    assert not Question.objects.exists()


def test_items_of_a_draft_are_changed_and_deleted(client, staff):
    course = make_course(slug="c", lessons=2)
    key = draft_of(course).lessons.first().key
    path = f"{API}/courses/c/lessons/{key}"

    changed = client.patch(path, {"title": "New", "source": "New *text*."}, JSON, headers=staff)

    assert changed.json()["title"] == "New"
    assert "<em>text</em>" in changed.json()["html"]
    assert course.published_edition.lessons.get(key=key).title != "New"
    assert client.delete(path, headers=staff).status_code == 204
    assert draft_of(course).lessons.count() == 1
    assert course.published_edition.lessons.count() == 2
    assert client.delete(f"{API}/courses/c", headers=staff).json()["code"] == "still_used"
