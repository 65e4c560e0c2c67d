"""What the API's tests of this room share."""

from datetime import timedelta

from accounts.bearers import digest, new_token
from accounts.models import Device
from engineroom import clock


def bearer(person) -> dict:
    """Headers of a program that acts for the person."""
    token, refresh = new_token("access"), new_token("refresh")
    Device.objects.create(
        person=person,
        access_digest=digest(token),
        access_expires_at=clock.now() + timedelta(hours=1),
        refresh_digest=digest(refresh),
        refresh_expires_at=clock.now() + timedelta(days=1),
    )
    return {"Authorization": f"Bearer {token}"}
