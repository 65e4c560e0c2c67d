"""The start of a course: take a place, or go on where you were."""

from django.http import Http404
from django.shortcuts import redirect, render

from catalog.models import Edition
from engineroom.pages import private_page
from engineroom.refusals import Refusal
from learning.actions import start_course
from learning.queries import access
from learning.queries.progress import outline_of


def _resume(place):
    """To the last place while the edition has it, else to the first open item."""
    item = outline_of(place).resume(place.last_key)
    if item is None:
        return None
    return redirect("learning:item", place.course.slug, item.key)


def _page(request, course, place, refusal=None, status=200):
    may_open = place.has_access if place else access.may_open(request.user, course)
    context = {
        "course": course,
        "place": place,
        "may_open": may_open,
        "is_withdrawn": bool(place and place.edition.state == Edition.State.WITHDRAWN),
        "has_ended": bool(not may_open and access.had_access(request.user, course)),
        "refusal": refusal,
    }
    return render(request, "learning/start.html", context, status=status)


@private_page()
def start(request, slug):
    """POST takes a place; GET resumes, or says how to get one."""
    course = access.course_by_slug(slug)
    place = access.place(request.user, course.slug) if course else None
    if course is None or (course.published_edition is None and place is None):
        raise Http404
    if course.slug != slug:
        return redirect("learning:start", course.slug)
    if request.method == "POST":
        try:
            start_course(person=request.user, course=course)
        except Refusal as refusal:
            return _page(request, course, place, refusal, refusal.status)
        return redirect("learning:start", course.slug)
    is_open = place and place.has_access and place.edition.state == Edition.State.PUBLISHED
    return (is_open and _resume(place)) or _page(request, course, place)
