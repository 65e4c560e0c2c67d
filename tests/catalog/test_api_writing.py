"""What staff write through the API beside courses' drafts: by whom, and what is refused."""

import io

import pytest
from django.forms.models import model_to_dict
from PIL import Image

from accounts.actions import keep_roles
from accounts.roles import INSTRUCTOR, LEARNER, MANAGER, SUPPORT
from catalog.models import (
    FAQ,
    Course,
    Cover,
    Instructor,
    Recommendation,
    SlugRedirect,
    Solution,
    Topic,
    TopicResource,
    TopicSection,
)
from catalog.queries.editions import draft_of
from engineroom import slots
from engineroom.models import AuditEntry
from tests.catalog.api import bearer
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_course,
    make_exercise,
    make_faq,
    make_instructor,
    make_topic,
)

pytestmark = pytest.mark.django_db
API = "/api/v1"
JSON = "application/json"
ROWS = (
    Topic,
    TopicSection,
    TopicResource,
    Recommendation,
    FAQ,
    Instructor,
    Cover,
    Solution,
    Course,
    SlugRedirect,
)


@pytest.fixture(autouse=True)
def own_slots(monkeypatch):
    monkeypatch.setattr(slots, "_slots", type(slots._slots)(list))


@pytest.fixture
def people(db):
    keep_roles()
    found = {
        role: make_user(is_staff=role != LEARNER, roles=[role])
        for role in (LEARNER, SUPPORT, INSTRUCTOR, MANAGER)
    }
    return found | {"headers": {role: bearer(person) for role, person in found.items()}}


@pytest.fixture
def school(people):
    """A course of the instructor's, one of somebody else's, a topic with one of everything."""
    teacher = make_instructor(slug="own", person=people[INSTRUCTOR])
    own = make_course(slug="own-course", instructors=[teacher], exercises=1)
    make_exercise(draft_of(own), key="quiz")
    other = make_course(slug="other-course", instructors=[make_instructor(slug="other")])
    topic = make_topic(slug="web", sections=1)
    Recommendation.objects.create(topic=topic, kind="course", course=other)
    TopicResource.objects.create(topic=topic, position=1, title="A", url="https://a.example")
    quiz = draft_of(own).exercises.get(key="quiz")
    Solution.objects.create(exercise=quiz, position=1, body=make_body("Old."))
    for key, owner in (("faq_t", {"topic": topic}), ("faq_own", {"course": own})):
        make_faq(public_id=key, **owner)
    make_faq(public_id="faq_other", course=other)
    make_exercise(draft_of(other), key="quiz")
    return people


@pytest.fixture
def ask(client, school):
    def ask(role, method, path, body=None, content_type=JSON):
        headers = school["headers"].get(role, {})
        given = {} if body is None else {"data": body, "content_type": content_type}
        return getattr(client, method)(API + path, headers=headers, **given)

    return ask


def everything() -> list:
    return [[model.__name__, *map(str, row.items())] for model in ROWS for row in dump(model)]


def dump(model):
    return [model_to_dict(row) | {"pk": row.pk} for row in model.objects.order_by("pk")]


def picture(kind="PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def test_a_topic_is_written_from_nothing_to_its_page(ask, client):
    made = ask(MANAGER, "post", "/topics", {"title": "Data", "introduction": "About *it*."})
    assert made.status_code == 201, made.content
    assert made["Location"] == "/api/v1/topics/data"
    assert made.json()["is_published"] is False
    assert client.get(f"{API}/topics/data").status_code == 404

    section = {"key": "first", "title": "First", "source": "Some **words**."}
    assert ask(MANAGER, "post", "/topics/data/sections", section).status_code == 201
    ask(MANAGER, "post", "/topics/data/sections", {"key": "second", "title": "Second"})
    ask(MANAGER, "post", "/topics/data/sections", {"key": "first", "title": "Anew"})
    key = Course.objects.get(slug="own-course").published_edition.lessons.get().key
    wanted = [
        {"kind": "lesson", "course": "own-course", "key": key},
        {"kind": "course", "course": "other-course"},
    ]
    ask(MANAGER, "put", "/topics/data/recommendations", {"recommendations": wanted[::-1]})
    put = ask(MANAGER, "put", "/topics/data/recommendations", {"recommendations": wanted})
    assert [row["kind"] for row in put.json()["recommendations"]] == ["lesson", "course"]
    links = [
        {"title": "A", "url": "https://a.example", "note": "Short"},
        {"title": "B", "url": "https://b.example"},
    ]
    ask(MANAGER, "put", "/topics/data/resources", {"resources": links})
    ask(MANAGER, "put", "/topics/data/resources", {"resources": links[1:]})
    changed = ask(MANAGER, "patch", "/topics/data", {"is_published": True, "slug": "facts"})

    assert changed.json()["slug"] == "facts"
    assert changed.json()["introduction"] == "About *it*."
    page = client.get(f"{API}/topics/facts").json()
    assert [row["title"] for row in page["sections"]] == ["Anew", "Second"]
    assert "<strong>words</strong>" in page["sections"][0]["html"]
    assert [row["slug"] for row in page["courses"]] == ["other-course"]
    assert [row["key"] for row in page["lessons"]] == [key]
    assert [row["title"] for row in page["resources"]] == ["B"]
    assert SlugRedirect.objects.get().new_slug == "facts"
    source = ask(MANAGER, "get", "/topics/facts/source").json()
    assert source["sections"][0]["source"] == "Some **words**."
    assert ask(MANAGER, "delete", "/topics/facts/sections/second").status_code == 204
    assert ask(MANAGER, "delete", "/topics/facts").status_code == 204
    assert not Topic.objects.filter(slug="facts").exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"topic.saved", "topic.changed", "topic.deleted"} <= actions


