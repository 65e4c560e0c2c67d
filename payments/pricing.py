"""The one function that says what something costs. Page, API, preview and order all use its answer.

Each step says what it did to the amount, so that an order can explain itself years later:
list → offer → share → coupon → tax → rounding → total → instalments. Amounts are whole minor units,
rates hundredths of a percent. Prices include tax: a group of lines under one rate is taxed as a sum
(EN 16931, BR-CO-17) and the parts are dealt out by largest remainder, so that no unit is lost. Where
no net amount and its tax add up to the price, the missing unit is a `rounding` of its own (BT-114).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from payments import money

WHOLE = 10_000  # a hundred percent in hundredths of a percent


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
    """One line of a checkout: an offer at its price, so many times. `list_minor` is the ordinary price."""

    offer: str
    title: str
    amount_minor: int
    currency: str
    tax_class: str
    parts: list[Part]
    quantity: int = 1
    list_minor: int | None = None
    trial_days: int = 0
    gift: dict | None = None


@dataclass(frozen=True, kw_only=True)
class CouponTerms:
    """What a coupon takes off: `percent` in hundredths, or an amount of the order's currency.

    `offers` names the offers it holds for; None: all of them.
    """

    code: str
    label: str
    percent: int = 0
    amount_minor: int = 0
    offers: frozenset[str] | None = None

    def holds_for(self, offer: str) -> bool:
        return self.offers is None or offer in self.offers


@dataclass(frozen=True, kw_only=True)
class TaxTerms:
    """How the buyer is taxed: `kind` is none, standard, reverse or outside; `rates` by tax class.

    Reverse charge: the buyer pays the price without the tax that a consumer there would pay.
    Outside: the whole price is net.
    """

    kind: str = "none"
    country: str = ""
    rates: Mapping[str, int] = field(default_factory=dict)

    def rate(self, tax_class: str) -> int:
        return self.rates.get(tax_class, 0) if self.kind == "standard" else 0


NO_TAX = TaxTerms()


@dataclass(frozen=True, kw_only=True)
class PricedLine:
    """What becomes an order line. Offers of several things give one line for each of them.

    `net_minor + tax_minor + rounding_minor == total_minor`.
    """

    offer: str
    kind: str
    key: str
    title: str
    url: str
    tax_class: str
    quantity: int
    discount_minor: int = 0
    net_minor: int = 0
    tax_minor: int = 0
    rounding_minor: int = 0
    tax_rate: int = 0
    total_minor: int
    gift: dict | None = None
    steps: list[dict]


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """Part `number` of a price paid monthly; the first is due at once."""

    number: int
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class Quote:
    """`total_minor` is due now; `full_minor` is the whole price, `period_minor` that of a later period."""

    currency: str
    total_minor: int
    full_minor: int = 0
    period_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    lines: list[PricedLine] = field(default_factory=list)
    instalments: list[Instalment] = field(default_factory=list)
    steps: list[dict] = field(default_factory=list)

    @property
    def text(self) -> str:
        return money.text(self.total_minor, self.currency)

    @property
    def shown_steps(self) -> list[dict]:
        return money.shown_steps(self.steps, self.currency)


class MixedCurrencies(ValueError):
    """One order is paid in one currency."""


def _step(name: str, label: str, amount_minor: int) -> dict:
    return {"step": name, "label": label, "amount_minor": amount_minor}


def percent_text(hundredths: int) -> str:
    """`19 %`, `5.5 %`."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %" if rest else f"{whole} %"


def rounded(amount: int, numerator: int, denominator: int) -> int:
    """amount × numerator / denominator in whole units, halves up. For amounts of zero and more."""
    return (2 * amount * numerator + denominator) // (2 * denominator)


def tax_within(gross_minor: int, rate: int) -> tuple[int, int, int]:
    """(net, tax, rounding) of a price that includes tax; tax is net × rate, rounded to the unit."""
    net = rounded(gross_minor, WHOLE, WHOLE + rate)
    best = (0, 0, 0)
    for candidate in (net, net - 1, net + 1):
        tax = rounded(candidate, rate, WHOLE) if candidate >= 0 else 0
        found = (candidate, tax, gross_minor - candidate - tax)
        if candidate == net:
            best = found
        if found[2] == 0 and candidate >= 0:
            return found
    return best


