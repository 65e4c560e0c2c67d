"""The page behind a team's link: take a seat."""

from django import forms
from django.shortcuts import redirect, render

from engineroom import throttles
from engineroom.pages import open_page
from engineroom.refusals import Refusal
from learning.actions.seats import ask_to_join, claim_seat
from learning.queries.seats import claim_by_key, pool_by_key
from learning.refusals import InvitationGone


class AskForm(forms.Form):
    email = forms.EmailField(label="Your e-mail address", max_length=254)


@open_page()
def join_page(request, key):
    """Signed in: one button. Else a mail signs the person in and leads back here."""
    throttles.spend_address(request, "join", "60/m")
    claim = claim_by_key(key) if key.isprintable() else None
    pool = claim.pool if claim else pool_by_key(key) if key.isprintable() else None
    if pool is None:
        return _page(request, None, None, refusal=InvitationGone())
    if request.method != "POST":
        return _page(request, pool, claim)
    if not request.user.is_authenticated:
        return _ask(request, key, pool, claim)
    try:
        claim = claim_seat(key=key, person=request.user)
    except Refusal as refusal:
        return _page(request, pool, claim, refusal=refusal)
    if pool.course_id:
        return redirect("learning:start", pool.course.slug)
    return redirect("learning:my-learning")


def _ask(request, key, pool, claim):
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, pool, claim, form=form, status=400)
    email = form.cleaned_data["email"]
    throttles.spend(request, "join-email", key=email.lower(), rate="5/h")
    ask_to_join(key=key, email=email)
    return _page(request, pool, claim, asked=email)


def _page(request, pool, claim, *, form=None, refusal=None, asked="", status=None):
    person = request.user if request.user.is_authenticated else None
    context = {
        "pool": pool,
        "claim": claim,
        "is_mine": bool(claim and person and claim.person_id == person.pk),
        "is_taken": bool(claim and claim.person_id and not (person and claim.person == person)),
        "person": person,
        "form": form or AskForm(initial={"email": claim.email if claim else ""}),
        "refusal": refusal,
        "asked": asked,
    }
    status = status or (refusal.status if refusal else 200)
    response = render(request, "learning/join.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
