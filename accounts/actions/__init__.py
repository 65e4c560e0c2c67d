"""Everything that changes an account. Pages, API and admin come here; allauth through its adapters."""

from accounts.actions.devices import (
    follow_session,
    issue_device,
    refresh_device,
    revoke_device,
    revoke_devices,
    use_device,
)
from accounts.actions.erasure import erase_person
from accounts.actions.identity import (
    add_identity_provider,
    change_identity_provider,
    remove_identity_provider,
)
from accounts.actions.links import person_for_email, send_sign_in_link, use_sign_in_link
from accounts.actions.people import (
    change_profile,
    end_other_sessions,
    end_session,
    lock_person,
    note_security_change,
    set_password,
    sign_up,
    verify_email,
)
from accounts.actions.secrets import renew_second_factor_secrets
from accounts.actions.staff import add_person, change_person, keep_roles, set_active, set_roles
from accounts.actions.teams import (
    join_team,
    make_team,
    remove_member,
    rename_team,
    set_team_role,
    team_of_buyer,
)

__all__ = [
    "add_identity_provider",
    "add_person",
    "change_identity_provider",
    "change_person",
    "change_profile",
    "end_other_sessions",
    "end_session",
    "erase_person",
    "follow_session",
    "issue_device",
    "join_team",
    "keep_roles",
    "lock_person",
    "make_team",
    "note_security_change",
    "person_for_email",
    "refresh_device",
    "remove_identity_provider",
    "remove_member",
    "rename_team",
    "renew_second_factor_secrets",
    "revoke_device",
    "revoke_devices",
    "send_sign_in_link",
    "set_active",
    "set_password",
    "set_roles",
    "set_team_role",
    "sign_up",
    "team_of_buyer",
    "use_device",
    "use_sign_in_link",
    "verify_email",
]
