"""R10: no minor unit is invented. Carts by chance, priced and taken apart again."""

import random

from payments import money, pricing
from payments.pricing import CouponTerms, Part, TaxTerms, Wanted
from tests.faults.promise import Promise, Tally, by_chance

CURRENCIES = ("JPY", "EUR", "KWD")
RATES = (0, 500, 700, 1000, 1900, 2000, 2550, 2700)


def random_cart(chance: random.Random) -> dict:
    """The arguments of `pricing.price` for a cart that somebody might fill."""
    currency = chance.choice(CURRENCIES)
    wanted = []
    for number in range(chance.randint(1, 5)):
        amount = chance.choice((chance.randint(1, 99), chance.randint(100, 500_000)))
        parts = [
            Part(kind="thing", key=str(part), title="Thing", weight=chance.randint(0, 9))
            for part in range(chance.randint(1, 4))
        ]
        wanted.append(
            Wanted(
                offer=f"offer_{number}",
                title="Offer",
                amount_minor=amount,
                list_minor=chance.choice((None, amount + chance.randint(0, 900))),
                currency=currency,
                tax_class=chance.choice(("standard", "reduced")),
                parts=parts,
                quantity=chance.choice((1, 1, 1, chance.randint(2, 40))),
            )
        )
    return {
        "wanted": wanted,
        "currency": currency,
        "coupon": random_coupon(chance, wanted),
        "tax": random_tax(chance),
        "instalments": chance.choice((1, 1, chance.randint(2, 24))),
    }


def random_coupon(chance, wanted) -> CouponTerms | None:
    kind = chance.choice(("none", "percent", "fixed"))
    if kind == "none":
        return None
    some = frozenset(line.offer for line in wanted if chance.random() < 0.7)
    return CouponTerms(
        code="CODE",
        label="Off",
        percent=chance.randint(1, 10_000) if kind == "percent" else 0,
        amount_minor=chance.randint(1, 20_000) if kind == "fixed" else 0,
        offers=chance.choice((None, some)),
    )


def random_tax(chance) -> TaxTerms:
    kind = chance.choice(("none", "standard", "standard", "reverse", "outside"))
    rates = {"standard": chance.choice(RATES), "reduced": chance.choice(RATES)}
    return TaxTerms(kind=kind, country="DE", rates=rates)


def _of_sums(quote, cart) -> list[str]:
    """Lines, net, tax, rounding, discount and total of one quote."""
    wrong = []
    lines = quote.lines
    if sum(line.total_minor for line in lines) != quote.total_minor:
        wrong.append("the lines are not the total")
    for line in lines:
        numbers = (line.net_minor, line.tax_minor, line.rounding_minor, line.total_minor)
        if any(type(number) is not int for number in numbers):
            wrong.append(f"no whole units: {numbers}")
        if line.net_minor + line.tax_minor + line.rounding_minor != line.total_minor:
            wrong.append("net, tax and rounding are not the line")
        if line.total_minor < 0 or line.tax_minor < 0 or abs(line.rounding_minor) > 1:
            wrong.append(f"out of reach: {numbers}")
    return wrong


def _of_full_price(cart) -> list[str]:
    """Without instalments: what was asked, less the coupon, less the tax that is not owed."""
    quote = pricing.price(cart["wanted"], cart["currency"], coupon=cart["coupon"], tax=cart["tax"])
    before = sum(line.amount_minor * line.quantity for line in cart["wanted"])
    wrong = _of_sums(quote, cart)
    owed = before - quote.discount_minor
    if cart["tax"].kind != "reverse" and quote.total_minor != owed:
        wrong.append(f"{before} less {quote.discount_minor} is not {quote.total_minor}")
    if cart["tax"].kind == "reverse" and not 0 <= quote.total_minor <= owed:
        wrong.append("reverse charge adds to the price")
    return wrong


def _of_instalments(cart) -> list[str]:
    """The parts of a price paid monthly are the price."""
    count, wrong, paid = cart["instalments"], [], 0
    for number in range(1, count + 1):
        quote = pricing.price(
            cart["wanted"],
            cart["currency"],
            coupon=cart["coupon"],
            tax=cart["tax"],
            instalments=count,
            number=number,
        )
        wrong += _of_sums(quote, cart)
        paid += quote.total_minor
    if paid != quote.full_minor:
        wrong.append(f"{count} instalments are {paid} of {quote.full_minor}")
    return wrong


def _of_refunds(cart, chance) -> list[str]:
    """A line sent back in pieces returns exactly its net, tax and rounding."""
    quote = pricing.price(cart["wanted"], cart["currency"], coupon=cart["coupon"], tax=cart["tax"])
    wrong = []
    for line in quote.lines:
        back, sums = 0, [0, 0, 0]
        while back < line.total_minor:
            piece = min(chance.randint(1, max(1, line.total_minor)), line.total_minor - back)
            parts = pricing.part_back(
                back, piece, line.total_minor, line.tax_minor, line.rounding_minor
            )
            if sum(parts) != piece or parts[1] < 0:
                wrong.append(f"a refund of {piece} is {parts}")
            sums = [so_far + part for so_far, part in zip(sums, parts, strict=True)]
            back += piece
        if line.total_minor and sums != [line.net_minor, line.tax_minor, line.rounding_minor]:
            wrong.append(f"refunds return {sums} of {line}")
    return wrong


def check_cart(cart, chance) -> list[str]:
    wrong = _of_full_price(cart) + _of_refunds(cart, chance)
    if cart["instalments"] > 1:
        wrong += _of_instalments(cart)
    return wrong


def run(stage, number, scale, carts=None) -> Tally:
    chance, tally = by_chance(1000 + number), Tally()
    for _ in range(carts or 5000):
        tally.add(check_cart(random_cart(chance), chance))
    return tally


def control(stage) -> bool:
    """Shares rounded one by one, as careless code would: units appear and disappear."""
    careful = money.split

    def careless(amount_minor, weights):
        whole = sum(weights) or len(weights)
        return [round(amount_minor * (weight or 0) / whole) for weight in weights]

    money.split = careless
    try:
        return bool(run(stage, 0, "control", carts=300).violations)
    finally:
        money.split = careful


PROMISES = [
    Promise(
        "R10", "No unit is invented", run, {"short": 1, "full": 20}, control=control, is_pure=True
    )
]
