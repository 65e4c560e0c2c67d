"""Webhooks in any order, any number, from several senders; forged ones; signed ones that do not
match; and a gateway that sleeps. Each guard is shown to be needed: without it the test is red."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from engineroom import audit, clock, outbox
from engineroom.models import OutboxEvent
from payments import gateways, signing, states
from payments.actions import claims, settling
from payments.actions.canceling import cancel_order, close_hosted_page
from payments.actions.disputes import answer_dispute, refresh_disputes
from payments.actions.ordering import start_payment
from payments.actions.reconciling import reconcile_payments
from payments.actions.refunding import refund_lines
from payments.gateways import simulator
from payments.gateways.accounts import account
from payments.gateways.simulator import SimulatorGateway
from payments.models import Dispute, GatewayEvent, Offer, Order, Payment, SimulatorPayment
from payments.queries.books import audit_books
from payments.refusals import GatewayUnavailable
from tests.factories.accounts import make_user
from tests.factories.copying import alike
from tests.factories.payments import make_checkout, make_order, make_paid_order, make_payment
from tests.payments.test_webhooks import DOOR, event_of, forgeries, post

TYPES = ("open", "processing", "captured", "failed", "canceled")
alone = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


class Trusting(SimulatorGateway):
    """The guard off: what an event says is believed instead of asking."""

    said = None

    def readings(self, payload):
        Trusting.said = super().readings(payload)
        return Trusting.said

    def fetch(self, reference):
        return Trusting.said


def answered(outcome):
    """A payment that stands so at the gateway, of which nobody has told yet."""
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome=outcome)
    OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC).delete()
    return payment


def answered_often(outcome, count) -> list:
    """So many such payments, each of an order, a checkout and a person of its own."""
    first = answered(outcome)
    sim, order, more = SimulatorPayment.objects.get(), first.order, count - 1
    addresses = [f"copy{number}@example.com" for number in range(more)]
    people = alike(order.person, more, email=addresses)
    checkouts = alike(order.checkout, more, person=people)
    alike(order.checkout.lines.get(), more, checkout=checkouts)
    orders = alike(order, more, checkout=checkouts, person=people, email=addresses)
    alike(order.lines.get(), more, order=orders)
    tokens = [f"{sim.token}{number}" for number in range(more)]
    payments = alike(first, more, order=orders, reference=tokens)
    keys, numbers = [one.public_id for one in payments], [one.number for one in orders]
    alike(sim, more, token=tokens, key=keys, order_number=numbers)
    Offer.objects.update(sold=count)
    return [first, *payments]


def ends_of_every_order(outcome, types=TYPES) -> set:
    """How orders end when one payment's events arrive in each of their orders."""
    ends = set()
    sequences = list(permutations(types))
    payments = answered_often(outcome, len(sequences))
    for number, (payment, sequence) in enumerate(zip(payments, sequences, strict=True)):
        for status in sequence:
            assert post(event_of(payment, status, f"evt_{number}_{status}")).status_code == 200
        payment.refresh_from_db()
        order = Order.objects.get(pk=payment.order_id)
        ends.add((order.state, payment.state, order.attention))
    return ends


@alone
@pytest.mark.parametrize(
    ("outcome", "end"),
    [("success", (states.PAID, states.CAPTURED)), ("decline", (states.AWAITING, states.FAILED))],
)
def test_all_120_orders_of_five_events_end_alike(outcome, end, dummy):
    assert ends_of_every_order(outcome) == {(*end, "")}
    assert dummy.count("deliver") == (120 if outcome == "success" else 0)
    assert audit_books()["ok"], audit_books()["problems"]


@alone
def test_control_events_that_are_believed_pay_a_declined_order(monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Trusting)

    assert (states.PAID, states.CAPTURED, "") in ends_of_every_order("decline", TYPES[2:4])


@alone
def test_control_without_final_states_the_order_of_events_decides(monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Trusting)
    loose = frozenset({states.FAILED, states.STOPPED})
    monkeypatch.setitem(states.PAYMENT_MOVES, states.CAPTURED, loose)

    assert len(ends_of_every_order("success", TYPES[2:5])) > 1


