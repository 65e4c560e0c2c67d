"""People for tests, and signing them in."""

from itertools import count

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from accounts.models import IdentityProvider, User

PASSWORD = "correct horse battery"  # noqa: S105 - a test password
_number = count(1)


def make_user(*, is_verified: bool = True, roles=(), **fields) -> User:
    """A person with PASSWORD and a confirmed address; pass is_staff, is_superuser, name… to differ.

    `roles` are names of groups.
    """
    fields.setdefault("email", f"person{next(_number)}@example.com")
    fields.setdefault("password", PASSWORD)
    person = User.objects.create_user(**fields)
    EmailAddress.objects.create(user=person, email=person.email, verified=is_verified, primary=True)
    for role in roles:
        person.groups.add(Group.objects.get_or_create(name=role)[0])
    return person


def make_provider(**fields) -> IdentityProvider:
    """An OpenID Connect provider row."""
    number = next(_number)
    fields.setdefault("key", f"provider-{number}")
    fields.setdefault("name", f"Provider {number}")
    fields.setdefault("server_url", "https://login.example.com")
    fields.setdefault("client_id", "lectern")
    fields.setdefault("client_secret", "a-client-secret")
    return IdentityProvider.objects.create(**fields)
