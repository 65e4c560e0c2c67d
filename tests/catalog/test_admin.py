"""The catalog in the admin: every page opens, drafts are written, published rows are not."""

import time

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import FAQ, Course, Edition, Exercise, Lesson, Question, SlugRedirect, Topic
from engineroom.models import AuditEntry
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_course,
    make_cover,
    make_draft,
    make_exercise,
    make_faq,
    make_instructor,
    make_lesson,
    make_module,
    make_topic,
)
from tests.unkept import unkept

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def browser(client, staff):
    client.force_login(staff)
    return client


def models():
    return [model for model in admin.site._registry if model._meta.app_label == "catalog"]


def address(model, page, *args):
    return reverse(f"admin:catalog_{model._meta.model_name}_{page}", args=args)


def fill(count: int):
    for _ in range(count):
        topic = make_topic(sections=1)
        course = make_course(exercises=1, projects=1, topics=[topic])
        make_faq(course=course)
        make_instructor()
        make_cover(course)


def queries(browser, model) -> int:
    with CaptureQueriesContext(connection) as seen:
        response = browser.get(address(model, "changelist"))
    assert response.status_code == 200, model
    return len(seen)


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    """By model: queries of the list for one and for five rows, and what rows' own pages answer."""
    with unkept(django_db_blocker):
        browser = Client()
        browser.force_login(make_user(is_staff=True, is_superuser=True))
        fill(1)
        for model in models():
            browser.get(address(model, "changelist"))
        one = {model: queries(browser, model) for model in models()}
        rows = {
            model: [
                browser.get(address(model, "change", row.pk)).status_code
                for row in model._default_manager.all()[:4]
            ]
            for model in models()
        }
        fill(4)
        return {
            model: (
                (one[model], queries(browser, model)),
                browser.get(address(model, "changelist"), {"q": "1"}).status_code,
                rows[model],
            )
            for model in models()
        }


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_list_takes_the_same_number_of_queries_for_one_and_five(seen, model):
    (one, five), searched, _ = seen[model]

    assert one == five
    assert searched == 200


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_row_opens(seen, model):
    assert set(seen[model][2]) <= {200}


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_people_without_permission_see_nothing(client, model):
    client.force_login(make_user(is_staff=True))

    assert client.get(address(model, "changelist")).status_code == 403


def course_fields(**fields) -> dict:
    return {
        "slug": "",
        "title": "Queues",
        "summary": "Waiting well.",
        "level": "advanced",
        "language": "en",
        "description": "About *queues*.",
        "outcomes": "Wait\nServe",
        "requirements": "",
        "is_free": "on",
        "palette": "",
        "motif": "",
    } | fields


def test_a_course_is_made_with_its_draft(browser):
    response = browser.post(address(Course, "add"), course_fields(palette="3"))

    assert response.status_code == 302
    course = Course.objects.get()
    draft = course.editions.get()
    assert (course.slug, course.title, draft.level) == ("queues", "Queues", "advanced")
    assert draft.outcomes == ["Wait", "Serve"]
    assert "<em>queues</em>" in draft.description.html
    assert course.cover.palette == 3
    assert AuditEntry.objects.filter(action="course.created").exists()


def test_a_taken_address_is_refused_and_nothing_is_made(browser):
    make_draft(slug="queues")

    browser.post(address(Course, "add"), course_fields(slug="queues"))

    assert Course.objects.count() == 1


def test_another_slug_leaves_a_redirect(browser):
    course = make_course(slug="old")

    browser.post(address(Course, "change", course.pk), course_fields(slug="new"))

    assert Course.objects.get().slug == "new"
    assert SlugRedirect.objects.get().new_slug == "new"
    assert browser.get("/courses/old/").status_code == 301
    assert browser.get("/courses/old/")["Location"] == "/courses/new/"


def test_a_course_on_offer_keeps_its_facts_until_the_draft_is_published(browser):
    course = make_course(title="Before", slug="c")

    browser.post(address(Course, "change", course.pk), course_fields(slug="c", title="After"))

    assert Course.objects.get().title == "Before"
    assert Edition.objects.get(state="draft").title == "After"


def test_publishing_asks_first_and_then_publishes(browser, staff):
    edition = make_draft()
    make_lesson(edition)
    make_lesson(edition, title="Empty one", body=" ")
    page = reverse("admin:catalog_course_publish", args=[edition.course_id])

    assert browser.get(page).status_code == 200
    assert Edition.objects.get(pk=edition.pk).is_draft
    response = browser.post(page)

    assert response.status_code == 302
    assert Edition.objects.get(pk=edition.pk).number == 1
    assert AuditEntry.objects.get(action="edition.published").actor == staff


def test_publishing_nothing_says_so(browser):
    edition = make_draft()
    page = reverse("admin:catalog_course_publish", args=[edition.course_id])

    response = browser.post(page, follow=True)

    assert "no lesson, exercise or project" in response.content.decode()
    assert Edition.objects.get(pk=edition.pk).is_draft


def test_publishing_needs_the_permission(client):
    edition = make_draft()
    make_lesson(edition)
    client.force_login(make_user(is_staff=True))

    response = client.post(reverse("admin:catalog_course_publish", args=[edition.course_id]))

    assert response.status_code == 403
    assert Edition.objects.get(pk=edition.pk).is_draft


def test_withdrawing_needs_a_reason(browser):
    course = make_course()
    page = reverse("admin:catalog_edition_withdraw", args=[course.published_edition_id])

    browser.post(page, {"reason": " "})
    assert Course.objects.get().published_edition_id
    browser.post(page, {"reason": "Rights"})

    assert Course.objects.get().published_edition_id is None


