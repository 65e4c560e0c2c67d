"""OpenID Connect providers that staff add."""

from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import IdentityProvider, User
from accounts.refusals import ProviderAddressRefused, ProviderInUse, ProviderKeyTaken
from engineroom import audit
from engineroom.boot import loopback


def _check(server_url: str) -> None:
    site = urlsplit(server_url)
    is_local = site.scheme == "http" and loopback(site.hostname or "") and settings.TEST_SCHOOL
    if not (site.scheme == "https" and site.hostname) and not is_local:
        raise ProviderAddressRefused


def _store(provider: IdentityProvider) -> None:
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError as error:
        raise ProviderKeyTaken from error


@transaction.atomic
def add_identity_provider(
    *,
    key: str,
    name: str,
    server_url: str,
    client_id: str,
    client_secret: str,
    is_active: bool = True,
    actor: User,
) -> IdentityProvider:
    """Let people sign in through a provider. Raises ProviderAddressRefused, ProviderKeyTaken."""
    _check(server_url)
    provider = IdentityProvider(
        key=key,
        name=name,
        server_url=server_url,
        client_id=client_id,
        client_secret=client_secret,
        is_active=is_active,
    )
    _store(provider)
    audit.record("identity_provider.added", provider.key, actor=actor)
    return provider


@transaction.atomic
def change_identity_provider(
    *,
    provider: IdentityProvider,
    name: str,
    server_url: str,
    client_id: str,
    client_secret: str = "",
    is_active: bool,
    actor: User,
) -> IdentityProvider:
    """Change a provider; an empty secret keeps the stored one. The key stays: accounts carry it."""
    _check(server_url)
    stored = IdentityProvider.objects.get(pk=provider.pk)
    stored.name, stored.server_url, stored.client_id = name, server_url, client_id
    stored.is_active = is_active
    if client_secret:
        stored.client_secret = client_secret
    _store(stored)
    audit.record(
        "identity_provider.changed",
        stored.key,
        actor=actor,
        is_active=is_active,
        has_new_secret=bool(client_secret),
    )
    return stored


@transaction.atomic
def remove_identity_provider(*, provider: IdentityProvider, actor: User) -> None:
    """Forget a provider nobody signs in through. Raises ProviderInUse."""
    if SocialAccount.objects.filter(provider=provider.key).exists():
        raise ProviderInUse
    provider.delete()
    audit.record("identity_provider.removed", provider.key, actor=actor)
