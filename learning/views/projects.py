"""Projects: the brief, how it is read, and handing in."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from catalog.models import Project
from engineroom.refusals import Refusal
from learning.actions import submit_work
from learning.forms import WorkForm
from learning.queries.works import gallery, own_work

SHOWN_WORKS = 3


def desk(request, place, context):
    key = context["item"].key
    project = (
        Project.objects.select_related("body").filter(edition_id=place.edition_id, key=key).first()
    )
    if project is None:
        raise Http404
    if request.method == "POST":
        form = WorkForm(request.POST)
        if form.is_valid() and _hand_in(request, place, key, form):
            return redirect("learning:item", place.course.slug, key)
        return _page(request, place, project, form, context, status=400)
    work = own_work(place, key)
    values = {"title": work.title, "link": work.link, "text": work.text} if work else {}
    form = WorkForm(initial=values | {"is_public": bool(work and work.is_public)})
    return _page(request, place, project, form, context, work=work)


def _hand_in(request, place, key, form) -> bool:
    try:
        submit_work(enrollment=place, project_key=key, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return False
    messages.success(request, "Your work is handed in.")
    return True


def _page(request, place, project, form, context, work=None, status=200):
    context |= {
        "project": project,
        "points": sum(line.get("points") or 0 for line in project.rubric),
        "form": form,
        "work": work,
        "works": gallery([(place.course.slug, project.key)], SHOWN_WORKS),
    }
    return render(request, "learning/project.html", context, status=status)