def part_back(
    before: int, amount: int, total: int, tax: int, rounding: int
) -> tuple[int, int, int]:
    """(net, tax, rounding) of `amount` going back of a line of which `before` is back already.

    Tax goes back in proportion, so that the parts of a whole line return exactly its tax; the
    rounding goes with the last of it.
    """

    def tax_at(so_far: int) -> int:
        return rounded(tax, so_far, total) if total else 0

    taxed = tax_at(before + amount) - tax_at(before)
    unit = rounding if total and before + amount == total else 0
    return amount - taxed - unit, taxed, unit


def _priced(wanted: Wanted) -> list[PricedLine]:
    """The lines of one offer before coupon and tax."""
    whole = wanted.amount_minor * wanted.quantity
    shares = money.split(whole, [part.weight for part in wanted.parts])
    ordinary = max(wanted.list_minor or 0, wanted.amount_minor) * wanted.quantity
    lines = []
    for part, share in zip(wanted.parts, shares, strict=True):
        steps = [_step("list", wanted.title, ordinary)]
        if ordinary > whole:
            steps.append(_step("offer", "Offer", whole - ordinary))
        if len(wanted.parts) > 1:
            steps.append(_step("share", f"Share of {part.title}", share))
        lines.append(
            PricedLine(
                offer=wanted.offer,
                kind=part.kind,
                key=part.key,
                title=part.title,
                url=part.url,
                tax_class=wanted.tax_class,
                quantity=wanted.quantity,
                net_minor=share,
                total_minor=share,
                gift=wanted.gift,
                steps=steps,
            )
        )
    return lines


def _discounted(lines: list[PricedLine], coupon: CouponTerms | None) -> list[PricedLine]:
    """The coupon on the lines it holds for; a fixed amount is dealt out in proportion."""
    if coupon is None:
        return lines
    eligible = [line for line in lines if coupon.holds_for(line.offer)]
    whole = sum(line.total_minor for line in eligible)
    off = rounded(whole, coupon.percent, WHOLE) if coupon.percent else coupon.amount_minor
    off = min(off, whole)
    if not off:
        return lines
    parts = iter(money.split(off, [line.total_minor for line in eligible]))
    done = []
    for line in lines:
        part = next(parts) if coupon.holds_for(line.offer) else 0
        if part:
            left = line.total_minor - part
            steps = [*line.steps, _step("coupon", f"{coupon.label} ({coupon.code})", -part)]
            line = replace(line, discount_minor=part, net_minor=left, total_minor=left, steps=steps)
        done.append(line)
    return done


def _without_tax(lines: list[PricedLine], tax: TaxTerms) -> list[PricedLine]:
    """Reverse charge: what a consumer there would pay as tax is taken off the price."""
    done = []
    for line in lines:
        rate = tax.rates.get(line.tax_class, 0)
        net = rounded(line.total_minor, WHOLE, WHOLE + rate)
        off = net - line.total_minor
        steps = [*line.steps, _step("tax", f"Reverse charge, VAT of {percent_text(rate)} off", off)]
        done.append(replace(line, net_minor=net, total_minor=net, steps=steps))
    return done


def _taxed(lines: list[PricedLine], tax: TaxTerms) -> list[PricedLine]:
    """Net, tax and rounding of each line; lines under one rate are taxed as one sum."""
    if tax.kind == "reverse":
        return _without_tax(lines, tax)
    if tax.kind != "standard":
        return lines
    done = list(lines)
    for rate in sorted({tax.rate(line.tax_class) for line in lines}):
        places = [at for at, line in enumerate(lines) if tax.rate(line.tax_class) == rate]
        gross = [lines[at].total_minor for at in places]
        _, tax_sum, rounding = tax_within(sum(gross), rate)
        taxes = money.split(tax_sum, gross)
        # The unit that cannot be taxed goes to the dearest line.
        dearest = gross.index(max(gross))
        for order, at in enumerate(places):
            line, own = lines[at], rounding if order == dearest else 0
            label = f"Including VAT of {percent_text(rate)} ({tax.country})"
            steps = [*line.steps, _step("tax", label, taxes[order])]
            if own:
                steps.append(_step("rounding", "Rounding", own))
            done[at] = replace(
                line,
                net_minor=line.total_minor - taxes[order] - own,
                tax_minor=taxes[order],
                rounding_minor=own,
                tax_rate=rate,
                steps=steps,
            )
    return done


def _lines(wanted: list[Wanted], coupon, tax: TaxTerms) -> list[PricedLine]:
    lines = [priced for line in wanted for priced in _priced(line)]
    lines = _taxed(_discounted(lines, coupon), tax)
    return [
        replace(line, steps=[*line.steps, _step("total", "To pay", line.total_minor)])
        for line in lines
    ]


