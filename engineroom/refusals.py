"""The one way an action says no."""


class Refusal(Exception):
    """An action will not do it. Nothing was changed.

    `code` is stable and part of the API; `message` is one sentence for a person; `field` names the
    input it stands beside, when there is one; `status` is the HTTP status of the API's answer.
    """

    code = "refused"
    message = "This cannot be done."
    field: str | None = None
    status = 409

    def __init__(self, message: str | None = None, *, field: str | None = None, **details):
        if message:
            self.message = message
        if field:
            self.field = field
        self.details = details
        super().__init__(self.message)


class NotAllowed(Refusal):
    code = "not_allowed"
    message = "You may not do this."
    status = 403


class Invalid(Refusal):
    code = "invalid"
    message = "This value is not valid."
    status = 400


class TooManyTries(Refusal):
    code = "too_many_requests"
    message = "Too many tries. Wait a moment, then try again."
    status = 429
