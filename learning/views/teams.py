"""Teams: the list of yours, and the page of one that you run."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from accounts.actions import make_team, remove_member, rename_team, set_team_role
from accounts.models import TeamMember
from accounts.queries import members_of, team_run_by, teams_of
from engineroom.pages import private_page
from engineroom.refusals import Refusal
from learning.queries.seats import pools_of, pools_run_by

MEMBERS_SHOWN = 500


class TeamForm(forms.Form):
    name = forms.CharField(label="Name of the team", max_length=120)


@private_page()
def team_list(request):
    """POST makes a team of the person's own."""
    form = TeamForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            team = make_team(owner=request.user, name=form.cleaned_data["name"])
        except Refusal as refusal:
            form.add_error("name" if refusal.field == "name" else None, refusal.message)
        else:
            return redirect(team)
    memberships = list(teams_of(request.user)[:100])
    pools = pools_run_by(request.user)
    rows = [
        {"member": member, "pools": pools.get(member.team_id, []) if member.may_run else []}
        for member in memberships
    ]
    owns = any(member.role == TeamMember.Role.OWNER for member in memberships)
    context = {"rows": rows, "form": form, "owns": owns}
    return render(request, "learning/teams.html", context, status=400 if form.errors else 200)


@private_page()
def team_page(request, team_id):
    """Seats, people and roles of a team. Only who runs it finds it."""
    team = team_run_by(request.user, team_id)
    if team is None:
        raise Http404
    if request.method == "POST":
        try:
            _act(request, team)
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Saved.")
        return redirect(team)
    members = list(members_of(team)[:MEMBERS_SHOWN])
    mine = next((one for one in members if one.person_id == request.user.pk), None)
    context = {
        "team": team,
        "pools": list(pools_of(team)),
        "members": members,
        "is_owner": bool(mine and mine.role == TeamMember.Role.OWNER)
        or request.user.has_perm("accounts.change_team"),
        "roles": TeamMember.Role.choices,
        "form": TeamForm(initial={"name": team.name}),
    }
    return render(request, "learning/team.html", context)


def _act(request, team):
    said = request.POST
    if said.get("do") == "rename":
        rename_team(team=team, name=said.get("name", "")[:200], actor=request.user)
    elif said.get("do") == "remove":
        remove_member(team=team, person_id=said.get("person", "")[:60], actor=request.user)
    else:
        set_team_role(
            team=team,
            person_id=said.get("person", "")[:60],
            role=said.get("role", "")[:10],
            actor=request.user,
        )
