"""Why an account action says no."""

from engineroom.refusals import Invalid, NotAllowed, Refusal


class EmailTaken(Refusal):
    code = "email_taken"
    message = "Another account uses this address."
    field = "email"


class WrongPassword(Refusal):
    code = "wrong_password"
    message = "The password is not right."
    field = "password"
    status = 403


class NoPassword(Refusal):
    code = "no_password"
    message = "This account has no password yet. Set one first, by a password reset."
    field = "password"


class LinkSpent(Refusal):
    code = "link_spent"
    message = "This link was used before or is older than a day. Ask for a new one."
    status = 410


class TokenRefused(Refusal):
    """The refresh token is unknown, expired or revoked. Sign in again."""

    code = "invalid_token"
    message = "This refresh token is not valid any more. Sign in again."
    status = 401


class TokenReused(TokenRefused):
    """A spent refresh token came back: somebody holds a copy, so the device was signed out."""

    code = "token_reused"
    message = "This refresh token was used before. The device has been signed out."


class LastSuperuser(Refusal):
    code = "last_superuser"
    message = "This is the only account that may do everything. Give another one that right first."


class RoleNotYours(NotAllowed):
    code = "role_not_yours"
    message = "You may not give or take this role."


class UnknownRole(Invalid):
    code = "unknown_role"
    message = "There is no such role."
    field = "roles"


class UnknownTimeZone(Invalid):
    code = "unknown_time_zone"
    message = "Choose a time zone such as Europe/Berlin."
    field = "time_zone"


class ProviderAddressRefused(Invalid):
    code = "provider_address_refused"
    message = "The issuer's address must start with https://."
    field = "server_url"


class ProviderKeyTaken(Refusal):
    code = "provider_key_taken"
    message = "Another provider has this key."
    field = "key"


class ProviderInUse(Refusal):
    code = "provider_in_use"
    message = "People sign in through this provider. Switch it off instead."


class SignInIncomplete(Refusal):
    """`data.flows` names what is left to do, one of them `is_pending`."""

    code = "sign_in_incomplete"
    message = "You are not signed in yet: one more step is needed."
    status = 401


class ReauthenticationRequired(Refusal):
    code = "reauthentication_required"
    message = "Prove that it is you again, then repeat the call."
    status = 401


class StepNotPossible(Refusal):
    code = "step_not_possible"
    message = "This step is not possible now, for instance because you are signed in already."


class SessionGone(Refusal):
    code = "session_gone"
    message = "This session token is not known any more. Begin without one."
    status = 410


class BadTeamName(Invalid):
    code = "bad_team_name"
    message = "Give the team a name of up to 120 characters."
    field = "name"


class OwnsTeam(Refusal):
    code = "owns_team"
    message = "You own a team already."


class NotTeamOwner(NotAllowed):
    code = "not_team_owner"
    message = "Only the owner of the team may do this."


class NoSuchMember(Refusal):
    code = "no_such_member"
    message = "This person does not belong to the team."
    status = 404


class OwnerStays(Refusal):
    code = "owner_stays"
    message = "A team keeps its owner until somebody else becomes it."
