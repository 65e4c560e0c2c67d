"""Drafts and editions as their readers will see them, for staff and the course's instructors."""

from collections import Counter

from django.http import Http404
from django.shortcuts import render

from catalog.queries.courses import CoursePage
from catalog.queries.items import exercise_with_everything, item_of
from catalog.queries.outlines import outline
from catalog.queries.people import edition_by_id, may_preview
from catalog.views.addresses import direction
from catalog.views.items import item_context
from engineroom.pages import private_page

TEMPLATES = {
    "lessons": "catalog/lesson.html",
    "exercises": "catalog/exercise.html",
    "projects": "catalog/project.html",
}


def _edition(request, edition_id):
    edition = edition_by_id(edition_id)
    if edition is None or not may_preview(request.user, edition.course):
        raise Http404
    return edition


@private_page(methods=("GET", "HEAD"))
def preview(request, edition_id):
    edition = _edition(request, edition_id)
    parts = outline(edition)
    course = _as_published(edition, parts)
    page = CoursePage(
        course=course,
        parts=parts,
        topics=list(course.topics.all()),
        instructors=list(course.instructors.order_by("name", "pk")),
        faqs=list(course.faqs.all()),
    )
    context = {
        "page": page,
        "course": course,
        "edition": edition,
        "base": f"/preview/{edition.public_id}/",
        "crumbs": [("Catalog", "/courses/")],
        "direction": direction(edition.language),
        "preview": edition,
        "problems": [row for part in parts for row in part.rows if row.problem],
    }
    return render(request, "catalog/course.html", context)


def _as_published(edition, parts):
    """The course as publishing the edition would make it: its facts and counts, never stored."""
    course = edition.course
    fit = [row for part in parts for row in part.rows if not row.problem]
    kinds = Counter(row.kind for row in fit)
    course.offer = None
    course.level, course.language = edition.level, edition.language
    course.module_count = sum(any(not row.problem for row in part.rows) for part in parts)
    course.lesson_count, course.exercise_count = kinds["lesson"], kinds["exercise"]
    course.project_count = kinds["project"]
    course.minutes = sum(row.minutes for row in fit)
    return course


@private_page(methods=("GET", "HEAD"))
def preview_item(request, edition_id, place, key):
    edition = _edition(request, edition_id)
    if place not in TEMPLATES or (item := item_of(edition, place, key)) is None:
        raise Http404
    base = f"/preview/{edition.public_id}/"
    context = item_context(edition.course, edition, item, place, base=base, shows_all=True)
    edition.course.offer = None
    context |= {"preview": edition, "structured": [], "locales": []}
    if place == "exercises":
        context["with_answers"] = exercise_with_everything(edition, key)
    return render(request, TEMPLATES[place], context)