def test_a_faq_is_written(ask, client):
    body = {"topic": "web", "question": "Why?", "answer": "Be*cause*.", "position": 3}
    made = ask(MANAGER, "post", "/faqs", body)
    assert made.status_code == 201, made.content
    place = f"/faqs/{made.json()['id']}"
    assert made["Location"] == API + place

    changed = ask(MANAGER, "patch", place, {"answer": "**So.**", "topic": None, "course": "x"})

    assert "<strong>So.</strong>" in changed.json()["answer_html"]
    assert changed.json()["topic"] == "web"
    assert ask(MANAGER, "get", place).json()["position"] == 3
    assert "Why?" in client.get(f"{API}/faqs?topic=web").content.decode()
    assert ask(MANAGER, "delete", place).status_code == 204
    assert ask(MANAGER, "get", place).status_code == 404


def test_a_cover_is_drawn_pictured_and_drawn_again(ask):
    path = "/courses/own-course/cover"
    assert ask(INSTRUCTOR, "get", path).json() == {"palette": None, "motif": None, "picture": None}
    ask(INSTRUCTOR, "patch", path, {"palette": 3, "motif": 2})
    shown = ask(INSTRUCTOR, "put", f"{path}/picture", picture(), "image/png")

    assert shown.status_code == 200, shown.content
    assert shown.json()["picture"].endswith("/own-course-cover.png")
    assert shown.json()["palette"] == 3
    moved = ask(INSTRUCTOR, "patch", path, {"motif": None}).json()
    assert (moved["motif"], moved["palette"], bool(moved["picture"])) == (None, 3, True)
    gone = ask(INSTRUCTOR, "delete", f"{path}/picture")
    assert gone.json() == {"palette": 3, "motif": None, "picture": None}
    assert ask(INSTRUCTOR, "delete", f"{path}/picture").json() == gone.json()


def test_solutions_modules_and_the_order_of_items_are_written(ask):
    path = "/courses/own-course/exercises/quiz"
    ask(INSTRUCTOR, "post", f"{path}/solutions", {"title": "Second", "source": "New *words*."})
    ask(INSTRUCTOR, "post", f"{path}/solutions", {"position": 1, "title": "Named"})

    shown = ask(INSTRUCTOR, "get", f"{path}?edition=draft").json()["solutions"]
    assert [(row["title"], row["source"]) for row in shown] == [
        ("Named", "Old."),
        ("Second", "New *words*."),
    ]
    assert ask(INSTRUCTOR, "delete", f"{path}/solutions/1").status_code == 204
    assert ask(INSTRUCTOR, "delete", f"{path}/solutions/1").status_code == 404
    draft = draft_of(Course.objects.get(slug="own-course"))
    module = draft.modules.get()
    rows = [*draft.lessons.all(), *draft.exercises.all()]
    keys = [row.key for row in rows][::-1]
    order = f"/courses/own-course/modules/{module.key}"
    assert ask(INSTRUCTOR, "post", f"{order}/order", {"keys": keys}).status_code == 204
    assert draft.exercises.get(key=keys[0]).position == 1
    assert ask(INSTRUCTOR, "delete", order).status_code == 204
    assert not draft.modules.exists()


