"""A cohort's page: when it meets, how many seats are left, the way to one."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from engineroom import throttles
from engineroom.pages import open_page, visitor_state
from engineroom.refusals import Refusal
from learning.actions.cohorts import leave_line, wait_for_seat
from learning.queries.cohorts import (
    cohort_by_id,
    coming_cohorts,
    place_in_line,
    seat_of,
    waiting_entry,
    with_offers,
)
from learning.refusals import NotWaiting


class WaitForm(forms.Form):
    email = forms.EmailField(label="Your e-mail address", max_length=254)


def course_section(request, course) -> str:
    """Slot `catalog.course_sections`: the coming cohorts. How many seats are left is told only where
    the page is not stored: stored ones say whether there are any, a minute old at most."""
    rows = with_offers(coming_cohorts(course))
    if not rows:
        return ""
    is_live = request is not None and visitor_state(request)
    return render_to_string("learning/cohorts.html", {"rows": rows, "is_live": is_live})


@open_page()
def cohort_page(request, cohort_id):
    """POST waits for a seat, or waits no longer."""
    cohort = cohort_by_id(cohort_id)
    if cohort is None or cohort.course.published_edition is None:
        raise Http404
    if request.method != "POST":
        return _page(request, cohort)
    throttles.spend_address(request, "wait", "30/m")
    if request.POST.get("do") == "leave":
        return _leave(request, cohort)
    return _wait(request, cohort)


def _person(request):
    return request.user if request.user.is_authenticated else None


def _wait(request, cohort):
    person, form = _person(request), WaitForm(request.POST)
    if person is None and not form.is_valid():
        return _page(request, cohort, form=form, status=400)
    email = "" if person else form.cleaned_data["email"]
    try:
        wait_for_seat(cohort=cohort, person=person, email=email)
    except Refusal as refusal:
        return _page(request, cohort, refusal=refusal)
    where = person.email if person else email
    messages.success(
        request, f"You are on the waiting list. We write to {where} when it is your turn."
    )
    return redirect("groups:cohort", cohort.public_id)


def _leave(request, cohort):
    entry = waiting_entry(cohort, _person(request), request.POST.get("place", "")[:100])
    try:
        if entry is None:
            raise NotWaiting
        leave_line(entry=entry, actor=_person(request))
    except Refusal as refusal:
        return _page(request, cohort, refusal=refusal)
    messages.success(request, "You wait no longer.")
    return redirect("groups:cohort", cohort.public_id)


def _page(request, cohort, *, form=None, refusal=None, status=None):
    person = _person(request)
    key = (request.POST or request.GET).get("place", "")[:100]
    entry = waiting_entry(cohort, person, key)
    is_offered = bool(entry and entry.state == "offered")
    context = {
        "cohort": cohort,
        "course": cohort.course,
        "row": with_offers([cohort])[0],
        "seat": seat_of(person, cohort),
        "entry": entry,
        "key": key,
        "place": place_in_line(entry) if entry and not is_offered else 0,
        "is_offered": is_offered,
        "person": person,
        "form": form or WaitForm(),
        "refusal": refusal,
    }
    status = status or (refusal.status if refusal else 200)
    response = render(request, "learning/cohort.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer" if key else "same-origin"
    return response