def _instalments(amount_minor: int, count: int) -> list[int]:
    """Equal parts; the first takes what cannot be divided, so that all later ones are alike."""
    later = amount_minor // count
    return [amount_minor - later * (count - 1), *[later] * (count - 1)]


def part_of(
    lines: list[PricedLine], share: list[int], tax: TaxTerms, label: str, step: str, off=None
) -> list[PricedLine]:
    """The lines scaled to what each pays this time, as `share` says: an instalment, a change. `off`
    is the discount within each; in proportion when it is not said."""
    pairs = list(zip(lines, share, strict=True))
    off = off or [rounded(line.discount_minor, part, line.total_minor or 1) for line, part in pairs]
    scaled = [
        replace(
            line,
            discount_minor=less,
            net_minor=amount,
            tax_minor=0,
            rounding_minor=0,
            total_minor=amount,
            steps=[*line.steps, _step(step, label, amount)],
        )
        for (line, amount), less in zip(pairs, off, strict=True)
    ]
    # The tax-free price of reverse charge is in the lines already.
    return scaled if tax.kind == "reverse" else _taxed(scaled, tax)


def _steps(wanted: list[Wanted], lines: list[PricedLine], coupon, tax: TaxTerms) -> list[dict]:
    """The steps of the whole order."""
    steps = []
    for line in wanted:
        ordinary = max(line.list_minor or 0, line.amount_minor) * line.quantity
        steps.append(_step("list", line.title, ordinary))
        if ordinary > line.amount_minor * line.quantity:
            steps.append(_step("offer", "Offer", line.amount_minor * line.quantity - ordinary))
    if discount := sum(line.discount_minor for line in lines):
        steps.append(_step("coupon", f"{coupon.label} ({coupon.code})", -discount))
    if tax.kind == "reverse":
        before = sum(line.amount_minor * line.quantity for line in wanted) - discount
        steps.append(
            _step("tax", "Reverse charge", sum(line.total_minor for line in lines) - before)
        )
    if tax.kind == "standard":
        for rate in sorted({line.tax_rate for line in lines}):
            amount = sum(line.tax_minor for line in lines if line.tax_rate == rate)
            label = f"Including VAT of {percent_text(rate)} ({tax.country})"
            steps.append(_step("tax", label, amount))
    if rounding := sum(line.rounding_minor for line in lines):
        steps.append(_step("rounding", "Included rounding", rounding))
    return [*steps, _step("total", "Total", sum(line.total_minor for line in lines))]


def price(
    wanted: list[Wanted],
    currency: str,
    *,
    coupon: CouponTerms | None = None,
    tax: TaxTerms = NO_TAX,
    instalments: int = 1,
    number: int = 1,
) -> Quote:
    """The quote for these lines in one currency; with instalments, what part `number` costs.

    Raises MixedCurrencies.
    """
    if any(line.currency != currency for line in wanted):
        raise MixedCurrencies
    lines = _lines(wanted, coupon, tax)
    full = sum(line.total_minor for line in lines)
    steps = _steps(wanted, lines, coupon, tax)
    schedule, due = [], full
    if instalments > 1:
        parts = [_instalments(line.total_minor, instalments) for line in lines]
        sums = [sum(shares) for shares in zip(*parts, strict=True)]
        schedule = [Instalment(number=at, amount_minor=sum_) for at, sum_ in enumerate(sums, 1)]
        label = f"Instalment {number} of {instalments}"
        off = [_instalments(line.discount_minor, instalments)[number - 1] for line in lines]
        share = [shares[number - 1] for shares in parts]
        lines = part_of(lines, share, tax, label, "instalments", off)
        due = sums[number - 1]
        steps.append(_step("instalments", label, due))
    elif wanted and all(line.trial_days for line in wanted):
        days = max(line.trial_days for line in wanted)
        label = f"Trial of {days} day{'s' if days != 1 else ''}"
        lines = [_free(line, label) for line in lines]
        due = 0
        steps.append(_step("trial", label, -full))
    return Quote(
        currency=currency,
        total_minor=due,
        full_minor=full,
        period_minor=full,
        discount_minor=sum(line.discount_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        lines=lines,
        instalments=schedule,
        steps=steps,
    )


def _free(line: PricedLine, label: str) -> PricedLine:
    return replace(
        line,
        net_minor=0,
        tax_minor=0,
        rounding_minor=0,
        total_minor=0,
        steps=[*line.steps, _step("trial", label, -line.total_minor)],
    )
