"""The quarterly return of the One Stop Shop: sales to consumers in other member states.

Amounts are added up in each currency first and converted as sums, at the rate that the European
Central Bank published for the last day of the quarter (Directive 2006/112/EC, article 369h). The rate
is given by staff, as the bank writes it: so many units for one euro.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from payments import money

RATE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,8})?")


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One VAT group of an invoice (amounts positive) or of a credit note (negative).

    `quarter` is that of the document, `of_quarter` that of the invoice it is about.
    """

    quarter: str
    of_quarter: str
    country: str
    rate: int
    currency: str
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, kw_only=True)
class Total:
    """A line of the return. `net_eur`, `tax_eur`: cents of euro, None without a rate."""

    country: str
    rate: int
    currency: str
    net_minor: int
    tax_minor: int
    net_eur: int | None
    tax_eur: int | None


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Tax of an earlier quarter that is corrected in this return."""

    of_quarter: str
    country: str
    currency: str
    tax_minor: int
    tax_eur: int | None


def quarter_of(day: date) -> str:
    """`2026Q4`."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def days_of(quarter: str) -> tuple[date, date]:
    """First day of the quarter, and first day after it. Raises ValueError."""
    found = re.fullmatch(r"(20[0-9]{2})Q([1-4])", quarter)
    if not found:
        raise ValueError("Write the quarter such as 2026Q4.")
    year, number = int(found[1]), int(found[2])
    start = date(year, number * 3 - 2, 1)
    return start, date(year + number // 4, number * 3 % 12 + 1, 1)


def parse_rates(text: str) -> dict[str, Fraction]:
    """Rates written `USD 1.0832`, one a line or after commas. Raises ValueError."""
    rates = {"EUR": Fraction(1)}
    for row in filter(None, (part.strip() for part in re.split(r"[\n,;]", text))):
        code, _, rate = row.replace("=", " ").partition(" ")
        code, rate = code.upper(), rate.strip()
        if code not in money.EXPONENTS or not RATE.fullmatch(rate) or not Fraction(rate):
            raise ValueError(f"Write a rate such as USD 1.0832, not “{row[:40]}”.")
        rates[code] = Fraction(rate)
    return rates


def in_euro(amount_minor: int, currency: str, rates: Mapping[str, Fraction]) -> int | None:
    """Cents of euro, halves away from zero; None when the rate is not known."""
    if currency not in rates:
        return None
    exact = Fraction(abs(amount_minor) * 100, 10 ** money.exponent(currency)) / rates[currency]
    cents = int(exact + Fraction(1, 2))
    return -cents if amount_minor < 0 else cents


def totals(
    sales: Iterable[Sale], quarter: str, rates: Mapping[str, Fraction]
) -> tuple[list[Total], list[Correction]]:
    """The lines of the quarter's return, and its corrections of earlier quarters."""
    sums: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
    late: dict[tuple, int] = defaultdict(int)
    for sale in sales:
        if sale.quarter != quarter:
            continue
        if sale.of_quarter == quarter:
            row = sums[sale.country, sale.rate, sale.currency]
            row[0] += sale.net_minor
            row[1] += sale.tax_minor
        else:
            late[sale.of_quarter, sale.country, sale.currency] += sale.tax_minor
    lines = [
        Total(
            country=country,
            rate=rate,
            currency=currency,
            net_minor=net,
            tax_minor=tax,
            net_eur=in_euro(net, currency, rates),
            tax_eur=in_euro(tax, currency, rates),
        )
        for (country, rate, currency), (net, tax) in sorted(sums.items())
    ]
    corrections = [
        Correction(
            of_quarter=of_quarter,
            country=country,
            currency=currency,
            tax_minor=tax,
            tax_eur=in_euro(tax, currency, rates),
        )
        for (of_quarter, country, currency), tax in sorted(late.items())
    ]
    return lines, corrections
