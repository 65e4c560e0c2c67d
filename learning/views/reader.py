"""One item of a course: the reader, or the desk of an exercise or project."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from catalog.models import Lesson
from engineroom.pages import private_page
from learning.actions import complete_item, note_place, reopen_item
from learning.queries import access
from learning.queries.progress import outline_of
from learning.views import exercises, projects
from learning.views.doorway import with_place


def page_context(place, outline, item) -> dict:
    """What all pages of a course show around their matter."""
    before, after = outline.around(item.key)
    return {
        "place": place,
        "course": place.course,
        "outline": outline,
        "item": item,
        "part": outline.parts[item.part - 1],
        "previous": before,
        "next": after,
    }


@private_page()
@with_place
def item(request, place, key):
    """GET shows it and remembers the place; POST is the item's own form."""
    outline = outline_of(place)
    found = outline.find(key)
    if found is None:
        return _gone(request, place, key)
    if request.method != "POST":
        note_place(enrollment=place, key=key)
    page = {"lesson": _lesson, "exercise": exercises.desk, "project": projects.desk}[found.kind]
    return page(request, place, page_context(place, outline, found))


def _gone(request, place, key):
    """A page left open, or a bookmark, from before the learner moved to another edition."""
    if not access.was_in_course(place.course_id, key):
        raise Http404
    messages.info(request, "Your edition of the course does not have this part. Go on here.")
    return redirect("learning:start", place.course.slug)


def _lesson(request, place, context):
    item = context["item"]
    if request.method == "POST" and request.POST.get("action") == "reopen":
        reopen_item(enrollment=place, key=item.key)
        return redirect("learning:item", place.course.slug, item.key)
    if request.method == "POST":
        complete_item(enrollment=place, key=item.key)
        after = context["next"]
        if after is None:
            return redirect("learning:my-learning")
        return redirect("learning:item", place.course.slug, after.key)
    lesson = (
        Lesson.objects.select_related("body")
        .filter(edition_id=place.edition_id, key=item.key)
        .first()
    )
    if lesson is None:
        raise Http404
    return render(request, "learning/lesson.html", context | {"lesson": lesson})
