"""Accounts that begin with an address alone, and the mailed link that opens them."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.actions.people import sign_up, verify_email
from accounts.bearers import LINK_LASTS, digest, new_token
from accounts.models import SignInLink, User
from accounts.queries import person_with_email
from accounts.refusals import EmailTaken, LinkSpent
from engineroom import audit, clock, mail
from engineroom.addresses import absolute_url


@transaction.atomic
def person_for_email(*, email: str, name: str = "") -> tuple[User, bool]:
    """The person who owns the address, or a new one without a password: (person, created)."""
    if known := person_with_email(email):
        return known, False
    try:
        person = sign_up(person=User(), email=email, name=name)
    except EmailTaken:
        return person_with_email(email), False
    EmailAddress.objects.create(user=person, email=person.email, primary=True)
    return person, True


@transaction.atomic
def send_sign_in_link(
    *, person: User, next_url: str = "/learn/", key: str | None = None, template="sign_in_link"
) -> None:
    """Mail a link that works once, for 24 hours: it verifies the address and signs in.

    `next_url` is a path of this site; anything else becomes /learn/. `key` makes a repeat send
    nothing.
    """
    is_ours = next_url.startswith("/") and url_has_allowed_host_and_scheme(next_url, None)
    token = new_token("link")
    SignInLink.objects.create(
        person=person,
        email=person.email,
        digest=digest(token),
        next_path=next_url[:500] if is_ours else "/learn/",
        expires_at=clock.real() + LINK_LASTS,
    )
    url = absolute_url(reverse("accounts:sign-in-link", args=[token]))
    mail.send(template, person.email, {"name": person.name, "url": url}, key=key)


@transaction.atomic
def use_sign_in_link(*, token: str) -> SignInLink:
    """Spend the link. Its address is verified by it. Raises LinkSpent."""
    now = clock.real()
    done = SignInLink.objects.filter(
        digest=digest(token), used_at=None, expires_at__gt=now, person__is_active=True
    ).update(used_at=now)
    if not done:
        raise LinkSpent
    link = SignInLink.objects.select_related("person").get(digest=digest(token))
    if link.email != link.person.email:
        raise LinkSpent
    audit.record("person.used_sign_in_link", link.person.public_id, actor=link.person)
    verified = EmailAddress.objects.filter(user=link.person, email=link.email, verified=True)
    if not verified.exists():
        verify_email(person=link.person, email=link.email)
    return link
