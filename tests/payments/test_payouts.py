"""Payouts whose news was lost are found by asking for them."""

from datetime import timedelta

import pytest

from engineroom import clock
from engineroom.models import OutboxEvent
from payments import gateways
from payments.actions.payouts import find_payouts
from payments.gateways import simulator
from payments.gateways.simulator import SimulatorGateway
from payments.models import Payout
from payments.queries.books import audit_books
from payments.refusals import GatewayUnavailable
from tests.factories.payments import make_paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid_out(dummy):
    """A payout at the gateway of which nothing was heard."""
    make_paid_order()
    with clock.stopped_at(clock.now() + timedelta(days=8)):
        simulator.run_due()
        OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC).delete()
        yield


def test_a_payout_that_nobody_told_of_is_booked_once(paid_out):
    assert not Payout.objects.exists()

    assert find_payouts() == 1
    assert find_payouts() == 0
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_gateway_that_does_not_answer_is_asked_another_time(paid_out, monkeypatch):
    class Asleep(SimulatorGateway):
        def payouts_since(self, moment):
            raise GatewayUnavailable

    monkeypatch.setitem(gateways._makers, "simulator", Asleep)
    assert find_payouts() == 0
    monkeypatch.undo()
    assert find_payouts() == 1