def test_an_instructor_is_written(ask, school):
    person = school[LEARNER].public_id
    made = ask(MANAGER, "post", "/instructors", {"name": "Ada L", "person": person})
    assert made.status_code == 201, made.content
    assert made.json()["person"] == person
    changed = ask(MANAGER, "patch", "/instructors/ada-l", {"slug": "ada", "person": None})
    assert (changed.json()["slug"], changed.json()["person"]) == ("ada", None)
    listed = ask(MANAGER, "get", "/instructors").json()["results"]
    assert {row["slug"] for row in listed} == {"own", "other", "ada"}
    assert ask(MANAGER, "delete", "/instructors/ada").status_code == 204
    assert not Instructor.objects.filter(slug="ada").exists()


def test_an_instructor_writes_what_is_theirs(ask, school):
    made = ask(INSTRUCTOR, "post", "/courses", {"title": "Mine"})
    assert made.status_code == 201, made.content
    assert [row["slug"] for row in made.json()["instructors"]] == ["own"]
    assert ask(INSTRUCTOR, "patch", "/courses/mine", {"title": "My own"}).status_code == 200
    assert ask(INSTRUCTOR, "patch", "/instructors/own", {"bio": "New."}).status_code == 200
    faq = {"course": "mine", "question": "Why?", "answer": "So."}
    assert ask(INSTRUCTOR, "post", "/faqs", faq).status_code == 201
    assert ask(INSTRUCTOR, "patch", "/faqs/faq_own", {"answer": "x"}).status_code == 200


OTHERS = [
    ("patch", "/courses/other-course", {"title": "x"}),
    ("delete", "/courses/other-course", None),
    ("post", "/courses/other-course/publication", {}),
    ("post", "/courses/other-course/modules", {"key": "x", "title": "x"}),
    ("post", "/courses/other-course/exercises/quiz/solutions", {"source": "x"}),
    ("patch", "/courses/other-course/cover", {"palette": 1}),
    ("put", "/courses/other-course/cover/picture", {}),
    ("patch", "/faqs/faq_other", {"answer": "x"}),
    ("post", "/faqs", {"course": "other-course", "question": "x", "answer": "x"}),
    ("patch", "/instructors/other", {"name": "x"}),
    ("patch", "/instructors/own", {"person": None}),
    ("post", "/instructors", {"name": "x", "person": "person_x"}),
    ("delete", "/courses/own-course", None),
    ("delete", "/faqs/faq_own", None),
    ("delete", "/topics/web", None),
]


def test_an_instructor_does_not_write_what_is_not(ask):
    before = everything()
    for method, path, body in OTHERS:
        if path.endswith("/picture"):
            refused = ask(INSTRUCTOR, method, path, picture(), "image/png")
        else:
            refused = ask(INSTRUCTOR, method, path, body)

        assert refused.status_code == 403, (method, path, refused.content)
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["code"] in ("not_allowed", "permission_denied")
        assert everything() == before, (method, path)


def test_a_new_course_of_an_instructor_names_them(ask, school):
    before = everything()
    body = {"title": "x", "instructors": ["other"]}

    refused = ask(INSTRUCTOR, "post", "/courses", body)

    assert refused.json()["errors"][0]["field"] == "instructors"
    Instructor.objects.filter(slug="own").update(person=None)
    assert ask(INSTRUCTOR, "post", "/courses", {"title": "x"}).status_code == 403
    Instructor.objects.filter(slug="own").update(person=school[INSTRUCTOR])
    assert everything() == before


STAFF_ONLY = [
    ("post", "/topics", {"title": "x"}),
    ("patch", "/topics/web", {"title": "x"}),
    ("delete", "/topics/web", None),
    ("get", "/topics/web/source", None),
    ("post", "/topics/web/sections", {"key": "x", "title": "x"}),
    ("delete", "/topics/web/sections/section-1", None),
    ("put", "/topics/web/recommendations", {"recommendations": []}),
    ("put", "/topics/web/resources", {"resources": []}),
    ("post", "/faqs", {"topic": "web", "question": "x", "answer": "x"}),
    ("get", "/faqs/faq_t", None),
    ("patch", "/faqs/faq_t", {"answer": "x"}),
    ("delete", "/faqs/faq_t", None),
    ("get", "/instructors", None),
    ("post", "/instructors", {"name": "x"}),
    ("patch", "/instructors/own", {"name": "x"}),
    ("delete", "/instructors/own", None),
    ("get", "/courses/own-course/cover", None),
    ("patch", "/courses/own-course/cover", {"palette": 1}),
    ("delete", "/courses/own-course/cover/picture", None),
    ("post", "/courses/own-course/exercises/quiz/solutions", {"source": "x"}),
    ("delete", "/courses/own-course/exercises/quiz/solutions/1", None),
    ("delete", "/courses/own-course/modules/m", None),
    ("post", "/courses/own-course/modules/m/order", {"keys": []}),
]


