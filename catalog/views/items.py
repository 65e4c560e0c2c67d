"""Public pages of lessons, exercises and projects. Only open text is ever shown here."""

from django.conf import settings
from django.http import Http404, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.encoding import iri_to_uri

from catalog import structured
from catalog.filters import LEVELS, SORTS, read_filters
from catalog.models import Question
from catalog.queries import items as queries
from catalog.queries.courses import add_prices, published_course
from catalog.queries.outlines import neighbors, outline
from catalog.views.addresses import direction, moved, whole
from catalog.views.courses import place_of
from engineroom import slots
from engineroom.pages import public_page

KIND_NAMES = {"lessons": "Lesson", "exercises": "Exercise", "projects": "Project"}
TITLES = {"lessons": "Lessons", "exercises": "Exercises", "projects": "Projects"}
QUESTION_KINDS = dict(Question.Kind.choices)


@public_page()
def lesson_detail(request, slug, key):
    return _item_page(request, slug, "lessons", key, "catalog/lesson.html")


@public_page()
def exercise_detail(request, slug, key):
    return _item_page(request, slug, "exercises", key, "catalog/exercise.html")


@public_page()
def project_detail(request, slug, key):
    return _item_page(request, slug, "projects", key, "catalog/project.html")


def _item_page(request, slug, place, key, template):
    course = published_course(slug)
    if course is None:
        return moved("course", slug, request)
    item = queries.item_of(course.published_edition, place, key)
    if item is None:
        return _elsewhere(course, key)
    context = item_context(course, course.published_edition, item, place)
    context |= {
        "place": place_of(request, course),
        "start_url": slots.ask("catalog.start_url", course),
        "locales": queries.locales_of(course.published_edition, key) if place == "lessons" else [],
    }
    add_prices([course])
    return render(request, template, context)


def _elsewhere(course, key):
    """Lessons link to each other by key alone; an exercise asked for as a lesson is found too."""
    place = queries.place_of(course.published_edition, key)
    if place is None:
        raise Http404
    return HttpResponsePermanentRedirect(iri_to_uri(f"/courses/{course.slug}/{place}/{key}/"))


def item_context(course, edition, item, place, *, base: str = "", shows_all: bool = False) -> dict:
    """What an item's page needs. `shows_all` is for previews by staff."""
    base = base or course.get_absolute_url()
    parts = outline(edition)
    before, after = neighbors(parts, item.key)
    crumbs = [
        ("Catalog", "/courses/"),
        (course.title, base),
        (item.title, f"{base}{place}/{item.key}/"),
    ]
    is_shown = shows_all or item.is_open
    context = {
        "course": course,
        "edition": edition,
        "item": item,
        "kind": KIND_NAMES[place],
        "item_place": place,
        "body": item.body if is_shown else None,
        "is_shown": is_shown,
        "parts": parts,
        "before": before,
        "after": after,
        "base": base,
        "crumbs": crumbs[:-1],
        "direction": direction(edition.language),
        "lang": edition.language,
        "structured": [
            structured.resource(settings.SITE_URL, course, item, place, KIND_NAMES[place]),
            structured.breadcrumbs(settings.SITE_URL, [("Home", "/"), *crumbs]),
        ],
    }
    if place == "exercises":
        kinds = item.questions.order_by("position").values_list("kind", flat=True)
        context["question_kinds"] = _counted(kinds)
    if place == "projects":
        pairs = [(course.slug, item.key)]
        context["gallery"] = slots.ask("catalog.gallery", pairs, 6, default=[])
        context["points"] = sum(row.get("points") or 0 for row in item.rubric)
    return context


def _counted(kinds) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return [(QUESTION_KINDS[kind], count) for kind, count in found.items()]


@public_page()
def translated_lesson(request, locale, slug, key):
    course = published_course(slug)
    if course is None:
        return moved("course", slug, request)
    edition = course.published_edition
    item = queries.item_of(edition, "lessons", key)
    translation = item and queries.translation_of(edition, key, locale)
    if not translation:
        raise Http404
    context = item_context(course, edition, item, "lessons")
    item.title, item.summary = translation.title, ""
    context |= {
        "body": translation.body if item.is_open else None,
        "lang": locale,
        "direction": direction(locale),
        "locales": queries.locales_of(edition, key),
        "original": whole(f"/courses/{slug}/lessons/{key}/"),
        "place": place_of(request, course),
        "start_url": slots.ask("catalog.start_url", course),
        "structured": [],
    }
    add_prices([course])
    return render(request, "catalog/lesson.html", context)


@public_page()
def lesson_list(request):
    return _list(request, "lessons")


@public_page()
def exercise_list(request):
    return _list(request, "exercises")


@public_page()
def project_list(request):
    return _list(request, "projects")


def _list(request, place):
    filters = read_filters(request.GET)
    page = queries.item_list(place, filters)
    crumbs = [("Home", "/"), (TITLES[place], f"/{place}/")]
    context = {
        "filters": filters,
        "page": page,
        "item_place": place,
        "title": TITLES[place],
        "levels": LEVELS,
        "sorts": SORTS,
        "next_address": filters.address(after=page.next_cursor or ""),
        "first_address": filters.address(),
        "structured": [structured.breadcrumbs(settings.SITE_URL, crumbs)],
    }
    if place == "projects" and filters.is_plain:
        context["gallery"] = slots.ask("catalog.gallery", [], 6, default=[])
    return render(request, "catalog/item_list.html", context)
