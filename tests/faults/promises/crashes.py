"""R3 and R4: processes that are killed at every point, and at any moment."""

import os
import signal
import threading
import time
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from django.db import connection, connections, transaction

from engineroom import clock
from engineroom.models import OutboxEvent
from learning.queries import access
from payments import states
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.models import (
    LedgerEntry,
    Order,
    OrderKind,
    Payment,
    SimulatorPayment,
    SimulatorRefund,
    Subscription,
)
from tests.faults.buyers import (
    PATIENCE,
    Bought,
    Buyer,
    buy,
    insist,
    new_course,
    new_membership,
    wrong_with,
    wrong_with_books,
)
from tests.faults.points import POINTS
from tests.faults.promise import Promise, Tally, by_chance
from tests.faults.promises.news import event, post, started

SHORT = (
    "checkout.after_order",
    "settle.after_capture",
    "webhook.after_inbox",
    "refund.after_gateway",
    "renewal.after_charges",
)
# A month and more than the days for which access waits for a renewal.
LONG_AGO = timedelta(days=35)


def _wait_for(order_id: int, wanted, seconds: float) -> str:
    until = time.monotonic() + seconds
    while True:
        state = Order.objects.get(pk=order_id).state
        if state in wanted or time.monotonic() > until:
            return state
        time.sleep(0.3)


def _die_buying(stage, course, offer) -> list[str]:
    """A buyer whose request dies at the point, and who presses again."""
    bought = buy(stage.school, Buyer.new(), offer)
    if bought.state != states.PAID:
        return [f"not paid {PATIENCE:.0f} s after the crash: {bought}"]
    return wrong_with(bought.order, course)


def _tell_until_it_dies(stage, body: bytes) -> None:
    """The news once; again only while nobody came by, as when the connection broke on the way."""
    until = time.monotonic() + PATIENCE
    signed = {"Lectern-Signature": simulator.signed(body.decode())}
    while stage.school.left() and time.monotonic() < until:
        with suppress(OSError):
            stage.school.ask("POST", "/webhooks/simulator/", body, headers=signed)
        if stage.school.left():
            time.sleep(0.5)


def _die_hearing(stage, course, offer, is_told_again: bool) -> list[str]:
    """The news of a payment dies at the point. Half the gateways tell again; else nobody does."""
    payment = started(offer)
    simulator.pay(payment.reference, outcome="success")
    OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC, done_at=None).delete()
    body = event(payment, "captured")
    _tell_until_it_dies(stage, body)
    if is_told_again:
        post(stage.school, body)
    state = _wait_for(payment.order_id, states.SETTLED_ORDERS, PATIENCE + 15)
    number = payment.order.number
    if state != states.PAID:
        return [f"{number}: {state} {PATIENCE:.0f} s after the crash"]
    return wrong_with(number, course)


def _die_refunding(stage, course, offer) -> list[str]:
    """A refund that dies at the point, and is asked for again with its key."""
    order = Order.objects.get(number=buy(stage.school, Buyer.new(), offer).order)
    staff, key = Buyer.new(is_staff=True, is_superuser=True), uuid4().hex
    body = {"lines": [{"line": order.lines.get().public_id}], "reason": "A fault test."}
    insist(
        stage.school,
        Bought(),
        "POST",
        f"/api/v1/orders/{order.number}/refunds",
        body,
        token=staff.token,
        key=key,
        until=time.monotonic() + PATIENCE,
    )
    state = _wait_for(order.pk, (states.REFUNDED,), PATIENCE)
    sent = SimulatorRefund.objects.filter(payment__order_number=order.number)
    amounts = list(sent.values_list("amount_minor", flat=True))
    if state != states.REFUNDED or amounts != [order.total_minor]:
        return [f"{order.number}: {state}, {amounts} sent back"]
    return []


