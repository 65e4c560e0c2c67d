"""The account's own pages: profile, sessions and devices, leaving."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render

from accounts import actions, passwords
from accounts.forms import DeleteAgreeForm, DeletePasswordForm, ProfileForm
from accounts.queries import devices_of, sessions_of
from engineroom import slots
from engineroom.pages import private_page
from engineroom.refusals import Refusal, TooManyTries


@private_page()
def home(request):
    """Name and time zone, and what other rooms keep about the person."""
    person = request.user
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        initial={"name": person.name, "time_zone": person.time_zone},
    )
    if request.method == "POST" and form.is_valid():
        actions.change_profile(person=person, actor=person, **form.cleaned_data)
        messages.success(request, "Your profile was saved.")
        return redirect("accounts:home")
    sections = [section for section in slots.gather("accounts.sections", request) if section]
    context = {"form": form, "person": person, "sections": sections}
    return render(request, "accounts/home.html", context, status=400 if form.errors else 200)


@private_page()
def sessions(request):
    """Where the person is signed in, by browser and by program."""
    person, key = request.user, request.session.session_key
    if request.method == "POST":
        count = actions.end_other_sessions(person=person, actor=person, current_key=key)
        messages.success(request, f"Signed out in {count} other place{'' if count == 1 else 's'}.")
        return redirect("accounts:sessions")
    context = {"sessions": sessions_of(person, key), "devices": list(devices_of(person)[:100])}
    return render(request, "accounts/sessions.html", context)


@private_page(methods=("POST",))
def end_session(request, session):
    if not actions.end_session(person=request.user, session=session, actor=request.user):
        raise Http404
    messages.success(request, "Signed out there.")
    return redirect("accounts:sessions")


@private_page(methods=("POST",))
def revoke_device(request, device):
    row = get_object_or_404(devices_of(request.user), public_id=device)
    actions.revoke_device(device=row, actor=request.user, reason="by the person")
    messages.success(request, f"{row} was signed out.")
    return redirect("accounts:sessions")


@private_page(budget_ms=400)
def delete(request):
    """Leave the school: confirmed by password, or by signing in again where there is none."""
    person = request.user
    kind = DeletePasswordForm if person.has_usable_password() else DeleteAgreeForm
    form = kind(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _leave(request, person, form.cleaned_data)
        except TooManyTries:
            raise
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    status = 400 if form.errors else 200
    return render(request, "accounts/delete.html", {"form": form}, status=status)


def _leave(request, person, data):
    if "password" in data:
        passwords.confirm(request, person, data["password"])
        return _erase(request)
    return reauthentication_required(app="allauth.mfa")(_erase)(request)


def _erase(request):
    actions.erase_person(person=request.user, actor=request.user)
    logout(request)
    messages.success(request, "Your account was deleted.")
    return redirect("/")