def deliver_everything(payments, senders) -> None:
    """Ten shuffled deliveries a payment, some of them twice the same, from several senders."""
    chance = random.Random(5)  # noqa: S311 - a repeatable shuffle
    posts = [
        event_of(payment, TYPES[number % 5], f"evt_{payment.pk}_{number % 7}")
        for payment in payments
        for number in range(10)
    ]
    chance.shuffle(posts)

    def send(body):
        try:
            return post(body, client=Client()).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(senders) as threads:
        assert set(threads.map(send, posts)) == {200}


@committed
@pytest.mark.slow
def test_shuffled_repeated_deliveries_from_many_senders_have_one_effect(dummy):
    payments = [answered("success") for _ in range(20)]

    deliver_everything(payments, senders=4)

    assert set(Order.objects.values_list("state", "version")) == {(states.PAID, 2)}
    assert dummy.count("deliver") == 20
    assert GatewayEvent.objects.filter(processed_at=None).count() == 0
    assert audit_books()["ok"], audit_books()["problems"]


@alone
def test_control_without_the_conditional_move_everything_happens_again(dummy, monkeypatch):
    def always(payment, to, **fields):
        Payment.objects.filter(pk=payment.pk).update(state=to, **fields)
        payment.refresh_from_db()
        return True

    monkeypatch.setattr(settling, "move_payment", always)
    monkeypatch.setattr(settling, "move_order", lambda order, to, **fields: True)
    monkeypatch.setattr(settling, "issue_invoice", lambda order: None)
    payment = answered("success")
    for number in range(3):
        post(event_of(payment, event_id=f"evt_{number}"))

    assert dummy.count("deliver") == 3


