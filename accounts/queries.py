"""Reading people and what belongs to their accounts."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from accounts.bearers import digest
from accounts.models import Device, IdentityProvider, Team, TeamMember, User
from engineroom import clock


def has_role(person, role: str) -> bool:
    """Whether the person holds the role; a superuser holds all. One query a person, remembered."""
    if person is None or not person.is_authenticated or not person.is_active:
        return False
    return person.is_superuser or role in roles_of(person)


def roles_of(person: User) -> frozenset[str]:
    """Names of the person's groups. One query, remembered on the object."""
    if not hasattr(person, "_role_names"):
        person._role_names = frozenset(person.groups.values_list("name", flat=True))
    return person._role_names


def person_with_email(email: str) -> User | None:
    """Who owns the address: by a verified address first, else by the account's own address."""
    email = email.strip().lower()
    owner = EmailAddress.objects.filter(email=email, verified=True).select_related("user").first()
    return owner.user if owner else User.objects.filter(email__iexact=email).first()


def is_verified(person: User) -> bool:
    """Whether the account's address has been shown to be theirs."""
    return EmailAddress.objects.filter(user=person, email=person.email, verified=True).exists()


def devices_of(person: User) -> QuerySet[Device]:
    """The programs that may act for the person now, the last used first."""
    return Device.objects.filter(
        person=person, revoked_at=None, refresh_expires_at__gt=clock.real()
    ).order_by("-used_at", "-pk")


def bearer_of(access_token: str) -> Device | None:
    """The device behind a valid access token, with its person. One query."""
    device = (
        Device.objects.select_related("person")
        .filter(access_digest=digest(access_token), revoked_at=None)
        .first()
    )
    if device is None or device.access_expires_at <= clock.real() or not device.person.is_active:
        return None
    return device


@dataclass(frozen=True)
class BrowserSession:
    """A place where the person is signed in. `id` names it without giving the key away."""

    id: str
    browser: str
    address: str
    started_at: datetime
    seen_at: datetime
    is_current: bool
    key: str


def session_id(session_key: str) -> str:
    """A name for a session that cannot be turned back into its key."""
    return hashlib.sha256(f"session:{session_key}".encode()).hexdigest()[:24]


def sessions_of(person: User, current_key: str | None = None) -> list[BrowserSession]:
    """Where the person is signed in, newest first. Two queries however many."""
    rows = list(UserSession.objects.filter(user=person).order_by("-last_seen_at", "-pk"))
    alive = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=clock.real()
        ).values_list("session_key", flat=True)
    )
    return [
        BrowserSession(
            id=session_id(row.session_key),
            browser=browser_name(row.user_agent),
            address=row.ip,
            started_at=row.created_at,
            seen_at=row.last_seen_at,
            is_current=row.session_key == current_key,
            key=row.session_key,
        )
        for row in rows
        if row.session_key in alive
    ]


def browser_name(user_agent: str) -> str:
    """Such as "Firefox on Linux"; the raw text when nothing is recognized."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in user_agent), "")
    system = next((name for mark, name in systems if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or user_agent[:60] or "Unknown program"


def active_providers() -> list[IdentityProvider]:
    return list(IdentityProvider.objects.filter(is_active=True).order_by("name", "pk"))


def personal_data(person: User) -> dict:
    """Everything the accounts hold about the person, for the privacy export."""
    return {
        "name": "account",
        "rows": [
            {
                "id": person.public_id,
                "email": person.email,
                "name": person.name,
                "locale": person.locale,
                "time_zone": person.time_zone,
                "joined_at": person.date_joined.isoformat(),
                "roles": sorted(roles_of(person)),
                "addresses": list(
                    EmailAddress.objects.filter(user=person)
                    .order_by("pk")
                    .values("email", "verified", "primary")
                ),
                "devices": list(
                    Device.objects.filter(person=person)
                    .order_by("pk")
                    .values("public_id", "name", "created_at", "used_at", "revoked_at")
                ),
                "second_factors": list(
                    Authenticator.objects.filter(user=person)
                    .order_by("pk")
                    .values("type", "created_at", "last_used_at")
                ),
                "teams": list(
                    TeamMember.objects.filter(person=person)
                    .order_by("pk")
                    .values("team__public_id", "team__name", "role", "joined_at")
                ),
                "sessions": list(
                    UserSession.objects.filter(user=person)
                    .order_by("pk")
                    .values("ip", "user_agent", "created_at")
                ),
            }
        ],
    }


def has_staff() -> bool:
    """Whether somebody can run the school."""
    return User.objects.filter(is_superuser=True, is_active=True).exists()


def teams_of(person: User) -> QuerySet[TeamMember]:
    """The person's memberships with their teams, the newest team first: one query."""
    return TeamMember.objects.filter(person=person).select_related("team").order_by("-team_id")


def team_run_by(person: User, public_id: str) -> Team | None:
    """A team whose seats the person gives out, or any team for staff who may change teams."""
    if not public_id.isprintable():
        return None
    teams = Team.objects.all()
    if not person.has_perm("accounts.change_team"):
        teams = teams.run_by(person)
    return teams.filter(public_id=public_id).first()


def members_of(team: Team) -> QuerySet[TeamMember]:
    """Everybody in the team, the owner first: one query."""
    return team.members.select_related("person").order_by("pk")
