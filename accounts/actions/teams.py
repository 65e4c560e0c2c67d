"""Teams: who owns one, who runs it, who belongs to it."""

from django.db import IntegrityError, transaction

from accounts.models import Team, TeamMember, User
from accounts.refusals import BadTeamName, NoSuchMember, NotTeamOwner, OwnerStays, OwnsTeam
from engineroom import audit

OWNER, MANAGER, MEMBER = TeamMember.Role.OWNER, TeamMember.Role.MANAGER, TeamMember.Role.MEMBER


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise BadTeamName
    return name


@transaction.atomic
def make_team(*, owner: User, name: str, actor: User | None = None) -> Team:
    """A new team. Raises BadTeamName, and OwnsTeam for who has one already."""
    team = Team.objects.create(name=_name(name))
    try:
        with transaction.atomic():
            TeamMember.objects.create(team=team, person=owner, role=OWNER)
    except IntegrityError as error:
        raise OwnsTeam from error
    audit.record("team.made", team.public_id, actor=actor or owner)
    return team


@transaction.atomic
def team_of_buyer(*, person: User, name: str = "") -> Team:
    """Where the seats go that this person buys: to the team they own, else to the first they run,
    else to a new one."""
    runs = TeamMember.objects.filter(person=person, role__in=TeamMember.RUNNERS)
    found = runs.filter(role=OWNER).first() or runs.order_by("pk").first()
    if found:
        return found.team
    name = " ".join(name.split())[:120] or f"Team of {person.get_full_name()}"[:120]
    try:
        with transaction.atomic():
            return make_team(owner=person, name=name if name.isprintable() else "Team")
    except OwnsTeam:
        return runs.get(role=OWNER).team


@transaction.atomic
def rename_team(*, team: Team, name: str, actor: User) -> Team:
    """Raises BadTeamName."""
    team.name = _name(name)
    team.save(update_fields=["name"])
    audit.record("team.renamed", team.public_id, actor=actor)
    return team


@transaction.atomic
def join_team(*, team: Team, person: User) -> TeamMember:
    """Belong to the team. Asked again, nothing changes: a manager stays one."""
    member, created = TeamMember.objects.get_or_create(team=team, person=person)
    if created:
        audit.record("team.joined", team.public_id, actor=person)
    return member


def _require_owner(team: Team, actor: User) -> None:
    if actor.has_perm("accounts.change_team"):
        return
    if not TeamMember.objects.filter(team=team, person=actor, role=OWNER).exists():
        raise NotTeamOwner


def _member(team: Team, person_id: str) -> TeamMember:
    member = team.members.filter(person__public_id=person_id).select_related("person").first()
    if member is None:
        raise NoSuchMember
    return member


@transaction.atomic
def set_team_role(*, team: Team, person_id: str, role: str, actor: User) -> TeamMember:
    """Make a member a manager, a manager a member, or hand the team over to a new owner.

    Raises NotTeamOwner, NoSuchMember, OwnerStays (the owner hands over, and is not just demoted) and
    OwnsTeam (the new owner has a team of their own).
    """
    _require_owner(team, actor)
    member = _member(team, person_id)
    if role not in TeamMember.Role.values:
        raise NoSuchMember("There is no such role in a team.", field="role")
    if member.role == role:
        return member
    if member.role == OWNER:
        raise OwnerStays
    try:
        with transaction.atomic():
            if role == OWNER:
                team.members.filter(role=OWNER).update(role=MANAGER)
            TeamMember.objects.filter(pk=member.pk).update(role=role)
    except IntegrityError as error:
        raise OwnsTeam("They own a team already.") from error
    member.refresh_from_db(fields=["role"])
    audit.record("team.changed_role", team.public_id, actor=actor, person=person_id, role=role)
    return member


@transaction.atomic
def remove_member(*, team: Team, person_id: str, actor: User) -> None:
    """Take somebody out of the team; who belongs to it may leave. Seats are taken back by themselves.

    Raises NotTeamOwner, NoSuchMember, OwnerStays.
    """
    if person_id != actor.public_id:
        _require_owner(team, actor)
    member = _member(team, person_id)
    if member.role == OWNER:
        raise OwnerStays
    member.delete()
    audit.record("team.left", team.public_id, actor=actor, person=person_id)


def leave_teams(person: User) -> None:
    """For erasure, in the caller's transaction: the longest-standing manager takes a team over; one
    without any keeps its seats, and staff name its next owner."""
    for own in TeamMember.objects.filter(person=person).select_related("team"):
        own.delete()
        heir = own.team.members.filter(role=MANAGER).order_by("pk").first()
        if own.role == OWNER and heir:
            has_own = TeamMember.objects.filter(person=heir.person_id, role=OWNER).exists()
            if not has_own:
                TeamMember.objects.filter(pk=heir.pk).update(role=OWNER)
