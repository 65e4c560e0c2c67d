"""The school's account at a gateway: made with a fresh secret on first use."""

import secrets

from django.db import IntegrityError, transaction

from payments.models import GatewayAccount


def account(gateway: str, mode: str) -> GatewayAccount:
    """The one account of this gateway and mode."""
    found = GatewayAccount.objects.filter(gateway=gateway, mode=mode).first()
    if found:
        return found
    try:
        with transaction.atomic():
            return GatewayAccount.objects.create(
                gateway=gateway, mode=mode, webhook_secret=f"whsec_{secrets.token_urlsafe(32)}"
            )
    except IntegrityError:
        return GatewayAccount.objects.get(gateway=gateway, mode=mode)