def _member(offer, fault: str):
    """Somebody who became a member a while ago and whose next period is due: their subscription."""
    with clock.moved_by(-LONG_AGO):
        checkout = open_checkout(offer=offer, person=Buyer.new().person)
        order = place_order(checkout=checkout, has_consented=True)
        payment = start_payment(order=order)
        simulator.pay(payment.reference, outcome="success", fault=fault)
        payment.refresh_from_db()
        order = refresh_payment(payment, source="return")
    return Subscription.objects.select_related("person").get(pk=order.subscription_id)


def _renewed(subscription):
    return Order.objects.filter(
        subscription=subscription, kind=OrderKind.RENEWAL, state=states.PAID
    )


def _die_renewing(stage, course, offer, is_told: bool) -> list[str]:
    """A renewal that dies at the point: on the gateway's event, or when the worker asks by itself.

    The background worker is started anew, so that it looks after what is due at once.
    """
    subscription = _member(offer, "" if is_told else "lost")
    stage.school.kill_the_worker()
    until = time.monotonic() + PATIENCE + 15
    while not _renewed(subscription).exists():
        if time.monotonic() > until:
            return [f"{subscription.public_id}: not renewed {PATIENCE:.0f} s after the crash"]
        time.sleep(0.3)
    return wrong_with_renewal(subscription, course)


def wrong_with_renewal(subscription, course) -> list[str]:
    """Each charge of the gateway is one paid order, in the books once, and opens the course."""
    name = subscription.public_id
    subscription.refresh_from_db()
    orders = Order.objects.filter(subscription=subscription, state=states.PAID)
    token = subscription.reference
    charges = SimulatorPayment.objects.filter(subscription__token=token, state="succeeded")
    asked = sorted(orders.values_list("total_minor", flat=True))
    wrong = []
    if sorted(charges.values_list("amount_minor", flat=True)) != asked or len(asked) != 2:
        wrong.append(f"{name}: {charges.count()} charges, paid orders of {asked}")
    if LedgerEntry.objects.filter(order__in=orders, ref__startswith="capture:").count() != 2:
        wrong.append(f"{name}: not in the books once each")
    if subscription.state != states.ACTIVE or subscription.period_ends_at <= clock.now():
        wrong.append(f"{name}: {subscription.state} until {subscription.period_ends_at}")
    if not access.may_open(subscription.person, course):
        wrong.append(f"{name}: renewed without access")
    return wrong


def _points(stage) -> list[str]:
    return POINTS if stage.is_full else [point for point in POINTS if point in SHORT]


def run_r3(stage, number, scale) -> Tally:
    """Round by round one point; so many processes die there while so many people buy."""
    mine = _points(stage)
    if number >= len(mine):
        return Tally()
    point, kills = mine[number], 10 if stage.is_full else 1
    course, offer = new_course()
    tally = Tally(attempts=kills)
    stage.school.clear()
    for at in range(kills):
        stage.school.plant(point, "kill")
        wrong = _die_at(stage, point, course, offer, at)
        if stage.school.left():
            wrong.append("nobody came by")
            stage.school.clear()
        tally.violations += [f"{point}: {text}" for text in wrong]
    tally.violations += wrong_with_books()
    return tally


def _die_at(stage, point, course, offer, at) -> list[str]:
    if point.startswith("webhook."):
        return _die_hearing(stage, course, offer, is_told_again=at % 5 != 0)
    if point.startswith("refund."):
        return _die_refunding(stage, course, offer)
    if point.startswith("renewal."):
        # Only who asks by itself comes by the points around the question.
        is_told = at % 2 == 0 and not point.endswith("_fetch")
        return _die_renewing(stage, course, new_membership(), is_told)
    return _die_buying(stage, course, offer)


def control_r3(stage) -> bool:
    """Without the background worker nobody makes up for a webhook that died and is not sent again."""
    _, offer = new_course()
    with stage.school.without_worker():
        stage.school.plant("webhook.after_inbox", "kill")
        payment = started(offer)
        simulator.pay(payment.reference, outcome="success")
        OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC, done_at=None).delete()
        post(stage.school, event(payment, "captured"), tries=1)
        stage.school.clear()
        waits = PATIENCE + 15 if stage.is_full else 5
        return _wait_for(payment.order_id, states.SETTLED_ORDERS, waits) == states.AWAITING


