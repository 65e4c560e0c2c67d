"""Leaving the school: the person goes, what the law keeps stays under a pseudonym."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.actions.teams import leave_teams
from accounts.events import PersonErased
from accounts.models import Device, SignInLink, User
from accounts.refusals import LastSuperuser
from engineroom import audit, clock, events, mail, slots
from engineroom.retrying import retried


@retried
@transaction.atomic
def erase_person(*, person: User, actor: User) -> None:
    """Replace the person by a pseudonym and end every way in. Cannot be undone.

    The other rooms erase their rows through the slot `accounts.erase`, in this transaction.
    Raises LastSuperuser.
    """
    # Begun again, the object must not remember what was taken back.
    person.refresh_from_db()
    if person.is_superuser:
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
        if not others.exists():
            raise LastSuperuser
    slots.gather("accounts.erase", person)
    leave_teams(person)
    addresses = {person.email}
    addresses.update(EmailAddress.objects.filter(user=person).values_list("email", flat=True))
    keys = list(UserSession.objects.filter(user=person).values_list("session_key", flat=True))
    keys += Device.objects.filter(person=person).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=keys).delete()
    for model in (UserSession, EmailAddress, Authenticator, SocialAccount):
        model.objects.filter(user=person).delete()
    for model in (Device, SignInLink):
        model.objects.filter(person=person).delete()
    for address in sorted(addresses):
        mail.forget(address)
    audit.record("person.erased", person.public_id, actor=actor)
    person.groups.clear()
    person.user_permissions.clear()
    person.email = f"{person.public_id}@erased.invalid"
    person.name = ""
    person.time_zone = "UTC"
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login = None
    person.erased_at = clock.now()
    person.set_unusable_password()
    person.save()
    events.announce(PersonErased(person_id=person.pk))
