"""Value added tax as rules and data: which rate holds where and when, and who owes the tax.

The rates are rows of data/vat_rates.csv, each with its source. What is not listed there is taxed at
the standard rate of its country: a lower rate is never guessed. Rates are hundredths of a percent.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from payments.pricing import NO_TAX, TaxTerms

RATES_FILE = Path(__file__).parent / "data" / "vat_rates.csv"
TERRITORIES_FILE = RATES_FILE.with_name("vat_territories.csv")
# fmt: off
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on
CLASSES = ("standard", "reduced", "e-books")
# What people and VAT ids write, and the ISO code the rates stand under.
OTHER_NAMES = {"EL": "GR", "UK": "GB", "XI": "GB", "MC": "FR", "IM": "GB"}


@dataclass(frozen=True, kw_only=True)
class Seller:
    """What decides the tax on the school's side. `country` is empty when it charges none.

    `has_oss`: it declares sales to consumers abroad in the One Stop Shop, at their country's rate.
    `is_exempt`: it is under a small-business exemption.
    """

    country: str = ""
    has_oss: bool = True
    is_exempt: bool = False


@dataclass(frozen=True, kw_only=True)
class Rate:
    country: str
    tax_class: str
    rate: int
    valid_from: date
    source: str


def iso(country: str) -> str:
    """The country as the rates know it: Greece is GR, Monaco is taxed as France."""
    code = country.strip().upper()
    return OTHER_NAMES.get(code, code)


def hundredths(percent: str) -> int:
    """`25.5` is 2550."""
    whole, _, part = percent.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0")[:2] or 0)


@cache
def all_rates() -> tuple[Rate, ...]:
    """Every row of the file, by country, class and day."""
    with RATES_FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Rate(
                country=row["country"],
                tax_class=row["tax_class"],
                rate=hundredths(row["percent"]),
                valid_from=date.fromisoformat(row["valid_from"]),
                source=row["source"],
            )
            for row in csv.DictReader(file)
        )


@cache
def _history() -> dict[tuple[str, str], list[Rate]]:
    rows = defaultdict(list)
    for row in all_rates():
        rows[row.country, row.tax_class].append(row)
    return {key: sorted(found, key=lambda row: row.valid_from) for key, found in rows.items()}


def rates_on(country: str, on: date) -> dict[str, int]:
    """The rate of each tax class that day; empty for a country without rates here.

    Before the first row of a country its first row holds.
    """
    code = iso(country)
    standard = _history().get((code, "standard"))
    if standard is None:
        return {}
    begun = [row for row in standard if row.valid_from <= on] or standard[:1]
    found = dict.fromkeys(CLASSES, begun[-1].rate)
    for tax_class in CLASSES[1:]:
        valid = [row for row in _history().get((code, tax_class), []) if row.valid_from <= on]
        if valid:
            found[tax_class] = valid[-1].rate
    return found


@dataclass(frozen=True, kw_only=True)
class Territory:
    """A part of a member state to which the VAT Directive does not apply (its article 6).

    `postal_codes` are beginnings of them; `taxed_as` is the country to whose VAT it belongs, if any.
    """

    country: str
    postal_codes: tuple[str, ...]
    name: str
    taxed_as: str
    source: str


@cache
def territories() -> tuple[Territory, ...]:
    """Every row of the file."""
    with TERRITORIES_FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Territory(
                country=row["country"],
                postal_codes=tuple(row["postal_codes"].split()),
                name=row["territory"],
                taxed_as=row["taxed_as"],
                source=row["source"],
            )
            for row in csv.DictReader(file)
        )


def territory_of(country: str, postal_code: str) -> str:
    """The name of the territory with this address; "" where the country's own VAT holds.

    All member states with such territories write five digits, some with letters before them.
    """
    digits = "".join(letter for letter in postal_code if letter in "0123456789")
    if len(digits) != 5:
        return ""
    code = iso(country)
    return next(
        (
            one.name
            for one in territories()
            if one.country == code and digits.startswith(one.postal_codes)
        ),
        "",
    )


def decide(
    seller: Seller, country: str, *, is_business: bool, on: date, territory: str = ""
) -> TaxTerms:
    """How a buyer in `country` is taxed that day; `is_business` when they gave a valid VAT id.

    `territory` is what `territory_of` said of the address. Electronic services are taxed where the
    buyer is (Directive 2006/112/EC, articles 44, 58, 196).
    A buyer whose country is not known counts as one from the school's own.
    """
    home, buyer = iso(seller.country), iso(country) or iso(seller.country)
    if not home:
        return NO_TAX
    if territory:
        taxed_as = {one.name: one.taxed_as for one in territories()}.get(territory, "")
        if taxed_as != home:
            return TaxTerms(kind="outside", country=buyer)
        buyer = home
    if buyer == home:
        rates = rates_on(home, on)
        if seller.is_exempt or not rates:
            return TaxTerms(kind="none", country=home)
        return TaxTerms(kind="standard", country=home, rates=rates)
    if buyer not in EU:
        return TaxTerms(kind="outside", country=buyer)
    abroad = rates_on(buyer if seller.has_oss or home not in EU else home, on)
    if is_business:
        return TaxTerms(kind="reverse", country=buyer, rates={} if seller.is_exempt else abroad)
    if seller.is_exempt:
        return TaxTerms(kind="none", country=home)
    if seller.has_oss:
        return TaxTerms(kind="standard", country=buyer, rates=abroad)
    if home in EU:
        return TaxTerms(kind="standard", country=home, rates=abroad)
    return TaxTerms(kind="outside", country=buyer)
