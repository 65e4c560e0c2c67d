"""Guessing codes is slowed down, by page and API alike."""

from engineroom import throttles
from engineroom.refusals import TooManyTries
from payments.models import Checkout
from payments.queries.terms import clean_code


def count_guess(request, checkout: Checkout, code: str) -> None:
    """A code that is new here is a guess: 10 in 5 minutes an account or checkout, 30 a minute an
    address. Raises TooManyTries, beside the coupon."""
    code = clean_code(code)
    if not code or (checkout.coupon and checkout.coupon.code == code):
        return
    who = checkout.person.public_id if checkout.person else checkout.public_id
    spend_guess(request, who)


def spend_guess(request, who: str) -> None:
    """Count one guess of a code. Raises TooManyTries."""
    try:
        throttles.spend_address(request, "coupon-address", "30/m")
        if who:
            throttles.spend(request, "coupon", key=who, rate="10/5m")
    except TooManyTries as refusal:
        refusal.field = "coupon"
        raise