def lesson_fields(edition, module, **fields) -> dict:
    return {
        "edition": edition.pk,
        "module": module.pk,
        "title": "Waiting",
        "key": "",
        "summary": "",
        "position": "",
        "minutes": "",
        "source": "Some **words**.",
    } | fields


def test_a_lesson_is_written_and_rendered(browser):
    edition = make_draft()
    module = make_module(edition)

    response = browser.post(address(Lesson, "add"), lesson_fields(edition, module))

    assert response.status_code == 302
    lesson = Lesson.objects.get()
    assert lesson.key == "waiting"
    assert "<strong>words</strong>" in lesson.body.html
    assert lesson.minutes == 1
    assert lesson.position == 1


def test_a_key_is_unique_over_lessons_exercises_and_projects(browser):
    edition = make_draft()
    exercise = make_exercise(edition, key="same")

    browser.post(address(Lesson, "add"), lesson_fields(edition, exercise.module, key="same"))

    assert not Lesson.objects.exists()


def test_a_published_lesson_cannot_be_changed(browser):
    course = make_course()
    lesson = course.published_edition.lessons.get()

    response = browser.post(
        address(Lesson, "change", lesson.pk),
        lesson_fields(lesson.edition, lesson.module, title="Other"),
    )

    assert response.status_code == 403
    assert browser.post(address(Lesson, "delete", lesson.pk), {"post": "yes"}).status_code == 403
    assert Lesson.objects.get(pk=lesson.pk).title == lesson.title


def inline(prefix: str, rows: list[dict], initial: int = 0) -> dict:
    found = {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": initial,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for index, row in enumerate(rows):
        found |= {f"{prefix}-{index}-{name}": value for name, value in row.items()}
    return found


def test_a_question_is_written_with_its_options(browser):
    edition = make_draft()
    exercise = make_exercise(edition, questions=0)
    fields = {
        "exercise": exercise.pk,
        "kind": "single",
        "prompt": "How *many*?",
        "explanation": "",
        "answer": "{}",
        "key": "",
        "position": "",
    }
    options = [
        {"position": 1, "key": "a", "text": "One", "is_right": "on", "why": "Yes", "match": ""},
        {"position": 2, "key": "b", "text": "Two", "why": "", "match": ""},
    ]

    response = browser.post(address(Question, "add"), fields | inline("options", options))

    assert response.status_code == 302
    question = Question.objects.get()
    assert question.prompt_html == "How <em>many</em>?"
    assert list(question.options.values_list("key", "is_right")) == [("a", True), ("b", False)]
    assert question.problem == ""
    assert Exercise.objects.get().question_count == 1

    rows = [
        {
            "id": row.pk,
            "question": question.pk,
            "position": row.position,
            "key": row.key,
            "text": row.text,
            "why": row.why,
            "match": "",
        }
        for row in question.options.all()
    ]
    browser.post(
        address(Question, "change", question.pk),
        fields | {"key": question.key, "position": 1} | inline("options", rows, 2),
    )

    assert Question.objects.get().problem == "The question has no right option."
    assert Question.objects.get().options.count() == 2


@pytest.mark.parametrize("count", [501, 2000, 10**9, 10**40])
@pytest.mark.parametrize("name", ["TOTAL_FORMS", "INITIAL_FORMS"])
def test_rows_without_number_are_refused_at_once(browser, name, count):
    topic = make_topic(sections=1)
    fields = {"title": "Other", "slug": topic.slug, "position": 0}
    for prefix in ("sections", "recommendations", "resources", "faqs"):
        fields |= inline(prefix, []) | {f"{prefix}-{name}": count}
    began = time.process_time()

    response = browser.post(address(Topic, "change", topic.pk), fields)

    assert time.process_time() - began < 1
    assert response.status_code == 200
    assert (
        "At most 500 rows fit on this page." in response.text or "ManagementForm" in response.text
    )
    assert Topic.objects.get().title == topic.title
    assert topic.sections.count() == 1


def test_a_topic_is_written_with_its_sections_and_questions(browser):
    course = make_course()
    fields = {
        "title": "Waiting",
        "slug": "",
        "summary": "",
        "introduction": "An *introduction*.",
        "is_published": "on",
        "position": "0",
    }
    parts = (
        inline("sections", [{"position": 1, "key": "why", "title": "Why", "source": "# Because"}])
        | inline(
            "recommendations", [{"position": 1, "kind": "course", "course": course.pk, "key": ""}]
        )
        | inline("resources", [])
        | inline("faqs", [{"position": 1, "question": "Why?", "answer": "So."}])
    )

    response = browser.post(address(Topic, "add"), fields | parts)

    assert response.status_code == 302
    topic = Topic.objects.get()
    assert topic.slug == "waiting"
    assert '<h3 id="why-because">' in topic.sections.get().body.html
    assert FAQ.objects.get().answer_html == "So."
    page = browser.get("/topics/waiting/").content.decode()
    assert course.title in page


def test_a_recommended_item_must_exist(browser):
    topic, course = make_topic(), make_course()
    fields = {
        "title": topic.title,
        "slug": topic.slug,
        "position": 0,
        "introduction": "",
        "summary": "",
    }
    parts = (
        inline("sections", [])
        | inline(
            "recommendations", [{"position": 1, "kind": "lesson", "course": course.pk, "key": "no"}]
        )
        | inline("resources", [])
        | inline("faqs", [])
    )

    browser.post(address(Topic, "change", topic.pk), fields | parts)

    assert not topic.recommendations.exists()
