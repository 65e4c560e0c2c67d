"""Keys get old: second-factor secrets move under the newest one."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from engineroom import keyring


def _renewed(data: dict) -> dict:
    fresh = dict(data)
    for name in ("secret", "seed"):
        if fresh.get(name):
            fresh[name] = keyring.renew(fresh[name])
    if codes := fresh.get("migrated_codes"):
        fresh["migrated_codes"] = [keyring.renew(code) for code in codes]
    return fresh


@transaction.atomic
def renew_second_factor_secrets() -> int:
    """Encrypt every TOTP secret and recovery seed under the newest key; returns how many rows."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    count = 0
    for row in Authenticator.objects.filter(type__in=kinds).order_by("pk").select_for_update():
        Authenticator.objects.filter(pk=row.pk).update(data=_renewed(row.data))
        count += 1
    return count
