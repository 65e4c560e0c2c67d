"""Checking a password, with the exact limit that every door shares."""

from accounts.models import User
from accounts.refusals import NoPassword, WrongPassword
from engineroom.throttles import spend

RATE = "10/5m"


def spend_try(request, email: str) -> None:
    """Count one try for the account, known or not. Raises TooManyTries."""
    spend(request, "login", key=email.strip().lower(), rate=RATE)


def confirm(request, person: User, password: str) -> None:
    """The signed-in person proves that it is them. Raises TooManyTries, NoPassword, WrongPassword."""
    if not person.has_usable_password():
        raise NoPassword
    spend_try(request, person.email)
    if not person.check_password(password):
        raise WrongPassword
