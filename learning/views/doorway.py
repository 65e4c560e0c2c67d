"""What every page of a course asks first: whose place is it, and is it open right now?"""

from functools import wraps

from django.http import Http404
from django.shortcuts import redirect, render

from catalog.models import Edition
from learning.queries import access


def closed_page(request, course, refusal):
    """The page that says why the course does not open, and what to do next."""
    context = {"course": course, "refusal": refusal, "has_ended": refusal.code == "access_ended"}
    return render(request, "learning/closed.html", context, status=403)


def with_place(view):
    """Calls `view(request, place, …)` with the visitor's open place; nobody else gets a byte of the
    course. One query on the way through."""

    @wraps(view)
    def wrapped(request, slug, *args, **kwargs):
        place = access.place(request.user, slug)
        if place is None:
            course = access.course_by_slug(slug)
            if course is None:
                raise Http404
            if course.slug != slug:
                return redirect("learning:item", course.slug, kwargs["key"])
            if course.is_free or access.may_open(request.user, course):
                return redirect("learning:start", slug)
            return closed_page(request, course, access.refusal_for(request.user, course))
        if not place.has_access:
            refusal = access.refusal_for(request.user, place.course)
            return closed_page(request, place.course, refusal)
        if place.edition.state == Edition.State.WITHDRAWN:
            return redirect("learning:start", slug)
        return view(request, place, *args, **kwargs)

    return wrapped