@alone
def test_forged_events_change_nothing_and_leave_no_row(dummy):
    payment = answered("success")
    body = event_of(payment)
    secret = account("simulator", "test").webhook_secret
    before = Order.objects.values().get()
    good = signing.sign(body, secret, int(clock.real().timestamp()))
    cases = [one for one in forgeries(body, secret) if one != (body, good)]
    cases.append((body + b" " * 2**20, good))

    answers = [post(*case).status_code for case in cases]
    headless = Client().post(DOOR, body, content_type="application/json").status_code

    assert {answer // 100 for answer in [*answers, headless]} == {4}
    assert len(cases) > 100
    assert not GatewayEvent.objects.exists()
    assert Order.objects.values().get() == before
    assert dummy.count("deliver") == 0


@alone
def test_control_without_the_signature_forged_events_get_in(monkeypatch):
    payment = answered("success")
    body = event_of(payment)
    monkeypatch.setattr(signing, "check", lambda *args: None)

    assert post(body, "t=1,v1=forged").status_code == 200
    assert Order.objects.get().state == states.PAID


def mismatches(payment, count):
    """So many signed events that are about something else, each in its own way."""
    chance = random.Random(3)  # noqa: S311 - repeatable
    amount = payment.amount_minor
    ways = [
        lambda: {"amount_minor": chance.choice([0, 1, -amount, amount + 1, amount * 100, None])},
        lambda: {"currency": chance.choice(["USD", "JPY", "eur", ""])},
        lambda: {"order": chance.choice(["AAAA-BBBB-CCCC", "", payment.order.number.lower()])},
        lambda: {"mode": chance.choice(["live", "", "TEST"])},
        lambda: {"account": chance.choice(["account_other", ""])},
    ]
    for number in range(count):
        yield event_of(payment, event_id=f"evt_wrong_{number}", **ways[number % len(ways)]())


@alone
def test_fifty_signed_mismatches_grant_nothing_and_are_reported(dummy):
    payment = answered("success")

    for body in mismatches(payment, 50):
        assert post(body).status_code == 200

    order = Order.objects.get()
    assert (order.state, dummy.count("deliver")) == (states.AWAITING, 0)
    assert "does not match" in order.attention
    assert GatewayEvent.objects.exclude(error="").count() == 50
    assert audit.AuditEntry.objects.filter(action="gateway_event.mismatch").count() == 50


@alone
def test_control_without_the_comparison_a_mismatch_opens_the_order(monkeypatch):
    monkeypatch.setattr(claims, "check_reading", lambda payment, claim: None)
    monkeypatch.setattr(claims, "_check_home", lambda gateway, claim: None)
    payment = answered("success")

    for body in mismatches(payment, 5):
        post(body)

    assert Order.objects.get().state == states.PAID


@alone
@pytest.mark.parametrize("name", ["subscription", "dispute", "payout"])
def test_other_kinds_of_claim_about_what_is_not_ours_do_nothing(name, dummy):
    shared = {"account": account("simulator", "test").public_id, "mode": "test"}
    for number, said in enumerate(
        [{}, {"reference": "nobody's", "key": "x", "payment": "y", "amount_minor": 1}]
    ):
        event = {"id": f"evt_{number}", "type": f"{name}.made", name: said} | shared
        assert post(json.dumps(event).encode()).status_code == 200

    assert GatewayEvent.objects.exclude(error="").count() == 2
    assert not Dispute.objects.exists()


class Watchful(SimulatorGateway):
    """Counts its calls, and says when one is made with a transaction open."""

    calls, faults = [], []

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        inside = {"start", "fetch", "cancel", "refund", "fetch_dispute", "answer_dispute"}
        if name in inside:
            Watchful.calls.append(name)
            if connection.in_atomic_block:
                Watchful.faults.append(name)
        return found


@pytest.fixture
def watchful(monkeypatch):
    Watchful.calls, Watchful.faults = [], []
    monkeypatch.setitem(gateways._makers, "simulator", Watchful)
    return Watchful


@committed
def test_no_transaction_is_open_while_the_gateway_is_asked(watchful):
    order = make_paid_order()
    sim = SimulatorPayment.objects.get(token=order.payments.get().reference)
    refund_lines(order=order, amounts={order.lines.get().public_id: 100}, reason="x", key="k")
    simulator.disputing.open_now(sim)
    outbox.drain()
    refresh_disputes()
    answer_dispute(dispute=Dispute.objects.get(), evidence={"statement": "x"}, is_confirmed=True)
    other = make_payment(person=make_user())
    Payment.objects.filter(pk=other.pk).update(created_at=clock.now() - timedelta(hours=1))
    reconcile_payments()
    cancel_order(order=other.order, reason="x")
    outbox.drain()
    close_hosted_page(other)

    wanted = {"start", "fetch", "cancel", "refund", "fetch_dispute", "answer_dispute"}
    assert set(watchful.calls) >= wanted
    assert watchful.faults == []


@committed
def test_control_a_call_inside_a_transaction_is_seen(watchful):
    order = make_order(person=make_user())
    with transaction.atomic():
        start_payment(order=order)

    assert watchful.faults == ["start"]


class Asleep(SimulatorGateway):
    """Answers nothing for a second, then gives up as an adapter does at its time limit."""

    began = threading.Event()

    def start(self, intent):
        Asleep.began.set()
        time.sleep(1)
        raise GatewayUnavailable


def write_takes(work) -> float:
    """Seconds that another's write takes while `work` waits for the gateway."""
    Asleep.began.clear()

    def in_thread():
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=in_thread)
    thread.start()
    assert Asleep.began.wait(10)
    started = time.perf_counter()
    with transaction.atomic():
        OutboxEvent.objects.create(topic="tests.write", key=f"write-{started}")
    took = time.perf_counter() - started
    thread.join()
    return took


@committed
@pytest.mark.slow
def test_a_sleeping_gateway_hurts_only_the_checkout_that_waits(monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Asleep)
    person = make_user()
    checkout = make_checkout(person=person)
    client, answers = Client(), []
    client.force_login(person)
    said = {"consent": "on", "expected_minor": 4900, "form_key": "form_a"}

    def checkout_waits():
        answers.append(client.post(checkout.get_absolute_url(), said))

    started = time.perf_counter()
    assert write_takes(checkout_waits) < 0.5
    assert time.perf_counter() - started < 10
    assert answers[0].status_code == 503
    assert "Nothing was charged" in answers[0].content.decode()
    assert Order.objects.get().state == states.AWAITING

    monkeypatch.setitem(gateways._makers, "simulator", SimulatorGateway)
    again = client.post(checkout.get_absolute_url(), said | {"form_key": "form_b"})
    assert again.status_code == 303
    assert Payment.objects.count() == 1


@committed
@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="there a row lock would not be seen")
def test_control_with_a_transaction_open_everybody_waits(monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Asleep)
    order = make_order(person=make_user())

    def waits_inside():
        with pytest.raises(GatewayUnavailable), transaction.atomic():
            start_payment(order=order)

    assert write_takes(waits_inside) > 0.5
