"""What the worker tidies for people."""

from datetime import timedelta

from django.contrib.sessions.models import Session

from accounts.models import Device, SignInLink
from engineroom import clock, jobs

KEEP_DEVICES = timedelta(days=30)


def forget_links() -> int:
    return SignInLink.objects.filter(expires_at__lt=clock.real() - timedelta(days=1)).delete()[0]


def forget_sessions() -> int:
    return Session.objects.filter(expire_date__lt=clock.real()).delete()[0]


def forget_devices() -> int:
    """Devices nobody can use any more go after a month."""
    before = clock.real() - KEEP_DEVICES
    over = Device.objects.filter(revoked_at__lt=before)
    return (over | Device.objects.filter(refresh_expires_at__lt=before)).delete()[0]


def schedule() -> None:
    jobs.every(3600, "accounts.forget_links", forget_links)
    jobs.every(3600, "accounts.forget_sessions", forget_sessions)
    jobs.every(86400, "accounts.forget_devices", forget_devices)
