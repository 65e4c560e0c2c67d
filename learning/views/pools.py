"""The seats of one thing that a team has: who sits there, invitations, the list as a file."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from engineroom import throttles
from engineroom.pages import private_page
from engineroom.pagination import key_page
from engineroom.refusals import Refusal
from learning import rosters
from learning.actions.seats import close_link, invite_again, invite_people, renew_link, take_back
from learning.queries.seats import (
    REPORT_HEADING,
    claim_of,
    claims_of,
    more_seats,
    pool_run_by,
    report_rows,
    roster_table,
)
from learning.refusals import NoSuchPerson
from payments.tables import csv_text

PAGE = 50


class InviteForm(forms.Form):
    people = forms.CharField(
        label="E-mail addresses",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, or separated by commas. Each keeps a seat and gets a link by mail.",
    )


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        required=False,
        max_length=200,
        help_text="Columns: email and, if you like, name. Up to 1,000 people and 256 KB.",
    )
    people = forms.CharField(
        label="Or paste it", required=False, widget=forms.Textarea(attrs={"rows": 6})
    )


def _pool(request, pool_id):
    pool = pool_run_by(request.user, pool_id)
    if pool is None:
        raise Http404
    return pool


@private_page()
def pool_page(request, pool_id):
    """The seat report, and what its team's runners do with seats."""
    pool = _pool(request, pool_id)
    if request.method != "POST":
        return _page(request, pool)
    throttles.spend(request, "team-seats", key=request.user.public_id, rate="120/m")
    said = request.POST.get("do", "")
    if said == "link":
        url = renew_link(pool=pool, actor=request.user)
        pool.refresh_from_db()
        return _page(request, pool, url=url)
    if said == "invite":
        return _invite(request, pool)
    try:
        _act(request, pool, said)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect(pool)


def _act(request, pool, said):
    if said == "close-link":
        close_link(pool=pool, actor=request.user)
        messages.success(request, "The link gives no seats any more.")
        return
    claim = claim_of(pool, request.POST.get("claim", "")[:60])
    if claim is None:
        raise NoSuchPerson("There is no such seat.")
    if said == "again":
        invite_again(claim=claim, actor=request.user)
        messages.success(request, f"{claim.email} was mailed a new link.")
    elif said == "take-back":
        take_back(claim=claim, actor=request.user)
        messages.success(request, "The seat is free again.")


def _invite(request, pool):
    form = InviteForm(request.POST)
    if form.is_valid():
        words = form.cleaned_data["people"].replace(",", "\n").replace(";", "\n").split("\n")
        people = [(word.strip(), "") for word in words if word.strip()]
        try:
            made = invite_people(pool=pool, people=people, actor=request.user)
        except Refusal as refusal:
            form.add_error("people", refusal.message)
        else:
            left_out = f", {len(people) - len(made)} had a seat" if len(made) < len(people) else ""
            messages.success(request, f"{len(made)} invited{left_out}.")
            return redirect(pool)
    return _page(request, pool, form=form, status=400)


def _page(request, pool, *, form=None, url="", status=200):
    page = key_page(claims_of(pool), ["-pk"], after=request.GET.get("after", ""), size=PAGE)
    context = {
        "pool": pool,
        "page": page,
        "form": form or InviteForm(),
        "url": url,
        "more": more_seats(pool, request.user),
    }
    return render(request, "learning/pool.html", context, status=status)


@private_page()
def upload_page(request, pool_id):
    """First a table of what the list would do and of every problem; then, confirmed, it is done."""
    pool = _pool(request, pool_id)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _upload(request, pool, form)
    throttles.spend(request, "team-seats", key=request.user.public_id, rate="120/m")
    if not form.is_valid():
        return _upload(request, pool, form, status=400)
    text = _text(form)
    if text is None:
        form.add_error("file", "Save the file as UTF-8 and upload it again.")
        return _upload(request, pool, form, status=400)
    roster = rosters.read_roster(text)
    table = roster_table(pool, roster)
    if "confirmed" in request.POST and roster.is_sound:
        people = [(line.email, line.name) for line in roster.lines]
        try:
            made = invite_people(pool=pool, people=people, actor=request.user)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            return _upload(request, pool, form, roster, table, text, status=refusal.status)
        messages.success(request, f"{len(made)} invited.")
        return redirect(pool)
    return _upload(request, pool, form, roster, table, text)


def _text(form):
    file = form.cleaned_data["file"]
    if not file:
        return form.cleaned_data["people"]
    # One byte more than may be there tells a list that is too long.
    return rosters.decode(file.read(rosters.MOST_BYTES + 1))


def _upload(request, pool, form, roster=None, table=(), text="", status=200):
    context = {
        "pool": pool,
        "form": form,
        "roster": roster,
        "table": table,
        "fresh": sum(row["is_new"] for row in table),
        "text": text,
    }
    return render(request, "learning/pool_upload.html", context, status=status)


@private_page(methods=("GET",), budget_ms=500)
def people_file(request, pool_id):
    """The seat report as CSV; no cell of it is a formula."""
    pool = _pool(request, pool_id)
    body = csv_text(REPORT_HEADING, report_rows(pool))
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="seats.csv"'
    return response
