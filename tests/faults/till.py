"""People, banks and staff at a till: each thing they do is done to the school and to the model."""

from collections import Counter, defaultdict
from datetime import timedelta
from uuid import uuid4

from django.db.models import Sum

from engineroom import clock
from engineroom.refusals import Refusal
from payments import gateways, states
from payments.actions.canceling import cancel_order, expire_overdue
from payments.actions.checkouts import add_line, open_checkout
from payments.actions.claims import act_on
from payments.actions.coupons import change_coupon, make_coupon
from payments.actions.details import set_coupon
from payments.actions.disputes import answer_dispute
from payments.actions.filling import change_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.gateways.simulator import disputing
from payments.models import Dispute, LedgerEntry, Order, SimulatorPayment
from payments.queries.books import audit_books, balances
from tests.factories.payments import make_offer
from tests.faults.model import RUNS_OUT, Code, Quarrel, Sale, Shelf, account_of
from tests.faults.promise import by_chance

CURRENCIES = ("EUR", "JPY", "KWD")
COUNTRIES = ("DE", "FR", "US")
CARDS = ("success", "success", "success", "dispute", "dispute_lost")
EVERY = 100


class Till:
    """Plays the operations, on the school and in the model."""

    def __init__(self, seed: int):
        self.chance = by_chance(seed)
        self.ahead = timedelta(0)
        self.shelves = {code: self._shelves(code) for code in CURRENCIES}
        self.codes: dict[str, list[Code]] = {code: [] for code in CURRENCIES}
        for code in CURRENCIES * 4:
            self.new_code(code)
        self.sales: list[Sale] = []
        self.before = self.sums()
        self.done: Counter[str] = Counter()

    def _shelves(self, code: str) -> list[Shelf]:
        amounts = (1, 333, 4900, 99999, 4900, 50)
        limits = (None, None, None, None, 5, 12)
        return [
            Shelf(make_offer(currency=code, amount_minor=amount, most_sold=most), amount, most)
            for amount, most in zip(amounts, limits, strict=True)
        ]

    def sums(self) -> dict[tuple[str, str], int]:
        """The books by the model's accounts and currency."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for (name, code), amount in balances().items():
            found[account_of(name), code] += amount
        return found

    def take(self, *wanted) -> Sale | None:
        rows = [one for one in self.sales if all(test(one) for test in wanted)]
        return self.chance.choice(rows) if rows else None

    # What people, banks and staff do. Each answers what was wrong, or None: there was nothing to do.

    def new_code(self, currency: str = "") -> list[str]:
        currency = currency or self.chance.choice(CURRENCIES)
        percent = self.chance.choice((0, self.chance.randint(1, 99), 100))
        amount = 0 if percent else self.chance.choice((1, 250, 6000))
        most = self.chance.choice((None, 1, 3, 10))
        terms = {"kind": "percent", "percent": percent * 100}
        if amount:
            terms = {"kind": "fixed", "amount_minor": amount, "currency": currency}
        row = make_coupon(code=f"T{uuid4().hex[:16]}", most_uses=most, **terms)
        self.codes[currency].append(Code(row, percent, amount, most))
        return []

    def close_code(self) -> list[str] | None:
        code = self.chance.choice([code for codes in self.codes.values() for code in codes])
        if not code.is_open:
            return None
        change_coupon(coupon=code.row, is_active=False)
        code.is_open = False
        return []

    def buy(self) -> list[str]:
        currency = self.chance.choice(CURRENCIES)
        shelves = self.chance.sample(self.shelves[currency], self.chance.randint(1, 3))
        code = self.chance.choice((None, self.chance.choice(self.codes[currency][-12:])))
        refusal = "sold_out" if any(shelf.is_gone for shelf in shelves) else ""
        refusal = refusal or (code.refusal if code else "")
        opened_at = clock.now()
        for shelf in shelves:
            shelf.row.refresh_from_db(fields=["sold"])
        try:
            order = self._order(shelves, code)
        except Refusal as refused:
            return [] if refused.code == refusal else [f"{refused.code}, not {refusal or 'sold'}"]
        whole = sum(shelf.price for shelf in shelves)
        should = whole - (code.off(whole) if code else 0)
        lines = {line.public_id: line.total_minor for line in order.lines.all()}
        one = Sale(order, start_payment(order=order), opened_at, lines, shelves, code)
        one.has_code = code.take() if code else False
        for shelf in shelves:
            shelf.taken += 1
        self.sales.append(one)
        wrong = [] if not refusal else [f"{order.number}: sold in spite of {refusal}"]
        if one.total != should:
            wrong.append(f"{order.number}: {one.total}, in the model {should}")
        if not should:
            one.page, _ = "paid", one.charge()
        return wrong + self.check(one)

    def _order(self, shelves: list[Shelf], code: Code | None) -> Order:
        checkout = open_checkout(offer=shelves[0].row)
        for shelf in shelves[1:]:
            add_line(checkout=checkout, offer=shelf.row)
        change_checkout(checkout=checkout, country=self.chance.choice(COUNTRIES))
        if code is not None:
            set_coupon(checkout=checkout, code=code.row.code)
        email = f"{uuid4().hex}@example.com"
        return place_order(checkout=checkout, has_consented=True, email=email)

    def _answer(self, outcome: str, page: str) -> Sale | None:
        """Somebody answers a hosted page that has not closed; the school is not told."""
        one = self.take(
            lambda sale: sale.page == "open" and sale.payment.closes_at > clock.now(),
        )
        if one is None:
            return None
        simulator.pay(one.payment.reference, outcome=outcome, fault="lost")
        one.page, one.card = page, outcome
        if outcome in ("dispute", "dispute_lost"):
            one.quarrel = Quarrel(moves_at=clock.now() + disputing.OPENS_AFTER)
        return one

    def pay(self) -> list[str] | None:
        one = self._answer(self.chance.choice(CARDS), "paid")
        return self.hear(one) if one else None

    def pay_unheard(self) -> list[str] | None:
        """The buyer never comes back, and the event is lost."""
        one = self._answer(self.chance.choice(CARDS), "paid")
        return self.check(one) if one else None

    def fail(self) -> list[str] | None:
        one = self._answer("decline", "failed")
        return self.hear(one) if one else None

    def try_again(self) -> list[str] | None:
        """Another card after one that was declined: another payment of the same order."""
        one = self.take(lambda sale: sale.page == "failed" and sale.state == states.AWAITING)
        if one is None:
            return None
        one.payment, one.page = start_payment(order=Order.objects.get(pk=one.order.pk)), "open"
        return self.check(one)

    def hear(self, one: Sale | None = None) -> list[str] | None:
        """News of a payment, however old, once or often."""
        one = one or self.take(lambda sale: sale.total)
        if one is None:
            return None
        for _ in range(self.chance.randint(1, 3)):
            one.payment.refresh_from_db()
            refresh_payment(one.payment, source="model")
        if one.page == "paid" and not one.is_charged:
            one.charge()
        return self.check(one)

    def refund(self) -> list[str] | None:
        """Lines whole or in part, amounts that are too large, and the same refund twice."""
        one = self.take(lambda sale: sale.is_charged)
        if one is None:
            return None
        amounts = {}
        for line in one.lines:
            left = one.left(line)
            if self.chance.random() < 0.6:
                amounts[line] = self.chance.choice((None, left, self.chance.randint(0, left + 2)))
        # What cost nothing ends with the rest of its order, and may be named beside it.
        free = {line for line, amount in amounts.items() if amount is None and not one.lines[line]}
        wanted = {
            line: one.left(line) if amount is None else amount
            for line, amount in amounts.items()
            if line not in free
        }
        fits = all(0 < amount <= one.left(line) for line, amount in wanted.items())
        if free:
            fits &= all(one.left(line) == wanted.get(line, 0) for line in one.lines)
        may, key = bool(wanted) and fits and not one.is_disputed, uuid4().hex
        for _ in range(self.chance.randint(1, 2)):
            try:
                made = refund_lines(order=one.order, amounts=amounts, reason="Model", key=key)
            except Refusal as refused:
                return self.check(one) + ([f"{amounts}: {refused.code}"] if may else [])
            if not may:
                return [f"a refund of {amounts} went through"]
        if (made.state == states.FAILED) != one.is_blocked:
            return [f"a refund of {amounts} is {made.state}"]
        if not one.is_blocked:
            one.refunded += sum(wanted.values())
            one.back = {line: one.back.get(line, 0) + wanted.get(line, 0) for line in one.lines}
        return self.check(one)

    def dispute(self) -> list[str] | None:
        """The buyer goes to the bank at once, over what is left or over the whole, whatever was sent
        back before; the school hears of it now or later."""
        wanted = [lambda sale: sale.page == "paid" and sale.total and sale.quarrel is None]
        one = self.take(*wanted, lambda sale: sale.refunded) or self.take(*wanted)
        if one is None:
            return None
        is_whole = not one.left_at_bank or self.chance.random() < 0.5
        paid = SimulatorPayment.objects.get(token=one.payment.reference)
        disputing.open_now(paid, is_whole=is_whole)
        one.quarrel = Quarrel()
        one.quarrel.open(one.total if is_whole else one.left_at_bank, clock.now())
        return self.hear_dispute(one) if self.chance.random() < 0.5 else self.check(one)

    def hear_dispute(self, one: Sale | None = None) -> list[str] | None:
        """A signed event about it, once or twice, and what the gateway says when it is asked."""
        one = one or self.take(
            lambda sale: sale.quarrel is not None and sale.quarrel.theirs != "planned"
        )
        if one is None:
            return None
        token = SimulatorPayment.objects.get(token=one.payment.reference).disputes.get().token
        for _ in range(self.chance.randint(1, 2)):
            act_on(disputing.reading(token), gateways.current())
        if not one.is_charged:
            one.charge()
        one.hear_of_quarrel()
        return self.check(one)

    def answer(self) -> list[str] | None:
        """Staff send the bank what they know of the sale."""
        one = self.take(
            lambda sale: sale.quarrel is not None and not sale.quarrel.is_answered,
            lambda sale: sale.quarrel.ours == states.OPEN,
        )
        if one is None:
            return None
        row = Dispute.objects.get(payment=one.payment)
        answer_dispute(dispute=row, evidence={"statement": "Model."}, is_confirmed=True)
        if one.quarrel.theirs == states.OPEN:
            one.quarrel.is_answered, one.quarrel.theirs = True, states.UNDER_REVIEW
            one.quarrel.moves_at = clock.now() + disputing.DECIDED_AFTER
        one.hear_of_quarrel()
        return self.check(one)

    def cancel(self) -> list[str] | None:
        one = self.take(lambda sale: sale.expected() == states.AWAITING)
        if one is None:
            return None
        if not cancel_order(order=one.order, reason="Model"):
            return [f"{one.order.number} could not be canceled"]
        one.end(states.CANCELED)
        return self.check(one)

    def pass_time(self, jump: timedelta | None = None) -> list[str]:
        """Hours go by: unpaid orders run out, unless their money is found; banks decide."""
        jump = jump or timedelta(minutes=self.chance.choice((10, 20, 360, 1500, 2940)))
        self.ahead += jump
        with clock.moved_by(jump):
            now = clock.now()
            disputing.move_due()
            while expire_overdue():
                pass
            wrong = []
            for one in self.sales:
                if one.quarrel is not None:
                    one.quarrel.pass_time(now, one.left_at_bank, one.card)
                if one.opened_at + RUNS_OUT > now:
                    continue
                if one.expected() == states.AWAITING:
                    wrong += self._run_out(one)
                elif one.page == "open":
                    # Of an order that was canceled: it takes no money any more.
                    one.page = "closed"
        return wrong

    def _run_out(self, one: Sale) -> list[str]:
        if one.page == "paid":
            one.charge()
        else:
            one.end(states.EXPIRED)
            one.page = "closed"
        return self.check(one)

    def close(self) -> list[str]:
        """Every bank decides, everything that is on its way arrives, and nothing stays open for the
        next round."""
        with clock.moved_by(self.ahead):
            wrong = self.pass_time(disputing.OPENS_AFTER + disputing.ANSWER_WITHIN)
        with clock.moved_by(self.ahead):
            for one in self.sales:
                wrong += self.hear(one) if one.total else []
                if one.quarrel is not None and one.quarrel.theirs != "planned":
                    wrong += self.hear_dispute(one)
                if one.expected() == states.AWAITING:
                    cancel_order(order=one.order, reason="Model")
                    one.end(states.CANCELED)
        return wrong + self.check_books()

    # What must be true of one order after each of them, and of the books now and then.

    def check(self, one: Sale) -> list[str]:
        row = Order.objects.get(pk=one.order.pk)
        found = {
            "state": (row.state, one.expected()),
            "back": (row.refunded_minor, one.returned),
            "books": (self._books_of(row), one.books()),
            "lines": (
                dict(row.lines.values_list("public_id", "refunded_minor")),
                {line: one.back.get(line, 0) for line in one.lines},
            ),
        }
        wrong = [
            f"{row.number}: {name} {own}, in the model {theirs}"
            for name, (own, theirs) in found.items()
            if own != theirs
        ]
        if not 0 <= row.refunded_minor <= (row.total_minor if one.is_charged else 0):
            wrong.append(f"{row.number}: {row.refunded_minor} back of {row.total_minor}")
        return wrong

    def _books_of(self, row: Order) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        entries = LedgerEntry.objects.filter(order=row)
        for debit, credit, amount in entries.values_list("debit", "credit", "amount_minor"):
            found[account_of(debit)] += amount
            found[account_of(credit)] -= amount
        return {name: amount for name, amount in found.items() if amount}

    def check_books(self) -> list[str]:
        wrong = list(audit_books()["problems"])
        wanted: dict[tuple[str, str], int] = defaultdict(int, self.before)
        for one in self.sales:
            for name, amount in one.books().items():
                wanted[name, one.order.currency] += amount
        now = self.sums()
        wrong += [
            f"{name}: {now[name]}, in the model {wanted[name]}"
            for name in sorted(set(now) | set(wanted))
            if now[name] != wanted[name]
        ]
        for code in [code for codes in self.codes.values() for code in codes]:
            code.row.refresh_from_db(fields=["uses"])
            if code.row.uses != code.uses:
                wrong.append(f"{code.row.code}: used {code.row.uses}, in the model {code.uses}")
        for shelf in [shelf for shelves in self.shelves.values() for shelf in shelves]:
            shelf.row.refresh_from_db(fields=["sold"])
            if shelf.row.sold != shelf.sold:
                wrong.append(f"{shelf.row}: sold {shelf.row.sold}, in the model {shelf.sold}")
        return wrong + self._of_the_gateway()

    def _of_the_gateway(self) -> list[str]:
        """What was taken from people and sent back to them, asked of the gateway itself."""
        mine = SimulatorPayment.objects.filter(
            order_number__in=[one.order.number for one in self.sales], state="succeeded"
        )
        sums = mine.aggregate(taken=Sum("amount_minor"), back=Sum("refunded_minor"))
        taken = sum(one.total for one in self.sales if one.page == "paid")
        back = sum(one.refunded for one in self.sales)
        found = (sums["taken"] or 0, sums["back"] or 0)
        return [] if found == (taken, back) else [f"the gateway has {found}, not {taken}, {back}"]

    def step(self) -> list[str]:
        """One operation by chance, of those for which there is something to do."""
        while True:
            name = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
            with clock.moved_by(self.ahead):
                wrong = getattr(self, name)()
            if wrong is not None:
                self.done[name] += 1
                return wrong


ACTS = {
    "buy": 26,
    "pay": 20,
    "pay_unheard": 5,
    "fail": 6,
    "try_again": 4,
    "hear": 7,
    "refund": 18,
    "dispute": 3,
    "hear_dispute": 6,
    "answer": 3,
    "cancel": 4,
    "pass_time": 3,
    "new_code": 1,
    "close_code": 1,
}
