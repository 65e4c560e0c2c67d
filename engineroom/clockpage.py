"""The admin page that moves a test school's clock: first how far, then it asks once more."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from engineroom import clock
from engineroom.budgets import budget
from engineroom.clockwork import move_clock
from engineroom.refusals import Refusal

UNITS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class ClockForm(forms.Form):
    count = forms.IntegerField(label="How far", min_value=1, max_value=9600, initial=31)
    unit = forms.ChoiceField(
        label="Counted in",
        choices=[("hour", "hours"), ("day", "days"), ("week", "weeks")],
        initial="day",
    )

    def by(self) -> timedelta:
        return self.cleaned_data["count"] * UNITS[self.cleaned_data["unit"]]


@budget(500)
def clock_page(request):
    """Test schools only; staff with the permission to move the clock."""
    if not settings.TEST_SCHOOL:
        raise Http404
    if not request.user.has_perm("engineroom.move_clock"):
        raise PermissionDenied
    form = ClockForm(request.POST or None)
    to = None
    if request.method == "POST" and form.is_valid():
        to = clock.now() + form.by()
        if "confirmed" in request.POST:
            try:
                move_clock(by=form.by(), is_confirmed=True, actor=request.user)
            except Refusal as refusal:
                messages.error(request, refusal.message)
            else:
                messages.success(request, "The clock was moved. What is due is being done now.")
            return redirect("admin:engineroom_clock")
    context = {
        **admin.site.each_context(request),
        "title": "Clock of the test school",
        "form": form,
        "to": to,
        "now": clock.now(),
        "ahead": clock.ahead(),
    }
    return TemplateResponse(request, "admin/engineroom/clock.html", context)
