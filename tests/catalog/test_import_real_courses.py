"""Two real courses reach their known numbers exactly, and nothing on their pages is dead.

The data is read from beside the project; where it is absent the tests skip and say so.
"""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from catalog.actions.importing import import_course
from catalog.models import ContentFile, Course, Exercise, Project, Question, Solution
from catalog.queries.editions import draft_of
from tests.catalog.contents import contents_of, counted

DATA = Path(settings.BASE_DIR).parent / "shared" / "data"
NOTHING = dict.fromkeys(
    ("modules", "lessons", "exercises", "questions", "options", "projects", "solutions", "images")
    + ("images_remote", "images_with_alt", "translations"),
    0,
)
WEB = NOTHING | {
    "modules": 7,
    "lessons": 24,
    "projects": 23,
    "exercises": 48,
    "questions": 144,
    "options": 373,
    "images": 44,
    "images_remote": 9,
    "images_with_alt": 53,
    "translations": 59,
}
PYTHON = NOTHING | {
    "modules": 1,
    "lessons": 12,
    "exercises": 53,
    "solutions": 58,
    "images": 26,
    "images_with_alt": 26,
}
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no course data at {DATA}"),
]


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.links, self.images, self.ids = [], [], set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.add(given.get("id"))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "img":
            self.images.append((given.get("src", ""), given.get("alt", "")))


def pages_of(edition):
    """Every text that a learner of the edition may see."""
    for rows in (edition.lessons, edition.exercises, edition.projects):
        yield from (row.body.html for row in rows.select_related("body") if row.body)
    solutions = Solution.objects.filter(exercise__edition=edition).select_related("body")
    yield from (row.body.html for row in solutions)
    yield from (row.body.html for row in edition.translations.select_related("body"))
    yield edition.description.html


def nothing_is_dead(course):
    edition = course.published_edition
    known = {course.get_absolute_url()} | {
        f"/courses/{course.slug}/{place}/{key}/"
        for place in ("lessons", "exercises", "projects")
        for key in getattr(edition, place).values_list("key", flat=True)
    }
    files = {file.get_absolute_url(): file for file in ContentFile.objects.all()}
    for html in pages_of(edition):
        page = Page(html)
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in page.ids
            elif not re.match(r"https?://|mailto:", link):
                assert link in known
        for source, alt in page.images:
            assert files[source].file.storage.exists(files[source].file.name)
            assert alt
    return True


def tally(report, kind):
    return Counter(str(item.outcome) for item in report.items if item.kind == kind)


def test_web_development_for_beginners_arrives_whole():
    report = import_course(source=DATA / "web-dev-for-beginners", actor=None, publish=True)

    course = Course.objects.get(slug=report.course)
    draft, edition = draft_of(course), course.published_edition
    assert report.counts == WEB == counted(contents_of(course.slug))
    assert (report.changed, report.unchanged) == (0, 0)
    assert tally(report, "link") == {"kept": 32, "approximated": 4, "dropped": 12}
    assert Counter(draft.translations.values_list("locale", flat=True)) == {
        "es": 23,
        "ko": 23,
        "id": 7,
        "de": 4,
        "nl": 1,
        "ja": 1,
    }
    questions = Question.objects.filter(exercise__edition=draft)
    assert questions.get(exercise__key="quiz-5", key="question-1").kind == "multiple"
    assert questions.exclude(problem="").get().exercise.key == "quiz-33"
    published = Question.objects.filter(exercise__edition=edition)
    assert published.count() == 143
    assert published.filter(exercise__key="quiz-33").count() == 2
    assert Exercise.objects.get(edition=draft, key="quiz-33").lesson_key == "moving-elements-around"
    assert not Project.objects.filter(edition=draft, key="github-basics-assignment").exists()
    assert nothing_is_dead(course)
    the_lessons_come_in_the_order_of_the_table(draft)

    again = import_course(source=DATA / "web-dev-for-beginners", actor=None, publish=True)

    assert (again.created, again.changed, again.is_published) == (0, 0, False)
    assert again.counts == WEB
    assert again.unchanged == report.created


def the_lessons_come_in_the_order_of_the_table(edition):
    lessons = edition.lessons.order_by("module__position", "position")
    assert list(lessons.values_list("key", flat=True))[:10] == [
        "intro-to-programming-languages",
        "github-basics",
        "accessibility",
        "data-types",
        "functions-methods",
        "making-decisions",
        "arrays-loops",
        "intro-to-html",
        "intro-to-css",
        "intro-to-dom-and-closures",
    ]


def test_its_french_quizzes_arrive_where_they_have_words():
    report = import_course(source=DATA / "web-dev-for-beginners", actor=None, locale="fr")

    empty = [item for item in report.items if "has no text" in item.reason]
    assert len(empty) == 48
    assert {item.kind for item in empty} >= {"question"}
    assert all(item.path.endswith("fr.json") for item in empty)
    question = Question.objects.get(exercise__key="quiz-1", key="question-1")
    assert question.prompt.startswith("Un programme peut être créé")
    assert Question.objects.filter(problem__contains="no text").count() == 48


def test_programming_with_python_arrives_whole():
    report = import_course(source=DATA / "python-novice-inflammation", actor=None, publish=True)

    course = Course.objects.get(slug=report.course)
    edition = course.published_edition
    assert report.counts == PYTHON == counted(contents_of(course.slug))
    lessons = edition.lessons.order_by("position")
    assert lessons.first().title == "Python Fundamentals"
    assert sum(row.minutes for row in lessons) == 350
    assert sum(row.minutes for row in edition.exercises.all()) == 95
    assert tally(report, "instructor") == {"dropped": 2}
    for kind, count in {"callout": 20, "objectives": 12, "questions": 12, "keypoints": 12}.items():
        assert tally(report, kind) == {"kept": count}
    assert nothing_is_dead(course)

    again = import_course(source=DATA / "python-novice-inflammation", actor=None, publish=True)

    assert (again.created, again.changed, again.is_published) == (0, 0, False)


def test_what_is_for_instructors_is_nowhere_in_it():
    import_course(source=DATA / "python-novice-inflammation", actor=None, publish=True)

    course = Course.objects.get()
    everything = " ".join(pages_of(course.published_edition))
    everything += json.dumps([contents_of(course.slug), contents_of(course.slug, "")])
    assert "Choose how to teach this section" not in everything
    assert "seems to expect exactly one top-level statement" not in everything
    assert ":::" not in everything
    assert "{alt=" not in everything
