"""Our minor units and Stripe's: the same, but for ISK (Stripe counts hundredths of a króna) and the
currencies of three decimals, in which Stripe charges hundredths only."""

from payments import money
from payments.refusals import AmountNotCharged

HUNDREDFOLD = {"ISK"}
MOST = 99_999_999  # digits that Stripe takes
WHY_NOT = "Stripe does not move this amount in this currency."


def out(amount_minor: int, currency: str) -> int:
    """Stripe's number for our amount. Raises AmountNotCharged.

    Nothing is rounded: a buyer would pay another amount than the one they agreed to.
    """
    if currency in HUNDREDFOLD:
        amount_minor *= 100
    elif money.exponent(currency) == 3 and amount_minor % 10:
        raise AmountNotCharged
    if abs(amount_minor) > MOST:
        raise AmountNotCharged
    return amount_minor


def back(amount, currency: str) -> int:
    """Our minor units of Stripe's number. ISK that is no whole króna is kept as it is: no match."""
    amount = int(amount or 0)
    if currency.upper() in HUNDREDFOLD and amount % 100 == 0:
        return amount // 100
    return amount
