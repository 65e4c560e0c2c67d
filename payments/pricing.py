"""The one function that says what something costs. Page, API and order all use its answer.

Each step says what it did to the amount, so that an order can explain itself years later. Coupons,
tax and instalments become further steps between `list` and `total`.
"""

from dataclasses import dataclass, field

from payments import money


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing an offer gives: what it is, and its share of the offer's price."""

    kind: str
    key: str
    title: str
    url: str = ""
    weight: int = 1


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One line of a checkout: an offer at its list price, so many times."""

    offer: str
    title: str
    amount_minor: int
    currency: str
    tax_class: str
    parts: list[Part]
    quantity: int = 1


@dataclass(frozen=True, kw_only=True)
class PricedLine:
    """What becomes an order line. Offers of several things give one line for each of them."""

    offer: str
    kind: str
    key: str
    title: str
    url: str
    tax_class: str
    quantity: int
    total_minor: int
    steps: list[dict]


@dataclass(frozen=True, kw_only=True)
class Quote:
    currency: str
    total_minor: int
    lines: list[PricedLine] = field(default_factory=list)
    steps: list[dict] = field(default_factory=list)

    @property
    def text(self) -> str:
        return money.text(self.total_minor, self.currency)


class MixedCurrencies(ValueError):
    """One order is paid in one currency."""


def _step(name: str, label: str, amount_minor: int) -> dict:
    return {"step": name, "label": label, "amount_minor": amount_minor}


def _priced(wanted: Wanted) -> list[PricedLine]:
    whole = wanted.amount_minor * wanted.quantity
    shares = money.split(whole, [part.weight for part in wanted.parts])
    lines = []
    for part, share in zip(wanted.parts, shares, strict=True):
        steps = [_step("list", wanted.title, whole)]
        if len(wanted.parts) > 1:
            steps.append(_step("share", f"Share of {part.title}", share))
        steps.append(_step("total", "To pay", share))
        lines.append(
            PricedLine(
                offer=wanted.offer,
                kind=part.kind,
                key=part.key,
                title=part.title,
                url=part.url,
                tax_class=wanted.tax_class,
                quantity=wanted.quantity,
                total_minor=share,
                steps=steps,
            )
        )
    return lines


def price(wanted: list[Wanted], currency: str) -> Quote:
    """The quote for these lines in one currency. Raises MixedCurrencies."""
    if any(line.currency != currency for line in wanted):
        raise MixedCurrencies
    lines = [priced for line in wanted for priced in _priced(line)]
    total = sum(line.total_minor for line in lines)
    steps = [_step("list", line.title, line.amount_minor * line.quantity) for line in wanted]
    steps.append(_step("total", "Total", total))
    return Quote(currency=currency, total_minor=total, lines=lines, steps=steps)
