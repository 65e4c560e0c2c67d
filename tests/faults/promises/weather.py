"""R13: a gateway that sleeps or breaks."""

import os
import threading
import time
from contextlib import suppress
from uuid import uuid4

from django.db import OperationalError, connection, connections, transaction

from payments import gateways, states
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.gateways.simulator import SimulatorGateway
from payments.models import Offer
from payments.refusals import GatewayUnavailable
from tests.faults.buyers import Buyer, buy, new_course
from tests.faults.gate import stand_before_the_simulator
from tests.faults.promise import Promise, Tally

MOODS = ("sleep", "reset", "broken")
LONGEST = 10.0
# What a page may take, a checkout that is opened (its declared budget), a write beside it: p95.
BUDGETS = {"a page": 0.1, "opening a checkout": 0.2, "a parallel write": 0.1}
PAUSE = 5.0


def _idle_in_transaction() -> int:
    """Transactions that have waited for a tenth of a second and do nothing: PostgreSQL knows."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND now() - state_change > interval '0.1 second'"
        )
        return cursor.fetchone()[0]


def p95(times: list[float]) -> float:
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)] if times else 99.0


class Watch(threading.Thread):
    """Everything else meanwhile: a page, a checkout of another buyer, a write of the same offer."""

    def __init__(self, school, course, offer):
        super().__init__(daemon=True)
        self.school, self.course, self.offer, self.is_over = school, course, offer, False
        self.times: dict[str, list[float]] = {name: [] for name in BUDGETS}
        self.idle = self.worst = 0

    def _timed(self, name: str, work) -> None:
        started = time.monotonic()
        work()
        self.times[name].append(time.monotonic() - started)

    def _ask(self, *what, **how) -> None:
        self.worst = max(self.worst, self.school.ask(*what, **how)[0])

    def look(self, number: int) -> None:
        body, key = {"offer": self.offer.public_id}, f"watch-{id(self)}-{number}"
        page = ("/courses/", self.course.get_absolute_url())[number % 2]
        self._timed("a page", lambda: self._ask("GET", page))
        self._timed(
            "opening a checkout", lambda: self._ask("POST", "/api/v1/checkouts", body, key=key)
        )
        mine = Offer.objects.filter(pk=self.offer.pk)
        self._timed("a parallel write", lambda: mine.update(title=f"Written {number}"))
        self.idle = max(self.idle, _idle_in_transaction())

    def run(self):
        number = 0
        while not self.is_over:
            number += 1
            self.look(number)
            time.sleep(0.1)
        connections.close_all()

    def too_slow(self, quiet: dict[str, float]) -> list[str]:
        """What was over its budget, and what it took before the gateway fell ill."""
        return [
            f"{name} took {p95(times) * 1000:.0f} ms (p95; {quiet[name] * 1000:.0f} ms before)"
            for name, times in self.times.items()
            if p95(times) > BUDGETS[name]
        ]


class Presser(threading.Thread):
    """A buyer who presses Pay, waits for the answer and a while, and presses again."""

    def __init__(self, school, offer, delay: float):
        super().__init__(daemon=True)
        self.school, self.delay, self.is_over = school, delay, False
        self.buyer, self.answers = Buyer.new(), []
        self.checkout = open_checkout(offer=offer, person=self.buyer.person).public_id

    def press(self) -> tuple[str, float]:
        started = time.monotonic()
        try:
            status, said = self.school.ask(
                "POST",
                f"/api/v1/checkouts/{self.checkout}/payments",
                {"consent": True},
                token=self.buyer.token,
                key=uuid4().hex,
            )
        except OSError as error:
            status, said = 0, {"code": repr(error)}
        code = said.get("code", "") if isinstance(said, dict) else ""
        return code or str(status), time.monotonic() - started

    def run(self):
        time.sleep(self.delay)
        while not self.is_over:
            started = time.monotonic()
            self.answers.append(self.press())
            while not self.is_over and time.monotonic() - started < PAUSE:
                time.sleep(0.1)
        connections.close_all()


def _quiet(school, course, offer) -> dict[str, float]:
    """How long everything takes while all is well."""
    watch = Watch(school, course, offer)
    for number in range(20):
        watch.look(number)
    return {name: p95(times) for name, times in watch.times.items()}


def run_r13(stage, number, scale) -> Tally:
    """Fifty checkouts against a gateway in a bad mood, and everybody else beside them."""
    course, offer = new_course()
    mood, tally = MOODS[number % 3], Tally()
    people = 50 if stage.is_full else 12
    pressers = [
        Presser(stage.school, offer, delay=PAUSE * place / people) for place in range(people)
    ]
    quiet = _quiet(stage.school, course, offer)
    stage.gate.mood = mood
    watch = Watch(stage.school, course, offer)
    for thread in (watch, *pressers):
        thread.start()
    time.sleep(120 if stage.is_full else 8)
    for thread in (*pressers, watch):
        thread.is_over = True
    for thread in (*pressers, watch):
        thread.join(60)
    stage.gate.mood = "fine"
    for code, seconds in [answer for presser in pressers for answer in presser.answers]:
        wrong = [] if seconds <= LONGEST else [f"an answer after {seconds:.1f} s"]
        tally.add(wrong if code == "gateway_unavailable" else [*wrong, f"answered {code}"])
    if watch.worst >= 500:
        tally.violations.append(f"something else answered {watch.worst}")
    if watch.idle:
        tally.violations.append(f"{watch.idle} transactions waited for the gateway")
    tally.violations += watch.too_slow(quiet)
    after = buy(stage.school, Buyer.new(), offer)
    if after.state != states.PAID:
        tally.violations.append(f"after it was over, {after}")
    tally.violations[:] = [f"{mood}: {text}" for text in tally.violations]
    return tally


def control_r13(stage) -> bool:
    """Place the order and ask the gateway in one transaction: another write of the offer waits as
    long as the gateway sleeps."""
    course, offer = new_course()
    entered, before = threading.Event(), os.environ.get("GATE")
    checkout = open_checkout(offer=offer, person=Buyer.new().person)

    def careless():
        with suppress(GatewayUnavailable), transaction.atomic():
            order = place_order(checkout=checkout, has_consented=True)
            entered.set()
            start_payment(order=order)
        connections.close_all()

    os.environ["GATE"], stage.gate.mood = str(stage.gate.port), "sleep"
    stand_before_the_simulator()
    try:
        thread = threading.Thread(target=careless)
        thread.start()
        entered.wait(10)
        watch = Watch(stage.school, course, offer)

        def write():
            # PostgreSQL gives up after three seconds, which is long enough to be noticed.
            with suppress(OperationalError):
                Offer.objects.filter(pk=offer.pk).update(title="Another write")

        watch._timed("a parallel write", write)
        thread.join()
    finally:
        stage.gate.mood = "fine"
        gateways.register(SimulatorGateway.name, SimulatorGateway)
        os.environ["GATE"] = before or ""
    return p95(watch.times["a parallel write"]) > BUDGETS["a parallel write"]


PROMISES = [
    Promise(
        "R13",
        "A sleeping gateway hurts only checkout",
        run_r13,
        {"short": 3, "full": 3},
        control_r13,
    ),
]
