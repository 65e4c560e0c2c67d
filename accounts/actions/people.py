"""What people do to their own accounts."""

from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction

from accounts.actions.devices import revoke_devices
from accounts.events import EmailVerified
from accounts.models import User
from accounts.queries import session_id, sessions_of
from accounts.refusals import EmailTaken, UnknownTimeZone
from accounts.roles import LEARNER
from engineroom import audit, events


def lock_person(person_id: int | None) -> None:
    """What gives one person something runs one after the other, to the end of the transaction, so
    that the second sees what the first has given. The weaker lock: rows that name the person may be
    written meanwhile. Where the database has no row locks, writers take turns anyway."""
    if connection.features.has_select_for_update:
        people = User.objects.filter(pk=person_id)
        list(people.select_for_update(no_key=True).values_list("pk"))


@transaction.atomic
def sign_up(*, person: User, email: str, password: str | None = None, name: str = "") -> User:
    """Store a new person, a learner. `person` is an unsaved row that may carry other fields.

    Raises EmailTaken when an account with this address came into being meanwhile.
    """
    person.email = User.objects.normalize_email(email).lower()
    person.name = name.strip()
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise EmailTaken from error
    group, _ = Group.objects.get_or_create(name=LEARNER)
    person.groups.add(group)
    audit.record("person.signed_up", person.public_id, actor=person)
    return person


@transaction.atomic
def verify_email(*, person: User, email: str) -> None:
    """The address is theirs: it becomes the account's own, others of the account go.

    Raises EmailTaken when another account has verified it first.
    """
    email = email.lower()
    taken = EmailAddress.objects.filter(email=email, verified=True).exclude(user=person)
    owned = User.objects.filter(email__iexact=email).exclude(pk=person.pk)
    if taken.exists() or owned.exists():
        raise EmailTaken
    EmailAddress.objects.filter(user=person).exclude(email=email).delete()
    EmailAddress.objects.update_or_create(
        user=person, email=email, defaults={"verified": True, "primary": True}
    )
    is_change = person.email != email
    if is_change:
        person.email = email
        person.save(update_fields=["email"])
    audit.record(
        "person.changed_email" if is_change else "person.verified_email",
        person.public_id,
        actor=person,
    )
    events.announce(EmailVerified(person_id=person.pk, email=email))


@transaction.atomic
def change_profile(
    *,
    person: User,
    actor: User,
    name: str | None = None,
    time_zone: str | None = None,
    locale: str | None = None,
) -> User:
    """Change what is given. Raises UnknownTimeZone."""
    if time_zone is not None and time_zone not in available_timezones():
        raise UnknownTimeZone
    given = {"name": name, "time_zone": time_zone, "locale": locale}
    changed = {
        field: value
        for field, value in given.items()
        if value is not None and value != getattr(person, field)
    }
    if not changed:
        return person
    for field, value in changed.items():
        setattr(person, field, value)
    person.save(update_fields=list(changed))
    audit.record("person.changed_profile", person.public_id, actor=actor, fields=sorted(changed))
    return person


@transaction.atomic
def set_password(*, person: User, password: str, keep_session: str = "") -> None:
    """A new password signs out all devices but the one of `keep_session`.

    Browser sessions end by themselves: they carry a hash of the password.
    """
    person.set_password(password)
    person.save(update_fields=["password"])
    revoke_devices(
        person=person, actor=person, reason="password changed", keep_session=keep_session
    )
    audit.record("person.changed_password", person.public_id, actor=person)


@transaction.atomic
def note_security_change(*, person: User, change: str) -> None:
    """Keep in the audit trail what allauth has done, such as `totp_activated`."""
    audit.record(f"person.{change}", person.public_id, actor=person)


def _end(keys: list[str]) -> int:
    Session.objects.filter(session_key__in=keys).delete()
    return UserSession.objects.filter(session_key__in=keys).delete()[0]


@transaction.atomic
def end_session(*, person: User, session: str, actor: User) -> bool:
    """Sign out one place by its `session_id`; False when the person has no such session."""
    keys = [
        key
        for key in UserSession.objects.filter(user=person).values_list("session_key", flat=True)
        if session_id(key) == session
    ]
    if not keys:
        return False
    _end(keys)
    audit.record("person.ended_session", person.public_id, actor=actor)
    return True


@transaction.atomic
def end_other_sessions(*, person: User, actor: User, current_key: str | None = None) -> int:
    """Sign out everywhere but here; returns how many places."""
    keys = [row.key for row in sessions_of(person) if row.key != current_key]
    _end(keys)
    if keys:
        audit.record("person.ended_sessions", person.public_id, actor=actor, count=len(keys))
    return len(keys)