def test_only_staff_with_the_right_write(ask):
    before = everything()
    for method, path, body in STAFF_ONLY:
        assert ask("nobody", method, path, body).status_code == 401, (method, path)
        assert ask(LEARNER, method, path, body).status_code == 403, (method, path)
        assert method == "get" or ask(SUPPORT, method, path, body).status_code == 403
        assert everything() == before, (method, path)


def recommended(*rows) -> dict:
    names = ("kind", "course", "key")
    return {"recommendations": [dict(zip(names, row, strict=False)) for row in rows]}


RECOMMEND, COURSE = "/topics/web/recommendations", ("course", "own-course")
NO_LESSON = ("lesson", "own-course", "no")
BOTH = {"topic": "web", "course": "own-course", "question": "x", "answer": "x"}
SOLVE = "/courses/own-course/exercises/quiz/solutions"
BAD_LINK = {"resources": [{"title": "x", "url": "javascript:1"}]}
WRONG = [
    ("post", "/topics", {}, "invalid", "title"),
    ("post", "/topics", {"title": "x", "slug": "web"}, "slug_taken", "slug"),
    ("post", "/topics", {"title": "x", "slug": "a b"}, "invalid", "slug"),
    ("patch", "/topics/web", {"title": ""}, "invalid", "title"),
    ("patch", "/topics/web", {"position": -1}, "invalid", "position"),
    ("post", "/topics/web/sections", {"title": "x"}, "invalid", "key"),
    ("put", RECOMMEND, {}, "invalid", "recommendations"),
    ("put", RECOMMEND, recommended(("course", "no")), "invalid", "recommendations.0.course"),
    ("put", RECOMMEND, recommended(COURSE, NO_LESSON), "invalid", "recommendations.1.key"),
    ("put", RECOMMEND, recommended(("lesson", "own-course")), "invalid", "recommendations.0"),
    ("put", RECOMMEND, recommended(COURSE, COURSE), "invalid", "recommendations.1"),
    ("put", "/topics/web/resources", BAD_LINK, "invalid", "resources.0.url"),
    ("post", "/faqs", {"question": "x", "answer": "x"}, "invalid", "topic"),
    ("post", "/faqs", BOTH, "invalid", "topic"),
    ("patch", "/faqs/faq_t", {"answer": ""}, "invalid", "answer"),
    ("post", "/instructors", {"name": "x", "slug": "own"}, "slug_taken", "slug"),
    ("patch", "/instructors/own", {"person": "person_nobody"}, "invalid", "person"),
    ("patch", "/courses/own-course/cover", {"palette": 8}, "invalid", "palette"),
    ("post", SOLVE, {"title": "x"}, "invalid", "source"),
    ("post", SOLVE, {"position": 0, "source": "x"}, "invalid", "position"),
]


def test_wrong_input_changes_nothing(ask):
    before = everything()
    for method, path, body, code, field in WRONG:
        refused = ask(MANAGER, method, path, body)

        assert refused.status_code == 400, (path, body, refused.content)
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["code"] == code
        assert refused.json()["errors"][0]["field"] == field
        assert everything() == before, (path, body)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "image/png", 400, "bad_picture"),
        (b"no picture", "image/png", 400, "bad_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml", 400, None),
        (picture(), "application/json", 415, "unsupported_media_type"),
        (b"x" * 12_000_001, "image/png", 413, "too_large"),
    ],
)
def test_what_is_no_picture_is_no_cover(ask, body, content_type, status, code):
    before = everything()

    refused = ask(MANAGER, "put", "/courses/own-course/cover/picture", body, content_type)

    assert refused.status_code == status, refused.content
    assert refused.json()["code"] == code or code is None
    assert everything() == before


@pytest.mark.parametrize(
    "path",
    [
        "/topics/none/source",
        "/faqs/none",
        "/courses/none/cover",
        "/topics/%00/source",
    ],
)
def test_what_is_not_there_is_404(ask, path):
    assert ask(MANAGER, "get", path).status_code in (400, 404)
