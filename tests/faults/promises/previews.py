"""P: what a preview says is what the checkout shows, the order asks and the gateway takes."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from django.test import override_settings

from engineroom import clock
from engineroom.models import OutboxEvent
from payments import sellables, states
from payments.actions.checkouts import add_line, open_checkout
from payments.actions.coupons import make_coupon
from payments.actions.filling import change_checkout, change_filled_line
from payments.actions.ordering import place_order, start_payment
from payments.actions.previewing import preview_price
from payments.actions.settling import refresh_payment
from payments.actions.subscriptions import refresh_subscription
from payments.gateways import simulator
from payments.models import LedgerEntry, Offer, OfferItem, Order, Subscription
from payments.queries.books import audit_books
from payments.queries.checkouts import later_minor, lines_of, quote_of
from payments.refusals import PriceChanged
from tests.factories.payments import make_offer
from tests.factories.subscriptions import PeriodicSellable
from tests.faults.buyers import charged
from tests.faults.promise import Promise, Tally, by_chance

CURRENCIES = ("EUR", "JPY", "KWD")
# Where buyers live, and the VAT id they give: at home, in the EU, outside, with and without, and
# where a member state has places without its VAT (Helgoland, the Canary Islands).
PLACES = (
    ("DE", "", ""),
    ("DE", "10115", "DE136695976"),
    ("DE", "27498", ""),
    ("FR", "", ""),
    ("FR", "75002", "FR40303265045"),
    ("ES", "35001", ""),
    ("ES", "28001", ""),
    ("AT", "", "ATU13585627"),
    ("GR", "", "EL094259216"),
    ("IE", "", ""),
    ("US", "", ""),
    ("CH", "", "CHE107787577MWST"),
)
SHAPES = ("once",) * 9 + ("parts", "membership", "trial")
MONTH = timedelta(days=31)


def seats_offer(currency: str, amount_minor: int) -> Offer:
    """Seats of a team, for every course."""
    offer = Offer.objects.create(title="Seats", amount_minor=amount_minor, currency=currency)
    OfferItem.objects.create(offer=offer, kind="team-seats", key="*")
    return offer


class Shop:
    """Offers of every shape, in every currency."""

    def __init__(self, chance):
        self.chance = chance
        self.offers = {code: self._offers(code) for code in CURRENCIES}

    def _amount(self) -> int:
        low, high = self.chance.choice(((1, 99), (100, 9999), (10_000, 999_999)))
        return self.chance.randint(low, high)

    def _offers(self, currency: str) -> dict[str, list[Offer]]:
        def some(count: int, **fields) -> list[Offer]:
            return [self._one(currency, **fields) for _ in range(count)]

        return {
            "once": some(8)
            + some(4, pricing="open")
            + [seats_offer(currency, self._amount()) for _ in range(2)],
            "parts": [
                self._one(currency, instalments=self.chance.randint(2, 12)) for _ in range(5)
            ],
            "membership": some(2, period="month") + some(1, period="year"),
            "trial": some(2, period="month", trial_days=14),
        }

    def _one(self, currency: str, **fields) -> Offer:
        amount = self._amount()
        return make_offer(
            currency=currency,
            amount_minor=amount,
            list_minor=self.chance.choice((None, amount + self.chance.randint(0, 900))),
            tax_class=self.chance.choice(("standard", "standard", "reduced")),
            keys=[uuid4().hex for _ in range(self.chance.choice((1, 1, 2, 3)))],
            **fields,
        )


@dataclass
class Cart:
    """What somebody wants: (offer, how many, chosen amount) and how it is paid."""

    shape: str
    lines: list[tuple[Offer, int, int | None]]
    code: str = ""
    is_first_only: bool = False
    place: tuple[str, str, str] = ("DE", "", "")
    said: dict = field(default_factory=dict)

    @classmethod
    def by_chance(cls, chance, shop: Shop) -> "Cart":
        currency, shape = chance.choice(CURRENCIES), chance.choice(SHAPES)
        count = chance.randint(1, 4) if shape == "once" else 1
        lines = []
        for offer in chance.sample(shop.offers[currency][shape], count):
            offer.refresh_from_db()
            quantity = chance.choice((1, 1, chance.randint(2, 40))) if shape == "once" else 1
            is_open = offer.pricing == Offer.Pricing.OPEN
            amount = offer.amount_minor + chance.randint(0, 5000) if is_open else None
            lines.append((offer, quantity, amount))
        cart = cls(shape, lines, place=chance.choice(PLACES))
        if chance.random() < 0.5:
            cart._take_code(chance, currency)
        return cart

    def _take_code(self, chance, currency: str) -> None:
        self.is_first_only = self.shape != "trial" and chance.random() < 0.5
        terms = {"kind": "percent", "percent": chance.choice((10_000, chance.randint(1, 9999)))}
        if chance.random() < 0.5:
            amount = chance.randint(1, 20_000)
            terms = {"kind": "fixed", "amount_minor": amount, "currency": currency}
        named = [offer for offer, *_ in self.lines if chance.random() < 0.5]
        self.code = make_coupon(
            code=f"P{uuid4().hex[:16]}",
            duration="first" if self.is_first_only else "always",
            offers=named,
            **terms,
        ).code

    def preview(self):
        country, postal_code, vat_id = self.place
        return preview_price(
            lines=self.lines,
            coupon=self.code,
            country=country,
            postal_code=postal_code,
            vat_id=vat_id,
            in_instalments=self.shape == "parts",
        )

    def checkout(self):
        checkout = open_checkout(offer=self.lines[0][0])
        for offer, quantity, amount in self.lines:
            row = add_line(checkout=checkout, offer=offer)
            if (quantity, amount) != (1, None):
                change_filled_line(
                    checkout=checkout, line_id=row.public_id, quantity=quantity, amount_minor=amount
                )
        country, postal_code, vat_id = self.place
        return change_checkout(
            checkout=checkout,
            billing={"postal_code": postal_code},
            country=country,
            vat_id=vat_id,
            coupon=self.code,
            in_instalments=self.shape == "parts",
        )


def make_dearer(cart: Cart) -> None:
    """Staff change a price while somebody reads the old one."""
    offer = cart.lines[0][0]
    Offer.objects.filter(pk=offer.pk).update(amount_minor=offer.amount_minor + 7, list_minor=None)


def charge(cart: Cart, *, is_dearer: bool, is_guarded: bool = True) -> tuple[str, list[str]]:
    """One cart from its preview to the money: how it went, and what was wrong."""
    quote, checkout = cart.preview(), cart.checkout()
    lines = lines_of(checkout)
    shown, later = quote_of(checkout, lines).total_minor, later_minor(checkout, lines)
    email = f"{uuid4().hex}@example.com"
    expected = quote.total_minor if is_guarded else None
    if is_dearer:
        make_dearer(cart)
    try:
        order = place_order(
            checkout=checkout, has_consented=True, email=email, expected_minor=expected
        )
    except PriceChanged:
        return "refused", [] if is_dearer else ["the price of nothing had changed"]
    payment = start_payment(order=order)
    if payment.gateway == simulator.NAME:
        simulator.pay(payment.reference, outcome="success", fault="lost")
        refresh_payment(payment, source="model")
    order.refresh_from_db()
    wrong = _of_this(order, {"preview": quote.total_minor, "checkout": shown})
    if order.subscription_id and not is_dearer:
        wrong += _of_later(cart, order, quote, later)
    return cart.shape, wrong


def _of_this(order: Order, amounts: dict[str, int]) -> list[str]:
    """Every place where the amount stands, from the preview to the books."""
    capture = LedgerEntry.objects.filter(order=order, ref__startswith="capture:").first()
    invoice = order.invoices.first()
    amounts |= {
        "order": order.total_minor,
        "lines": sum(line.total_minor for line in order.lines.all()),
        "payment": order.payments.get().amount_minor,
        "gateway": charged(order.number),
        "books": capture.amount_minor if capture else 0,
        "invoice": invoice.total_minor if invoice else 0,
    }
    wrong = [] if order.state == states.PAID else [f"{order.number}: {order.state}"]
    return wrong + ([f"{order.number}: {amounts}"] if len(set(amounts.values())) > 1 else [])


def _of_later(cart: Cart, order: Order, quote, later: int) -> list[str]:
    """The instalments of the schedule, or the next period, as they are charged when they are due."""
    subscription = Subscription.objects.get(pk=order.subscription_id)
    wanted = [part.amount_minor for part in quote.instalments]
    ahead = MONTH * len(wanted) if wanted else MONTH * (12 if subscription.period == "year" else 1)
    with clock.moved_by(ahead):
        simulator.subscribing.bill_due()
        refresh_subscription(subscription, source="model")
    simulator.subscribing.cancel(subscription.reference, at_period_end=False)
    rows = Order.objects.filter(subscription=subscription).order_by("period_starts_at", "pk")
    found = list(rows.values_list("total_minor", flat=True))
    wrong = []
    if cart.shape == "parts":
        if found != wanted or sum(found) != quote.full_minor:
            wrong.append(f"{order.number}: instalments {found}, previewed {wanted}")
    elif len(found) < 2 or found[1] != later:
        wrong.append(f"{order.number}: {found}, shown as {later} a period")
    taken = charged(order.number)
    if taken != sum(found):
        wrong.append(f"{order.number}: {taken} taken for orders of {sum(found)}")
    return wrong


@override_settings(SELLER_COUNTRY="DE", SELLER_OSS=True)
def play(seed: int, carts: int) -> Tally:
    sellables.register("dummy", PeriodicSellable())
    chance, tally, done = by_chance(seed), Tally(), Counter()
    shop = Shop(chance)
    for _ in range(carts):
        cart = Cart.by_chance(chance, shop)
        how, wrong = charge(cart, is_dearer=chance.random() < 0.03)
        done[how] += 1
        tally.add(wrong)
    tally.violations += audit_books()["problems"]
    if carts >= 1000:
        missing = {*SHAPES, "refused"} - set(done)
        tally.violations += [f"never charged: {name}" for name in sorted(missing)]
    # Nobody is to be told of what was bought under a clock that was only here.
    OutboxEvent.objects.filter(done_at=None).delete()
    return tally


def run(stage, number, scale) -> Tally:
    return play(number, 1000 if stage.is_full else 40)


@override_settings(SELLER_COUNTRY="DE", SELLER_OSS=True)
def control(stage) -> bool:
    """The same way without saying which total was shown: then a changed price is charged."""
    sellables.register("dummy", PeriodicSellable())
    chance = by_chance(1)
    shop = Shop(chance)
    carts = (Cart.by_chance(chance, shop) for _ in range(12))
    is_red = any(charge(cart, is_dearer=True, is_guarded=False)[1] for cart in carts)
    OutboxEvent.objects.filter(done_at=None).delete()
    return is_red


PROMISES = [
    Promise(
        "P",
        "The preview is what is charged",
        run,
        {"short": 1, "full": 10},
        control,
        is_pure=True,
    ),
]
