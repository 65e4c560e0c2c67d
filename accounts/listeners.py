"""What allauth tells of, kept in the audit trail; and the groups, kept after each migration."""

from accounts.actions import keep_roles, note_security_change
from accounts.roles import PERMISSIONS

ROLE_ROOMS = {pattern.split(".")[0] for patterns in PERMISSIONS.values() for pattern in patterns}


def signed_in(sender, request, user, **kwargs):
    note_security_change(person=user, change="signed_in")


def factor_added(sender, user, authenticator, **kwargs):
    note_security_change(person=user, change=f"added_{authenticator.type}")


def factor_removed(sender, user, authenticator, **kwargs):
    note_security_change(person=user, change=f"removed_{authenticator.type}")


def factor_reset(sender, user, authenticator, **kwargs):
    note_security_change(person=user, change=f"renewed_{authenticator.type}")


def provider_added(sender, request, sociallogin, **kwargs):
    note_security_change(person=sociallogin.user, change="connected_provider")


def provider_removed(sender, request, socialaccount, **kwargs):
    note_security_change(person=socialaccount.user, change="disconnected_provider")


def migrated(sender, **kwargs):
    """Permissions come with each room's migration; the groups follow."""
    if sender.label in ROLE_ROOMS:
        keep_roles()
