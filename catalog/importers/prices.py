"""Decimal prices of course files as integer minor units."""

import re
from decimal import Decimal

from catalog.importers.refusals import PackageRefused

# ISO 4217: currencies whose minor unit is not a hundredth.
WITHOUT_MINOR = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"]
    + ["VND", "VUV", "XAF", "XOF", "XPF"]
)
THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def minor_units(price: str, currency: str) -> int:
    """`49.00` EUR is 4900. Refuses what is no positive amount of the currency."""
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise PackageRefused("A price needs a currency of three letters, such as EUR.")
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,3})?", price):
        raise PackageRefused("A price is a plain number, such as 49.00.")
    digits = 0 if currency in WITHOUT_MINOR else 3 if currency in THOUSANDTHS else 2
    amount = Decimal(price).scaleb(digits)
    if amount != amount.to_integral_value() or amount <= 0:
        raise PackageRefused(f"The price {price} is no amount of {currency}.")
    return int(amount)
