"""Money as whole minor units and an ISO 4217 code. No floats, no decimals, no rounding by accident."""

import re

# Digits after the point, ISO 4217. A currency that is not listed is not sold in.
EXPONENTS = {
    "AUD": 2, "BGN": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0, "CNY": 2, "CZK": 2,
    "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 2, "IDR": 2, "ILS": 2, "INR": 2, "ISK": 0,
    "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "MXN": 2, "MYR": 2, "NOK": 2, "NZD": 2, "OMR": 3,
    "PHP": 2, "PLN": 2, "RON": 2, "SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TND": 3, "TRY": 2,
    "TWD": 2, "UAH": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip
SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪"}
MOST_MINOR = 10**15
AMOUNT = re.compile(r"(?P<whole>[0-9]{1,16})(?:\.(?P<part>[0-9]+))?")


class MoneyError(ValueError):
    """The text is no amount of this currency."""


def exponent(currency: str) -> int:
    """Digits after the point. Raises MoneyError for a code nobody can pay in here."""
    try:
        return EXPONENTS[currency]
    except (KeyError, TypeError) as error:
        raise MoneyError(f"{currency!r} is not a currency this school knows.") from error


def plain(amount_minor: int, currency: str) -> str:
    """The amount as digits and a point: `49.00`, `500` (JPY), `12.500` (KWD)."""
    digits = exponent(currency)
    sign, amount = ("-", -amount_minor) if amount_minor < 0 else ("", amount_minor)
    if not digits:
        return f"{sign}{amount}"
    whole, part = divmod(amount, 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}"


def text(amount_minor: int, currency: str) -> str:
    """The amount as people read it: `€1,249.00`, `¥500`, `KWD 12.500`, `−£30.00`."""
    digits = plain(abs(amount_minor), currency)
    whole, point, part = digits.partition(".")
    sign = "−" if amount_minor < 0 else ""
    mark = SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{sign}{mark}{int(whole):,}{point}{part}"


def shown_steps(steps: list[dict], currency: str) -> list[dict]:
    """The steps between the lines and the total, with the amount as people read it."""
    return [
        {**step, "text": text(step["amount_minor"], currency)}
        for step in steps
        if step["step"] not in ("list", "total")
    ]


def parse(amount: str, currency: str) -> int:
    """Minor units of a plain amount such as `49.00`.

    Raises MoneyError for signs, spaces, commas, more decimals than the currency has, or amounts
    above 10^15 minor units. Fewer decimals are filled up: `49` and `49.5` are fine in EUR.
    """
    digits = exponent(currency)
    found = AMOUNT.fullmatch(amount) if isinstance(amount, str) and amount.isascii() else None
    if not found:
        raise MoneyError(f"Write the amount as digits with a point, such as {plain(4900, 'EUR')}.")
    part = found["part"] or ""
    if len(part) > digits:
        raise MoneyError(f"{currency} has {digits or 'no'} decimals.")
    minor = int(found["whole"] + part.ljust(digits, "0"))
    if minor > MOST_MINOR:
        raise MoneyError("This amount is too large.")
    return minor


def split(amount_minor: int, weights: list[int]) -> list[int]:
    """Parts in proportion to the weights whose sum is exactly the amount (largest remainder).

    Ties go to the earlier part. Weights that are all zero count as equal. Negative amounts are
    split like their opposite. Raises ValueError without weights or with a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("A split needs at least one weight, none of them negative.")
    if amount_minor < 0:
        return [-part for part in split(-amount_minor, weights)]
    shares = weights if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [amount_minor * share // whole for share in shares]
    rests = [amount_minor * share % whole for share in shares]
    order = sorted(range(len(shares)), key=lambda index: (-rests[index], index))
    for index in order[: amount_minor - sum(parts)]:
        parts[index] += 1
    return parts
