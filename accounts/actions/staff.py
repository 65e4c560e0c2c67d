"""What staff do to other people's accounts, and the roles that say who may."""

from fnmatch import fnmatchcase

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.actions.devices import revoke_devices
from accounts.actions.links import send_sign_in_link
from accounts.actions.people import change_profile, end_other_sessions, sign_up
from accounts.models import User
from accounts.queries import has_role, roles_of
from accounts.refusals import LastSuperuser, RoleNotYours, UnknownRole
from accounts.roles import LEARNER, MANAGER, PERMISSIONS, ROLES, STAFF_ROLES
from engineroom import audit


@transaction.atomic
def keep_roles() -> None:
    """Make the groups of the four roles hold exactly their permissions. Doing it again changes nothing."""
    labels = {pattern.split(".")[0] for patterns in PERMISSIONS.values() for pattern in patterns}
    rows = Permission.objects.filter(content_type__app_label__in=labels).values_list(
        "pk", "content_type__app_label", "codename"
    )
    named = [(pk, f"{label}.{codename}") for pk, label, codename in rows]
    for role, patterns in PERMISSIONS.items():
        wanted = {
            pk for pk, name in named if any(fnmatchcase(name, pattern) for pattern in patterns)
        }
        group, _ = Group.objects.get_or_create(name=role)
        held = set(group.permissions.values_list("pk", flat=True))
        if held != wanted:
            group.permissions.set(wanted)


def _may_decide_on(actor: User, person: User, roles: set[str]) -> None:
    """Managers decide on learners, instructors and support; superusers on everybody."""
    if actor.is_superuser:
        return
    if not has_role(actor, MANAGER) or person.is_superuser or MANAGER in roles | roles_of(person):
        raise RoleNotYours


@transaction.atomic
def add_person(*, email: str, name: str = "", roles: set[str] = frozenset({LEARNER}), actor: User):
    """An account made by staff: the person gets a sign-in link and chooses a password later.

    Raises EmailTaken, RoleNotYours, UnknownRole.
    """
    person = sign_up(person=User(), email=email, name=name)
    EmailAddress.objects.create(user=person, email=person.email, primary=True)
    audit.record("person.added_by_staff", person.public_id, actor=actor)
    set_roles(person=person, roles=roles, actor=actor)
    send_sign_in_link(person=person, next_url="/accounts/", template="account_made")
    return person


@transaction.atomic
def set_roles(*, person: User, roles: set[str], actor: User) -> User:
    """Give the person exactly these roles. Staff roles open the admin. Raises RoleNotYours."""
    roles = set(roles)
    if roles - set(ROLES):
        raise UnknownRole
    before = set(roles_of(person))
    if roles == before:
        return person
    _may_decide_on(actor, person, roles)
    for role in roles:
        Group.objects.get_or_create(name=role)
    person.groups.set(Group.objects.filter(name__in=roles))
    person._role_names = frozenset(roles)
    is_staff = person.is_superuser or bool(roles & set(STAFF_ROLES))
    if person.is_staff != is_staff:
        person.is_staff = is_staff
        person.save(update_fields=["is_staff"])
    audit.record(
        "person.changed_roles",
        person.public_id,
        actor=actor,
        before=sorted(before),
        after=sorted(roles),
    )
    return person


@transaction.atomic
def set_active(*, person: User, is_active: bool, actor: User) -> User:
    """Close an account or open it again. A closed one is signed out everywhere at once.

    Raises LastSuperuser, RoleNotYours.
    """
    if person.is_active == is_active:
        return person
    _may_decide_on(actor, person, set(roles_of(person)))
    if not is_active and person.is_superuser:
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
        if not others.exists():
            raise LastSuperuser
    person.is_active = is_active
    person.save(update_fields=["is_active"])
    if not is_active:
        revoke_devices(person=person, actor=actor, reason="account closed")
        end_other_sessions(person=person, actor=actor)
    audit.record("person.opened" if is_active else "person.closed", person.public_id, actor=actor)
    return person


@transaction.atomic
def change_person(
    *, person: User, name: str, roles: set[str], is_active: bool, actor: User
) -> User:
    """Staff's form of an account: name, roles, open or closed, in one go."""
    stored = User.objects.get(pk=person.pk)
    if stored.is_superuser and not actor.is_superuser:
        raise RoleNotYours
    set_roles(person=stored, roles=roles, actor=actor)
    set_active(person=stored, is_active=is_active, actor=actor)
    return change_profile(person=stored, actor=actor, name=name)
