"""Devices: programs that act for a person by bearer tokens."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.core import signing
from django.db import transaction

from accounts.bearers import ACCESS_LASTS, REFRESH_LASTS, digest, new_token
from accounts.models import Device, User
from accounts.refusals import TokenRefused, TokenReused
from engineroom import audit, clock

SALT = "accounts.refresh"
NOTED_EVERY = timedelta(minutes=10)


def _refresh_token(device: Device) -> str:
    """Random, and signed with the device's id: a spent one is known for what it was."""
    return signing.dumps([device.public_id, new_token("r")], salt=SALT)


def _renew(device: Device) -> tuple[str, str]:
    """New tokens into the row's fields; they are readable only here and now."""
    access, refresh = new_token("lec"), _refresh_token(device)
    now = clock.real()
    device.access_digest, device.access_expires_at = digest(access), now + ACCESS_LASTS
    device.refresh_digest, device.refresh_expires_at = digest(refresh), now + REFRESH_LASTS
    device.used_at = now
    return access, refresh


@transaction.atomic
def issue_device(*, person: User, name: str = "", session_key: str = "") -> tuple[Device, str, str]:
    """A new device with its access and refresh token.

    `session_key` is the sign-in session it came from, which ends with the device.
    """
    device = Device(person=person, name=name[:80], session_key=session_key)
    access, refresh = _renew(device)
    device.save()
    audit.record("device.added", device.public_id, actor=person)
    return device, access, refresh


def refresh_device(*, refresh_token: str) -> tuple[Device, str, str]:
    """Spend a refresh token for new tokens. Raises TokenRefused.

    A token that was spent before means that somebody has a copy: the device is signed out and
    TokenReused raised.
    """
    with transaction.atomic():
        spent = digest(refresh_token)
        device = Device.objects.select_related("person").filter(refresh_digest=spent).first()
        if device is not None:
            is_over = device.refresh_expires_at <= clock.real() or device.revoked_at is not None
            if is_over or not device.person.is_active:
                raise TokenRefused
            access, refresh = _renew(device)
            taken = Device.objects.filter(pk=device.pk, refresh_digest=spent, revoked_at=None)
            if taken.update(
                access_digest=device.access_digest,
                access_expires_at=device.access_expires_at,
                refresh_digest=device.refresh_digest,
                refresh_expires_at=device.refresh_expires_at,
                used_at=device.used_at,
            ):
                return device, access, refresh
        copied = _device_of_spent(refresh_token)
        if copied is None:
            raise TokenRefused
        revoke_device(device=copied, actor=None, reason="refresh token used twice")
    # Outside the transaction, so that the device stays signed out.
    raise TokenReused


def _device_of_spent(refresh_token: str) -> Device | None:
    try:
        public_id, _random = signing.loads(refresh_token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Device.objects.filter(public_id=public_id, revoked_at=None).first()


@transaction.atomic
def revoke_device(*, device: Device, actor: User | None, reason: str = "") -> bool:
    """Sign the device out at once, with the session it came from. False when it already was."""
    done = Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=clock.real())
    if not done:
        return False
    if device.session_key:
        Session.objects.filter(session_key=device.session_key).delete()
    audit.record("device.revoked", device.public_id, actor=actor, reason=reason)
    return True


@transaction.atomic
def revoke_devices(
    *, person: User, actor: User | None, reason: str = "", keep_session: str = ""
) -> int:
    """The same for all devices of the person but that of `keep_session`; returns how many."""
    rows = list(Device.objects.filter(person=person, revoked_at=None).order_by("pk"))
    rows = [row for row in rows if not keep_session or row.session_key != keep_session]
    return sum(revoke_device(device=row, actor=actor, reason=reason) for row in rows)


def follow_session(*, person_key: int, before: str, after: str) -> None:
    """The sign-in session of the person has another key now; its device keeps to it."""
    Device.objects.filter(person=person_key, session_key=before).update(session_key=after)


def use_device(*, device: Device) -> None:
    """Note that the device was used, at most every ten minutes: reads must not become writes."""
    now = clock.real()
    if now - device.used_at >= NOTED_EVERY:
        Device.objects.filter(pk=device.pk).update(used_at=now)
