"""Keys get old: second-factor secrets move under the newest one."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from engineroom import keyring


def _renewed(data: dict) -> dict:
    """The same data; what rests under an older key is under the newest one."""
    fresh = dict(data)
    for name in ("secret", "seed"):
        if fresh.get(name):
            fresh[name] = _newest(fresh[name])
    if codes := fresh.get("migrated_codes"):
        fresh["migrated_codes"] = [_newest(code) for code in codes]
    return fresh


def _newest(token: str) -> str:
    return token if keyring.is_newest(token) else keyring.renew(token)


@transaction.atomic
def renew_second_factor_secrets() -> int:
    """Encrypt TOTP secrets and recovery seeds under the newest key.

    Returns how many rows had an older one. Raises ValueError when no key of the ring opens one.
    """
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    count = 0
    for row in Authenticator.objects.filter(type__in=kinds).order_by("pk").select_for_update():
        if (fresh := _renewed(row.data)) != row.data:
            count += Authenticator.objects.filter(pk=row.pk).update(data=fresh)
    return count
