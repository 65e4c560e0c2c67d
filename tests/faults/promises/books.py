"""R9: ten thousand things that happen at a till, each compared with a plain model of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from django.db import transaction

from engineroom import clock
from engineroom.refusals import Refusal
from payments import sellables, states
from payments.actions import settling
from payments.actions.canceling import cancel_order, expire_order
from payments.actions.checkouts import add_line, open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.models import Order, Payment
from payments.queries.books import audit_books, balances
from payments.queries.checkouts import lines_of, quote_of
from tests.factories.payments import DummySellable, make_offer
from tests.faults.buyers import Buyer
from tests.faults.promise import Promise, Tally, by_chance

CURRENCIES = ("EUR", "JPY", "KWD")


@dataclass
class Modeled:
    """An order as the model has it: the amounts of its lines, and what went back of each."""

    order: Order
    payment: Payment
    lines: dict[str, int]
    state: str = states.AWAITING
    back: dict[str, int] = field(default_factory=dict)
    is_charged: bool = False

    @property
    def total(self) -> int:
        return sum(self.lines.values())

    @property
    def returned(self) -> int:
        return sum(self.back.values())

    def expected(self) -> str:
        if not self.is_charged or not self.returned:
            return self.state
        return states.REFUNDED if self.returned == self.total else states.PARTLY_REFUNDED


class Till:
    """Plays the operations, on the school and in the model."""

    def __init__(self, seed: int):
        self.chance = by_chance(seed)
        self.people = [Buyer.new().person for _ in range(8)]
        self.offers = {
            code: [make_offer(currency=code, amount_minor=amount) for amount in (1, 333, 4900)]
            for code in CURRENCIES
        }
        self.open: list[Modeled] = []
        self.paid: list[Modeled] = []
        self.held = dict.fromkeys(CURRENCIES, 0)
        self.before = self.gateway()

    def gateway(self) -> dict[str, int]:
        """What the gateway holds, has kept as fees and has paid out, by currency."""
        own, names = balances(), ("gateway:simulator", "fees:simulator", "bank")
        return {
            code: sum(own.get((f"test:{name}", code), 0) for name in names) for code in CURRENCIES
        }

    def buy(self) -> list[str]:
        code = self.chance.choice(CURRENCIES)
        offers = self.chance.sample(self.offers[code], self.chance.randint(1, 3))
        checkout = open_checkout(offer=offers[0])
        for offer in offers[1:]:
            add_line(checkout=checkout, offer=offer)
        email = f"{uuid4().hex}@example.com"
        order = place_order(checkout=checkout, has_consented=True, email=email)
        lines = {line.public_id: line.total_minor for line in order.lines.all()}
        one = Modeled(order=order, payment=start_payment(order=order), lines=lines)
        self.open.append(one)
        wrong = [] if one.total == sum(o.amount_minor for o in offers) else ["another total"]
        return wrong + self.check(one)

    def take(self, rows) -> Modeled | None:
        return self.chance.choice(rows) if rows else None

    def answer(self, outcome: str) -> list[str]:
        one = self.take(self.open)
        if one is None or one.is_charged:
            return []
        try:
            simulator.pay(one.payment.reference, outcome=outcome)
        except Refusal:
            return self.check(one)
        if outcome == "success":
            one.is_charged, one.state = True, states.PAID
            self.held[one.order.currency] += one.total
            self.open.remove(one)
            self.paid.append(one)
        for _ in range(self.chance.randint(1, 3)):
            one.payment.refresh_from_db()
            refresh_payment(one.payment, source="model")
        return self.check(one)

    def again(self) -> list[str]:
        """News of something long since done: nothing may move."""
        one = self.take(self.paid)
        if one is not None:
            one.payment.refresh_from_db()
            refresh_payment(one.payment, source="model")
        return self.check(one) if one else []

    def refund(self) -> list[str]:
        one = self.take(self.paid)
        if one is None:
            return []
        amounts = {}
        for line, total in one.lines.items():
            left = total - one.back.get(line, 0)
            if self.chance.random() < 0.6:
                amounts[line] = self.chance.choice((None, left, self.chance.randint(0, left + 2)))
        wanted = {
            line: one.lines[line] - one.back.get(line, 0) if amount is None else amount
            for line, amount in amounts.items()
        }
        may = bool(wanted) and all(
            0 < amount <= one.lines[line] - one.back.get(line, 0) for line, amount in wanted.items()
        )
        key = uuid4().hex
        for _ in range(self.chance.randint(1, 2)):
            try:
                refund_lines(order=one.order, amounts=amounts, reason="Model", key=key)
            except Refusal:
                if may:
                    return [f"a refund of {amounts} was refused"]
                return self.check(one)
            if not may:
                return [f"a refund of {amounts} went through"]
        for line, amount in wanted.items():
            one.back[line] = one.back.get(line, 0) + amount
            self.held[one.order.currency] -= amount
        return self.check(one)

    def drop(self, act) -> list[str]:
        one = self.take(self.open)
        if one is None:
            return []
        if act == "cancel":
            if cancel_order(order=one.order, reason="Model"):
                one.state = states.CANCELED
        else:
            with clock.moved_by(timedelta(days=3)):
                if expire_order(Order.objects.get(pk=one.order.pk)):
                    one.state = states.EXPIRED
        if one.state in (states.EXPIRED,):
            self.open.remove(one)
        return self.check(one)

    def check(self, one: Modeled) -> list[str]:
        row = Order.objects.get(pk=one.order.pk)
        wrong = []
        if row.state != one.expected():
            wrong.append(f"{row.number}: {row.state}, in the model {one.expected()}")
        if row.refunded_minor != one.returned:
            wrong.append(f"{row.number}: {row.refunded_minor} back, in the model {one.returned}")
        return wrong

    def step(self) -> list[str]:
        acts = (
            (self.buy, 30),
            (lambda: self.answer("success"), 25),
            (lambda: self.answer("decline"), 6),
            (self.again, 6),
            (self.refund, 20),
            (lambda: self.drop("expire"), 4),
            (lambda: self.drop("cancel"), 4),
        )
        act = self.chance.choices([a for a, _ in acts], [w for _, w in acts])[0]
        return act()

    def check_books(self) -> list[str]:
        wrong = list(audit_books()["problems"])
        now = self.gateway()
        for code in CURRENCIES:
            if now[code] - self.before[code] != self.held[code]:
                said = f"{now[code] - self.before[code]} {code} at the gateway"
                wrong.append(f"{said}, in the model {self.held[code]}")
        return wrong


def play(seed: int, steps: int) -> Tally:
    sellables.register("dummy", DummySellable())
    till, tally = Till(seed), Tally()
    for number in range(steps):
        tally.add(till.step())
        if number % 250 == 249:
            tally.violations += till.check_books()
    tally.violations += till.check_books()
    return tally


def run(stage, number, scale) -> Tally:
    return play(number + 1, 1000 if stage.is_full else 150)


def control(stage) -> bool:
    """Booked in another amount, as a careless change of the code would: the model notices."""
    careful = settling.book_capture

    def careless(order, payment):
        payment.amount_minor += 1
        careful(order, payment)

    settling.book_capture = careless
    try:
        with transaction.atomic():
            is_red = bool(play(99, 40).violations)
            transaction.set_rollback(True)
        return is_red
    finally:
        settling.book_capture = careful


def run_previews(stage, number, scale) -> Tally:
    """What a checkout shows before is what the order, the payment and the gateway charge."""
    sellables.register("dummy", DummySellable())
    chance, tally = by_chance(number), Tally()
    for _ in range(1000 if stage.is_full else 40):
        code = chance.choice(CURRENCIES)
        checkout = open_checkout(
            offer=make_offer(currency=code, amount_minor=chance.randint(1, 99999))
        )
        for _ in range(chance.randint(0, 3)):
            other = make_offer(
                currency=code,
                amount_minor=chance.randint(1, 9999),
                keys=[uuid4().hex for _ in range(chance.randint(1, 3))],
            )
            add_line(checkout=checkout, offer=other)
        shown = quote_of(checkout, lines_of(checkout)).total_minor
        order = place_order(
            checkout=checkout,
            has_consented=True,
            email=f"{uuid4().hex}@example.com",
            expected_minor=shown,
        )
        payment = start_payment(order=order)
        asked = simulator.find(payment.reference).amount_minor
        amounts = {shown, order.total_minor, payment.amount_minor, asked}
        tally.add([] if len(amounts) == 1 else [f"{order.number}: {sorted(amounts)}"])
    return tally


PROMISES = [
    Promise("R9", "The books balance", run, {"short": 1, "full": 10}, control),
    Promise("P", "The preview is what is charged", run_previews, {"short": 1, "full": 10}),
]
