"""Home, the list of courses, the page of a course, instructors."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import render

from catalog import structured
from catalog.filters import LEVELS, SORTS, read_filters
from catalog.queries import courses as queries
from catalog.views.addresses import direction, moved
from engineroom import slots
from engineroom.pages import public_page, visitor_state

TRY = ("design", "accessibility", "backend")


@public_page()
def home(request):
    site, school = settings.SITE_URL, settings.SCHOOL_NAME
    context = {
        "home": queries.home(),
        "structured": [structured.organization(site, school)],
    }
    return render(request, "catalog/home.html", context)


@public_page()
def course_list(request):
    filters = read_filters(request.GET)
    found = queries.course_list(filters)
    crumbs = [("Home", "/"), ("Catalog", "/courses/")]
    context = {
        "filters": filters,
        "found": found,
        "chips": chips(filters, found.topics),
        "levels": LEVELS,
        "sorts": SORTS,
        "next_address": filters.address(after=found.page.next_cursor or ""),
        "first_address": filters.address(),
        "bare_address": filters.address(topics=(), levels=(), price="", languages=()),
        "structured": [structured.breadcrumbs(settings.SITE_URL, crumbs)],
    }
    return render(request, "catalog/course_list.html", context)


def chips(filters, topics) -> list[tuple[str, str]]:
    """(label, address without it) of each filter that is on."""
    titles = {topic.slug: topic.title for topic in topics}
    found = [
        (titles.get(slug, slug), filters.address(topics=_without(filters.topics, slug)))
        for slug in filters.topics
    ]
    found += [
        (level.capitalize(), filters.address(levels=_without(filters.levels, level)))
        for level in filters.levels
    ]
    found += [
        (language, filters.address(languages=_without(filters.languages, language)))
        for language in filters.languages
    ]
    if filters.price:
        found.append((filters.price.capitalize(), filters.address(price="")))
    return found


def _without(values: tuple, value: str) -> tuple:
    return tuple(each for each in values if each != value)


@public_page()
def course_detail(request, slug):
    page = queries.course_page(slug)
    if page is None:
        return moved("course", slug, request)
    course, site = page.course, settings.SITE_URL
    crumbs = [("Home", "/"), ("Catalog", "/courses/"), (course.title, course.get_absolute_url())]
    context = {
        "page": page,
        "course": course,
        "edition": course.published_edition,
        "base": course.get_absolute_url(),
        "crumbs": crumbs[1:-1],
        "direction": direction(course.language),
        "start_url": slots.ask("catalog.start_url", course),
        "place": place_of(request, course),
        "structured": [
            structured.course(site, settings.SCHOOL_NAME, course, page.instructors, course.offer),
            structured.breadcrumbs(site, crumbs),
            structured.questions(page.faqs),
        ],
    }
    return render(request, "catalog/course.html", context)


def place_of(request, course) -> dict | None:
    """The visitor's own place in the course, looked up only for those who carry a session."""
    if not visitor_state(request) or not request.user.is_authenticated:
        return None
    return slots.ask("catalog.my_place", request.user, course)


@public_page()
def instructor_detail(request, slug):
    found = queries.instructor_page(slug)
    if found is None:
        return moved("instructor", slug, request)
    instructor, courses = found
    if not courses and instructor.person_id is None and not instructor.bio:
        raise Http404
    crumbs = [("Home", "/"), (instructor.name, instructor.get_absolute_url())]
    context = {
        "instructor": instructor,
        "courses": courses,
        "structured": [structured.breadcrumbs(settings.SITE_URL, crumbs)],
    }
    return render(request, "catalog/instructor.html", context)
