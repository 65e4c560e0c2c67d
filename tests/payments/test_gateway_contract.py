"""The contract of gateways, held by Stripe's adapter and by the simulator."""

import json
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.test import Client

from engineroom import clock
from engineroom.models import OutboxEvent
from payments import gateways, signing
from payments.gateways import simulator
from payments.gateways.accounts import account
from payments.models import SimulatorDispute, SimulatorPayment
from tests.payments.gateway_contract import GatewayContract
from tests.payments.stripe_stand_in.world import START, StripeWorld


class SimulatorWorld:
    """The simulator's other side: its cards, its clock and its post."""

    OUTCOMES = {"good": "4242424242424242", "declined": "4000000000000002",
                "dies": "4000000000000341", "debit": "4000000000000077"}  # fmt: skip

    def __init__(self):
        self._stack = ExitStack()
        self.gateway = gateways.by_name("simulator")

    def __enter__(self):
        self._stack.enter_context(clock.stopped_at(START))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def now(self):
        return clock.now()

    def advance(self, to) -> None:
        self._stack.enter_context(clock.stopped_at(to))
        simulator.run_due()

    def pay(self, started, card="good") -> None:
        number = self.OUTCOMES[card]
        outcome = "decline" if card == "declined" else "debit" if card == "debit" else "success"
        simulator.pay(started.reference, outcome=outcome, card=number)

    def change_card(self, url) -> None:
        path = "/simulator" + url.partition("/simulator")[2]
        assert Client().post(path, {"card": self.OUTCOMES["good"]}).status_code in (302, 303)

    def clear_debit(self, started) -> None:
        self.advance(clock.now() + timedelta(days=3, minutes=1))

    def forget_keys(self) -> None:
        """The simulator keeps its keys for good."""

    def events(self) -> list[dict]:
        rows = OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC, done_at=None)
        return [json.loads(row.payload["body"]) for row in rows.order_by("pk")]

    def post(self, event, *, age=0, secret="") -> tuple[bytes, str]:
        body = json.dumps(event).encode()
        key = secret or account("simulator", "test").webhook_secret
        return body, signing.sign(body, key, int(clock.real().timestamp()) - age)

    def claims(self) -> list:
        return [
            claim
            for event in self.events()
            if (claim := self.gateway.verify(*self.post(event)).claim) is not None
        ]

    def dispute(self, started) -> str:
        payment = SimulatorPayment.objects.get(token=started.reference)
        return simulator.disputing.open_now(payment).token

    def decide(self, name, *, is_won) -> None:
        if not is_won:
            SimulatorPayment.objects.filter(disputes__token=name).update(card="dispute_lost")
        self.advance(SimulatorDispute.objects.get(token=name).moves_at + timedelta(minutes=1))

    def pay_out(self) -> None:
        self.advance(clock.now() + timedelta(days=3))


@pytest.mark.django_db
class TestStripe(GatewayContract):
    @pytest.fixture
    def world(self, settings):
        with StripeWorld(settings) as world:
            yield world


@pytest.mark.django_db
class TestSimulator(GatewayContract):
    @pytest.fixture
    def world(self):
        with SimulatorWorld() as world:
            yield world
