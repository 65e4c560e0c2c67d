"""What gateways tell us: forged, doubled, shuffled, and about something else."""

import gzip
import json
import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from engineroom import clock, outbox
from engineroom.models import OutboxEvent
from payments import gateways, signing, states
from payments.actions.webhooks import process_event, process_waiting
from payments.gateways import simulator
from payments.gateways.accounts import account
from payments.gateways.simulator import SimulatorGateway
from payments.models import GatewayAccount, GatewayEvent, LedgerEntry, Order
from payments.queries.books import audit_books
from payments.refusals import GatewayUnavailable
from tests.factories.accounts import make_user
from tests.factories.payments import make_payment

pytestmark = pytest.mark.django_db
DOOR = "/webhooks/simulator/"
GATEWAY = Client()  # its post comes over one connection


def post(body, signature=None, client=None, **headers):
    if signature is None:
        signature = simulator.signed(body.decode())
    return (client or GATEWAY).post(
        DOOR,
        body,
        content_type="application/json",
        headers={"Lectern-Signature": signature, **headers},
    )


def event_of(payment, status="captured", event_id="evt_1", **changes):
    said = {
        "reference": payment.reference,
        "key": payment.public_id,
        "order": payment.order.number,
        "status": status,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "method": "Visa ending 4242",
        "reason": "",
    }
    whole = {
        "id": event_id,
        "type": f"payment.{status}",
        "account": account("simulator", "test").public_id,
        "mode": "test",
    }
    whole.update({name: changes.pop(name) for name in list(changes) if name in whole})
    said.update(changes)
    return json.dumps(whole | {"payment": said}).encode()


@pytest.fixture
def paid():
    """A payment that the buyer has made, with the simulator's own post thrown away."""
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success")
    OutboxEvent.objects.all().delete()
    return payment


def test_the_simulators_own_post_settles_the_order(dummy):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success")

    outbox.drain()

    event = GatewayEvent.objects.get()
    assert (event.type, event.error) == ("payment.captured", "")
    assert event.processed_at
    assert Order.objects.get().state == states.PAID
    assert dummy.count("deliver") == 1


def test_a_signed_event_settles_the_order_and_a_duplicate_is_answered_alike(paid, dummy):
    body = event_of(paid)

    answers = [post(body) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.json()["duplicate"] for answer in answers] == [False] + [True] * 4
    assert GatewayEvent.objects.count() == 1
    assert Order.objects.get().state == states.PAID
    assert dummy.count("deliver") == 1


def test_shuffled_and_repeated_events_end_like_one_in_order(dummy):
    chance = random.Random(7)  # noqa: S311 - a repeatable shuffle
    payments = [make_payment(person=make_user()) for _ in range(10)]
    for payment in payments:
        simulator.pay(payment.reference, outcome="success")
    OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC).delete()
    posts = [
        event_of(payment, status, f"evt_{payment.pk}_{status}")
        for payment in payments
        for status in ("open", "processing", "captured", "failed", "canceled")
    ] * 3
    chance.shuffle(posts)

    assert {post(body).status_code for body in posts} == {200}

    assert set(Order.objects.values_list("state", "version")) == {(states.PAID, 2)}
    assert dummy.count("deliver") == 10
    assert LedgerEntry.objects.count() == 30  # paid, sold and the fee
    assert GatewayEvent.objects.filter(error="").count() == 50
    assert audit_books()["ok"]


def forgeries(body, secret):
    """(body, signature) pairs that must all be refused."""
    now = int(clock.now().timestamp())
    good = signing.sign(body, secret, now)
    chance = random.Random(11)  # noqa: S311 - repeatable forgeries
    for _ in range(40):
        place, bit = chance.randrange(len(body)), 1 << chance.randrange(8)
        yield body[:place] + bytes([body[place] ^ bit]) + body[place + 1 :], good
    for _ in range(40):
        place = chance.randrange(len(good))
        yield body, good[:place] + chance.choice("0123456789abcdefxyz=,") * 2 + good[place + 1 :]
    for signature in (
        "",
        "nonsense",
        "t=,v1=",
        good.partition(",")[0],
        good.partition(",")[2],
        f"{good},{good}",
        f"{good},t={now}",
        good.replace("v1=", "v0="),
        good.upper(),
        signing.sign(body, "whsec_wrong", now),
        signing.sign(body, secret, now - 301),
        signing.sign(body, secret, now + 3600),
        signing.sign(body, secret, now).replace(f"t={now}", f"t={now + 1}"),
        f"t={'9' * 30},v1={'0' * 64}",
        f"t=-{now},v1={'0' * 64}",
    ):
        yield body, signature
    yield json.dumps(json.loads(body), sort_keys=True, indent=1).encode(), good
    yield gzip.compress(body), good
    yield b"", good
    yield body + b" ", good
    for nonsense in (b"[]", b"null", b"{}", b"\xff\xfe", b'{"id": 5, "type": "x"}', b'{"id": ""}'):
        yield nonsense, signing.sign(nonsense, secret, now)
    nul = b'{"id": "evt", "type": "a\\u0000"}'
    yield nul, signing.sign(nul, secret, now)


