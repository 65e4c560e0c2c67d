"""The demo school's text: enough of it, all of it its own, every answer explained."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from django.conf import settings

DEMO = Path(settings.BASE_DIR) / "demo"
LESSONS = sorted(
    path
    for path in DEMO.glob("courses/*/*/*.md")
    if not path.name.endswith(".project.md") and path.name != "module.md"
)
EXERCISES = sorted(DEMO.glob("courses/*/*/*.exercise.yaml"))
PROJECTS = sorted(DEMO.glob("courses/*/*/*.project.md"))
TOPICS = sorted(DEMO.glob("topics/*.md"))
COURSES = sorted(DEMO.glob("courses/*/course.md"))
NAMED_COURSES = {
    "html-foundations",
    "css-foundations",
    "enhancing-ux-workflow-with-ai",
    "reducing-user-churn",
    "ai-fundamentals-for-ux",
    "ai-prompts-foundations",
    "human-centered-ai",
    "introduction-to-chat-assistants",
    "backend-development",
}
NAMED_LESSONS = {
    "html-layout-size-and-composition",
    "implementing-changes-in-service-design",
    "system-buttons-and-actions",
}


def front_matter(path: Path) -> tuple[dict, str]:
    """The YAML in front of a Markdown file, and the Markdown."""
    _, head, body = path.read_text().split("---\n", 2)
    return yaml.safe_load(head), body


def prose(body: str) -> str:
    """A lesson's own words, without listings."""
    return re.sub(r"```.*?```", "", body, flags=re.S)


def short(path: Path) -> str:
    return str(path.relative_to(DEMO))


def test_the_school_has_the_topics_courses_and_items_it_promises():
    faqs = [faq for path in [*TOPICS, *COURSES] for faq in front_matter(path)[0].get("faqs", [])]
    priced = [path for path in COURSES if front_matter(path)[0].get("price")]

    assert {path.parent.name for path in COURSES} == NAMED_COURSES
    assert len(TOPICS) >= 3
    assert len(LESSONS) >= 40
    assert len(EXERCISES) >= 30
    assert len(PROJECTS) >= 6
    assert len(faqs) >= 15
    assert 0 < len(priced) < len(COURSES)
    keys = {re.sub(r"^\d+-", "", path.stem) for path in LESSONS}
    assert keys >= NAMED_LESSONS


def test_backend_development_is_the_deepest_course_and_its_topic_a_full_article():
    lessons = [path for path in LESSONS if "backend-development" in str(path)]
    head, body = front_matter(DEMO / "topics" / "backend-development.md")

    assert len(lessons) >= 12
    assert len(body.split()) >= 1000
    assert len(head["faqs"]) == 3
    assert head["resources"]
    for word in ("feasibility", "performance", "API", "growth", "architecture", "security"):
        assert word.lower() in body.lower()


@pytest.mark.parametrize("path", LESSONS, ids=short)
def test_a_lesson_has_500_words_of_its_own_and_something_to_look_at(path):
    _, body = front_matter(path)
    words = prose(body).split()

    assert len(words) >= 500
    assert "# " not in [line[:2] for line in prose(body).splitlines()]


@pytest.mark.parametrize("path", EXERCISES, ids=short)
def test_an_exercise_explains_each_answer(path):
    exercise = yaml.safe_load(path.read_text())

    assert exercise["questions"]
    for question in exercise["questions"]:
        if question["kind"] in ("single", "multiple"):
            assert all(option.get("why") for option in question["options"]), question["key"]
            right = [option for option in question["options"] if option.get("right")]
            assert len(right) == 1 if question["kind"] == "single" else right
        else:
            assert question.get("explanation"), question["key"]


def test_every_kind_of_question_is_used():
    kinds = Counter(
        question["kind"]
        for path in EXERCISES
        for question in yaml.safe_load(path.read_text())["questions"]
    )

    assert set(kinds) == {"single", "multiple", "text", "numeric", "ordering", "matching"}


def paragraphs() -> list[tuple[str, str]]:
    """(paragraph, file) of every text of eight words or more."""
    found = []
    for path in [*LESSONS, *PROJECTS, *TOPICS, *COURSES]:
        for part in re.split(r"\n\s*\n", prose(front_matter(path)[1])):
            plain = " ".join(re.sub(r"[^\w\s]", "", part).lower().split())
            if len(plain.split()) >= 8:
                found.append((plain, short(path)))
    return found


def repeated(found: list[tuple[str, str]]) -> dict[str, list[str]]:
    where: dict[str, list[str]] = {}
    for text, path in found:
        where.setdefault(text, []).append(path)
    return {text: paths for text, paths in where.items() if len(paths) > 1}


def test_no_paragraph_is_used_twice():
    found = paragraphs()

    assert len(found) > 500
    assert repeated(found) == {}


def test_a_repeated_paragraph_would_be_seen():
    found = [*paragraphs(), (paragraphs()[0][0], "planted")]

    assert len(repeated(found)) == 1
