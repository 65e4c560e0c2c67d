"""A new edition, for somebody who studies an older one."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from engineroom.pages import private_page
from engineroom.refusals import Refusal
from learning.actions import move_up
from learning.queries import access
from learning.queries.editions import outlook
from learning.views.doorway import closed_page


@private_page(budget_ms=200)
def edition_page(request, slug, edition_number):
    """GET says what the edition changes for this learner; POST moves them up. 200 ms: it compares all
    of two editions, and is opened once an edition."""
    place = access.place(request.user, slug)
    if place is None:
        raise Http404
    if not place.has_access:
        return closed_page(request, place.course, access.refusal_for(request.user, place.course))
    if request.method == "POST":
        return _move(request, place, edition_number)
    seen = outlook(place)
    if seen is None:
        return redirect("learning:start", slug)
    if edition_number != seen.after.number:
        return redirect("learning:edition", slug, seen.after.number)
    context = {"place": place, "course": place.course, "outlook": seen}
    return render(request, "learning/edition.html", context)


def _move(request, place, number):
    try:
        move = move_up(enrollment=place, number=number)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        offered = refusal.details.get("edition")
        if offered:
            return redirect("learning:edition", place.course.slug, offered)
        return redirect("learning:start", place.course.slug)
    messages.success(request, f"You are in edition {move.to_number} now.")
    return redirect("learning:start", place.course.slug)
