"""Gifts: the page behind the link, and what the giver can still change."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from engineroom import throttles
from engineroom.pages import open_page, private_page
from engineroom.refusals import Refusal
from payments.actions.gifts import claim_gift, make_gift_link, resend_gift
from payments.actions.giving import ask_to_claim, change_gift
from payments.queries.gifts import gift_by_key, gift_given, gifts_given, gifts_got
from payments.refusals import GiftGone
from payments.views.visitors import person_of

SHOWN = 50


class GiftForm(forms.Form):
    """Shape only; the action says what is allowed."""

    email = forms.EmailField(
        label="Recipient's e-mail address",
        required=False,
        max_length=254,
        help_text="Empty: the link comes to you, to pass on.",
    )
    name = forms.CharField(label="Recipient's name", required=False, max_length=120)
    sender = forms.CharField(label="From", required=False, max_length=120)
    note = forms.CharField(
        label="Note", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 4})
    )
    deliver_on = forms.DateField(
        label="Day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The mail leaves in the morning of this day.",
    )


class AskForm(forms.Form):
    email = forms.EmailField(label="Your e-mail address", max_length=254)


@private_page(methods=("GET", "HEAD"))
def gift_list(request):
    """What the person gave and got."""
    context = {
        "given": list(gifts_given(request.user)[:SHOWN]),
        "got": list(gifts_got(request.user)[:SHOWN]),
    }
    return render(request, "payments/gifts.html", context)


@open_page()
def gift_page(request, key):
    """What it is, from whom, and the one button. Without an account a mail leads back here."""
    throttles.spend_address(request, "gift", "60/m")
    gift = gift_by_key(key) if key.isprintable() else None
    person = person_of(request)
    if gift is None:
        return _page(request, None, refusal=GiftGone())
    if request.method != "POST":
        return _page(request, gift)
    if person is None:
        return _ask(request, key, gift)
    try:
        gift = claim_gift(key=key, person=person)
    except Refusal as refusal:
        return _page(request, gift, refusal=refusal)
    return redirect(request.path)


def _ask(request, key, gift):
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, gift, form=form, status=400)
    email = form.cleaned_data["email"]
    throttles.spend(request, "gift-email", key=email.lower(), rate="5/h")
    try:
        ask_to_claim(key=key, email=email)
    except Refusal as refusal:
        form.add_error("email" if refusal.field == "email" else None, refusal.message)
        return _page(request, gift, form=form, status=refusal.status)
    return _page(request, gift, asked=email)


def _page(request, gift, *, form=None, refusal=None, asked="", status=None):
    person = person_of(request)
    context = {
        "gift": gift,
        "line": gift.line if gift else None,
        "is_mine": bool(gift and person and gift.claimed_by_id == person.pk),
        "is_open": bool(gift and not gift.claimed_at and not gift.ended_at),
        "person": person,
        "form": form or AskForm(),
        "refusal": refusal,
        "asked": asked,
    }
    status = status or (refusal.status if refusal else 200)
    response = render(request, "payments/gift.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@private_page()
def gift_change(request, gift_id):
    """For the giver: where it stands, another address or day, the link again."""
    gift = gift_given(request.user, gift_id)
    if gift is None:
        raise Http404
    said = request.POST.get("do", "")
    if request.method == "POST" and said in ("resend", "link"):
        return _again(request, gift, said)
    form = GiftForm(request.POST if request.method == "POST" else None, initial=_initial(gift))
    if gift.sent_at:
        del form.fields["deliver_on"]
    if request.method == "POST" and form.is_valid():
        throttles.spend(request, "gift-change", key=gift.public_id, rate="20/h")
        try:
            change_gift(gift=gift, said=form.cleaned_data, actor=request.user)
        except Refusal as refusal:
            beside = refusal.field if refusal.field in form.fields else None
            form.add_error(beside, refusal.message)
        else:
            messages.success(request, "Saved.")
            return redirect("payments:gift-change", gift.public_id)
    return _change_page(request, gift, form, status=400 if form.errors else 200)


def _initial(gift) -> dict:
    fields = {name: getattr(gift, name) for name in ("email", "name", "sender", "note")}
    return fields | {"deliver_on": gift.deliver_at.date()}


def _again(request, gift, said):
    throttles.spend(request, "gift-change", key=gift.public_id, rate="20/h")
    try:
        if said == "link":
            url = make_gift_link(gift=gift, actor=request.user)
            gift.refresh_from_db()
            return _change_page(request, gift, GiftForm(initial=_initial(gift)), url=url)
        resend_gift(gift=gift, actor=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "The link was mailed again. Links sent before do not work now.")
    return redirect("payments:gift-change", gift.public_id)


def _change_page(request, gift, form, *, url="", status=200):
    if gift.sent_at and "deliver_on" in form.fields:
        del form.fields["deliver_on"]
    context = {
        "gift": gift,
        "form": form,
        "url": url,
        "is_open": not gift.claimed_at and not gift.ended_at,
    }
    return render(request, "payments/gift_change.html", context, status=status)
