"""R13 and R17: a gateway that sleeps or breaks, and a clock that jumps."""

import threading
import time
from datetime import UTC, datetime, timedelta

from django.db import connection, connections, transaction

from engineroom import clock
from payments import states
from payments.actions.canceling import expire_overdue
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.models import Offer, Order
from tests.faults.buyers import Buyer, all_at_once, buy, charged, new_course, wrong_with_books
from tests.faults.promise import Promise, Tally

MOODS = ("sleep", "reset", "broken")
LONGEST = 10.0


def _idle_in_transaction() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND now() - state_change > interval '1 second'"
        )
        return cursor.fetchone()[0]


class Watch(threading.Thread):
    """Everything else meanwhile: a page, and a write of another buyer."""

    def __init__(self, school, offer):
        super().__init__(daemon=True)
        self.school, self.offer, self.is_over = school, offer, False
        self.pages, self.writes, self.idle, self.worst = [], [], 0, 0

    def _timed(self, *what, **how) -> float:
        started = time.monotonic()
        status = self.school.ask(*what, **how)[0]
        self.worst = max(self.worst, status)
        return time.monotonic() - started

    def run(self):
        number = 0
        while not self.is_over:
            number += 1
            self.pages.append(self._timed("GET", "/courses/"))
            body = {"offer": self.offer.public_id}
            self.writes.append(
                self._timed("POST", "/api/v1/checkouts", body, key=f"watch-{id(self)}-{number}")
            )
            self.idle = max(self.idle, _idle_in_transaction())
            time.sleep(0.05)
        connection.close()


def run_r13(stage, number, scale) -> Tally:
    """Checkouts against a gateway in a bad mood, and everybody else beside them."""
    _, offer = new_course()
    mood, tally = MOODS[number % 3], Tally()
    buyers = [Buyer.new() for _ in range(50 if stage.is_full else 8)]
    stage.gate.mood = mood
    watch = Watch(stage.school, offer)
    watch.start()
    until = time.monotonic() + (120 if stage.is_full else 6)
    at_once = 8 if stage.is_full else 4

    def press(place):
        started = time.monotonic()
        answer = buy(stage.school, buyers[place], offer, pays=False, patience=0)
        return answer, time.monotonic() - started

    while time.monotonic() < until:
        for answer, seconds in all_at_once(at_once, press):
            wrong = []
            if seconds > LONGEST:
                wrong.append(f"{mood}: an answer after {seconds:.1f} s")
            if answer.refusal != "gateway_unavailable":
                wrong.append(f"{mood}: answered {answer}")
            tally.add(wrong)
        buyers[:] = buyers[at_once:] + buyers[:at_once]
    watch.is_over = True
    watch.join(40)
    stage.gate.mood = "fine"
    if watch.worst >= 500:
        tally.violations.append(f"{mood}: something else answered {watch.worst}")
    if watch.idle:
        tally.violations.append(f"{mood}: {watch.idle} transactions waited for the gateway")
    for name, times in (("a page", watch.pages), ("a write", watch.writes)):
        slow = sorted(times)[int(len(times) * 0.95) - 1] if times else 99
        if slow > 1.0:
            tally.violations.append(f"{mood}: {name} took {slow * 1000:.0f} ms (p95)")
    after = buy(stage.school, buyers[0], offer)
    if after.state != states.PAID:
        tally.violations.append(f"{mood}: after it was over, {after}")
    return tally


def control_r13(stage) -> bool:
    """Ask inside a transaction: then another write waits as long as the gateway sleeps."""
    _, offer = new_course()
    entered = threading.Event()

    def careless():
        with transaction.atomic():
            Offer.objects.filter(pk=offer.pk).update(title="Asking the gateway")
            entered.set()
            time.sleep(1.5)
        connections.close_all()

    thread = threading.Thread(target=careless)
    thread.start()
    entered.wait(10)
    started = time.monotonic()
    Offer.objects.filter(pk=offer.pk).update(title="Another write")
    waited = time.monotonic() - started
    thread.join()
    return waited > 0.5


JUMPS = [timedelta(hours=h) for h in (-1, 1, -24, 24, -2, 2, 23, 25)]
MOMENTS = [
    datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC),
    datetime(2027, 10, 31, 0, 59, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC),
]


def _life(offer, before: timedelta, jump: timedelta) -> list[str]:
    """One order whose clock jumps between asking and paying, and again afterwards."""
    with clock.moved_by(before):
        checkout = open_checkout(offer=offer, person=Buyer.new().person)
        order = place_order(checkout=checkout, has_consented=True)
        payment = start_payment(order=order)
    wrong = []
    with clock.moved_by(before + jump):
        if order.expires_at <= order.placed_at:
            wrong.append("an order expired before it was placed")
        expire_overdue()
        state = Order.objects.get(pk=order.pk).state
        should = states.EXPIRED if clock.now() >= order.expires_at else states.AWAITING
        if state != should:
            wrong.append(f"after {jump}: {state}, not {should}")
        if state == states.EXPIRED:
            return wrong
        simulator.pay(payment.reference, outcome="success")
        for _ in range(2):
            payment.refresh_from_db()
            refresh_payment(payment, source="clock")
        expire_overdue()
    with clock.moved_by(before + jump + jump):
        refresh_payment(payment, source="clock")
    row = Order.objects.get(pk=order.pk)
    if row.state != states.PAID or charged(row.number) != row.total_minor:
        wrong.append(f"after {jump}: {row.state}, charged {charged(row.number)}")
    return wrong


def run_r17(stage, number, scale) -> Tally:
    _, offer = new_course()
    tally = Tally()
    starts = [timedelta(0)] + [moment - clock.now() for moment in MOMENTS]
    for before in starts if stage.is_full else starts[:3]:
        for jump in JUMPS if stage.is_full else JUMPS[:4]:
            tally.add(_life(offer, before, jump))
    tally.violations += wrong_with_books()
    return tally


def control_r17(stage) -> bool:
    """Measured by the clock of the machine, a jump goes unnoticed: nothing ever runs out."""
    _, offer = new_course()
    checkout = open_checkout(offer=offer, person=Buyer.new().person)
    order = place_order(checkout=checkout, has_consented=True)
    with clock.moved_by(timedelta(days=2)):
        by_machine = order.expires_at > datetime.now(UTC)
        return by_machine and order.expires_at < clock.now()


PROMISES = [
    Promise(
        "R13",
        "A sleeping gateway hurts only checkout",
        run_r13,
        {"short": 3, "full": 3},
        control_r13,
    ),
    Promise("R17", "Clock jumps", run_r17, {"short": 1, "full": 1}, control_r17),
]