class Sellers:
    """People who buy without end; what was acknowledged to them is remembered."""

    def __init__(self, stage, count: int):
        self.stage, self.is_over = stage, False
        self.course, self.offer = new_course()
        self.acknowledged: list[str] = []
        self.tried = 0
        self.buyers = [Buyer.new() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._sell, args=(place,), daemon=True)
            for place in range(count)
        ]

    def _sell(self, place: int) -> None:
        while not self.is_over:
            try:
                buyer = Buyer.new()
                self.tried += 1
                answer = buy(self.stage.school, buyer, self.offer)
            except Exception:  # noqa: BLE001 - the database itself may be away for a moment
                connections.close_all()
                time.sleep(0.2)
                continue
            if answer.state == states.PAID:
                self.acknowledged.append(answer.order)
        connections.close_all()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.is_over = True
        for thread in self._threads:
            thread.join(90)


def _integrity() -> list[str]:
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        said = cursor.fetchone()[0]
    return [] if said == "ok" else [f"integrity_check says {said}"]


def _settle_down(sellers: Sellers) -> list[str]:
    """After the last crash: a minute later everything paid has been delivered."""
    until = time.monotonic() + PATIENCE + 15
    waiting = Payment.objects.filter(
        order__lines__offer=sellers.offer, state__in=states.OPEN_PAYMENTS
    )
    taken = SimulatorPayment.objects.filter(state="succeeded")
    while time.monotonic() < until:
        open_ones = set(waiting.values_list("reference", flat=True))
        if not taken.filter(token__in=open_ones).exists():
            return []
        time.sleep(0.5)
    return ["money taken a minute ago has not arrived at its order"]


def run_r4(stage, number, scale) -> Tally:
    """Kill while selling: workers, the whole group of processes, on PostgreSQL the server too."""
    kinds = ["worker"] * 10 + ["everything"] * 2
    kinds += ["server"] if stage.server is not None else []
    kinds = kinds if stage.is_full else ["worker", "worker", "everything"]
    chance = by_chance(number)
    chance.shuffle(kinds)
    tally = Tally(attempts=len(kinds))
    with Sellers(stage, 6 if stage.is_full else 4) as sellers:
        for kind in kinds:
            time.sleep(chance.uniform(0.3, 1.5))
            if kind == "worker":
                stage.school.kill_a_worker()
            elif kind == "everything":
                stage.school.kill_everything()
                stage.school.wait()
            else:
                connection.close()
                stage.server.restart_immediately()
                stage.school.wait()
        time.sleep(2)
    connection.close()
    tally.violations += _settle_down(sellers)
    for order in sellers.acknowledged:
        tally.violations += wrong_with(order, sellers.course)
    paid = Order.objects.filter(lines__offer=sellers.offer, state=states.PAID)
    for order in paid.exclude(number__in=sellers.acknowledged):
        tally.violations += wrong_with(order.number, sellers.course)
    if not sellers.acknowledged:
        tally.violations.append("nothing was sold meanwhile")
    tally.violations += _integrity() + wrong_with_books()
    return tally


def control_r4(stage) -> bool:
    """Answer before the order is committed: what dies between the two is lost."""
    checkout = open_checkout(offer=new_course()[1], person=Buyer.new().person)
    reading, writing = os.pipe()
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    child = os.fork()
    if not child:
        with transaction.atomic():
            order = place_order(checkout=checkout, has_consented=True)
            os.write(writing, order.number.encode())
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writing)
    acknowledged = os.read(reading, 100).decode()
    os.close(reading)
    return bool(acknowledged) and not Order.objects.filter(number=acknowledged).exists()


PROMISES = [
    Promise(
        "R3",
        "Paid means access, whatever died",
        run_r3,
        {"short": len(SHORT), "full": len(POINTS)},
        control_r3,
    ),
    Promise("R4", "What was acknowledged is kept", run_r4, {"short": 1, "full": 10}, control_r4),
]