def test_forged_events_are_refused_and_leave_nothing(paid, dummy):
    body = event_of(paid)
    secret = account("simulator", "test").webhook_secret
    good = signing.sign(body, secret, int(clock.now().timestamp()))
    count = 0
    for forged, signature in forgeries(body, secret):
        if (forged, signature) == (body, good):
            continue
        answer = post(forged, signature)
        assert 400 <= answer.status_code < 500, (forged, signature)
        count += 1

    assert count >= 100
    assert not GatewayEvent.objects.exists()
    assert Order.objects.get().state == states.AWAITING
    assert dummy.count("deliver") == 0


def test_too_large_unknown_and_other_methods_are_refused():
    assert post(b"x" * (256 * 1024 + 1), "t=1,v1=").status_code == 413
    assert Client().post("/webhooks/nobody/", b"{}", content_type="a/b").status_code == 404
    assert Client().get(DOOR).status_code == 405
    assert not GatewayEvent.objects.exists()


def test_the_simulators_door_is_shut_in_a_live_school(paid, settings):
    body = event_of(paid)
    settings.TEST_SCHOOL = False

    assert post(body).status_code == 404
    assert not GatewayEvent.objects.exists()


def test_the_previous_secret_counts_while_it_is_being_changed(paid):
    body = event_of(paid)
    old = account("simulator", "test")
    signature = simulator.signed(body.decode())
    GatewayAccount.objects.filter(pk=old.pk).update(
        webhook_secret="whsec_new", previous_secret=old.webhook_secret
    )

    assert post(body, signature).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_minor": 1},
        {"amount_minor": "4900"},
        {"amount_minor": None},
        {"amount_minor": 10**30},
        {"currency": "USD"},
        {"order": "AAAA-BBBB-CCCC"},
        {"mode": "live"},
        {"account": "account_other"},
        {"key": "payment_other", "reference": "sim_other"},
        {"reference": "sim_other"},
    ],
)
def test_a_signed_event_that_does_not_match_grants_nothing_and_is_reported(paid, dummy, wrong):
    answer = post(event_of(paid, **wrong))

    assert answer.status_code == 200
    event = GatewayEvent.objects.get()
    assert event.error
    assert event.processed_at
    order = Order.objects.get()
    assert order.state == states.AWAITING
    assert dummy.count("deliver") == 0
    assert not LedgerEntry.objects.exists()
    if "key" not in wrong:
        assert order.attention


def test_an_event_of_another_kind_is_kept_and_does_nothing():
    body = json.dumps({"id": "evt_ping", "type": "ping"}).encode()

    assert post(body).status_code == 200
    assert GatewayEvent.objects.get().processed_at


class Silent(SimulatorGateway):
    def fetch(self, reference):
        raise GatewayUnavailable


def test_an_event_is_kept_while_the_gateway_is_silent_and_tried_again(paid, dummy, monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Silent)
    assert post(event_of(paid)).status_code == 200
    event = GatewayEvent.objects.get()
    assert event.processed_at is None
    assert event.attempts == 1
    assert Order.objects.get().state == states.AWAITING

    monkeypatch.setitem(gateways._makers, "simulator", SimulatorGateway)
    GatewayEvent.objects.update(received_at=clock.now() - timedelta(minutes=1))
    assert process_waiting() == 1
    process_event(GatewayEvent.objects.get())

    assert Order.objects.get().state == states.PAID
    assert dummy.count("deliver") == 1


def test_the_webhook_secret_rests_encrypted():
    secret = account("simulator", "test").webhook_secret

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM payments_gatewayaccount")
        raw = str(cursor.fetchall())

    assert secret.startswith("whsec_")
    assert secret not in raw
    assert "gAAAA" in raw
    assert account("simulator", "test").webhook_secret == secret
