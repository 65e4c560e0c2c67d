"""One bad row, or a gateway that is not used any more, holds up no other row of a queue."""

from datetime import timedelta

import pytest

from engineroom import clock
from engineroom.models import AuditEntry
from payments import gateways, states
from payments.actions import canceling, reconciling, webhooks
from payments.actions.canceling import expire_overdue
from payments.actions.reconciling import reconcile_payments
from payments.actions.webhooks import MOST_TRIES, process_waiting
from payments.gateways import simulator
from payments.gateways.simulator import SimulatorGateway
from payments.models import GatewayEvent, Payment
from tests.factories.accounts import make_user
from tests.factories.payments import make_order, make_payment

pytestmark = pytest.mark.django_db


class Unreadable(SimulatorGateway):
    """Reads nothing that is marked: as after a change of the gateway's format."""

    def readings(self, payload):
        if payload.get("marked"):
            raise KeyError("a field that is not there any more")

    def fetch(self, reference):
        if reference == self.bad:
            raise KeyError("a field that is not there any more")
        return super().fetch(reference)

    bad = ""


@pytest.fixture
def unreadable(monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Unreadable)
    return Unreadable


def kept(event_id: str, gateway: str = "simulator", **payload) -> GatewayEvent:
    row = GatewayEvent.objects.create(
        gateway=gateway, event_id=event_id, type="x", payload={"type": "x", **payload}
    )
    GatewayEvent.objects.filter(pk=row.pk).update(received_at=clock.now() - timedelta(minutes=2))
    return row


def test_an_event_that_cannot_be_read_waits_and_lets_others_by(unreadable, monkeypatch):
    monkeypatch.setattr(webhooks, "BATCH", 1)
    bad, good = kept("evt_bad", marked=True), kept("evt_good")

    for _ in range(2):
        process_waiting()

    bad.refresh_from_db()
    good.refresh_from_db()
    assert good.processed_at
    assert (bad.processed_at, bad.attempts) == (None, 1)
    assert bad.error == "It could not be acted on: KeyError."


def test_an_event_of_a_gateway_that_is_not_used_ends_with_that_as_its_error(settings, monkeypatch):
    settings.STRIPE_SECRET_KEY = ""
    monkeypatch.setattr(webhooks, "BATCH", 1)
    gone, good = kept("evt_gone", gateway="stripe"), kept("evt_good")

    for _ in range(2):
        process_waiting()
    good.refresh_from_db()
    assert good.processed_at

    for _ in range(MOST_TRIES):
        process_waiting()
    gone.refresh_from_db()
    assert gone.processed_at
    assert gone.error == "The gateway stripe is not in use."
    assert AuditEntry.objects.filter(action="gateway_event.mismatch", target="evt_gone").exists()


def test_orders_of_a_gateway_that_is_not_used_run_out_and_let_others_by(settings, monkeypatch):
    monkeypatch.setattr(canceling, "BATCH", 1)
    old, new = make_payment(person=make_user()), make_order(person=make_user())
    settings.TEST_SCHOOL = False

    with clock.stopped_at(clock.now() + timedelta(days=3)):
        for _ in range(2):
            expire_overdue()

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.order.state, old.state) == (states.EXPIRED, states.STOPPED)
    assert new.state == states.EXPIRED
    assert old.order.attention == ""


def test_real_money_that_could_not_be_asked_about_is_put_before_staff(settings):
    payment = make_payment(person=make_user())
    Payment.objects.filter(pk=payment.pk).update(mode="live")
    settings.TEST_SCHOOL = False

    with clock.stopped_at(clock.now() + timedelta(days=3)):
        expire_overdue()

    payment.order.refresh_from_db()
    assert payment.order.state == states.EXPIRED
    assert "simulator could not be asked" in payment.order.attention


def test_an_order_that_cannot_run_out_lets_others_by(dummy, monkeypatch):
    monkeypatch.setattr(canceling, "BATCH", 1)
    bad, good = make_order(person=make_user()), make_order(person=make_user())
    bad_line = bad.lines.get().public_id

    def release(line):
        if line.public_id == bad_line:
            raise RuntimeError("a room above fell over")

    monkeypatch.setattr(dummy, "release", release)
    with clock.stopped_at(clock.now() + timedelta(days=3)):
        for _ in range(2):
            expire_overdue()

    bad.refresh_from_db()
    good.refresh_from_db()
    assert good.state == states.EXPIRED
    assert bad.state == states.AWAITING
    assert bad.attention.endswith("could not be given back: RuntimeError")


def test_a_payment_that_cannot_be_settled_lets_others_by(unreadable, monkeypatch):
    monkeypatch.setattr(reconciling, "BATCH", 1)
    bad, good = make_payment(person=make_user()), make_payment(person=make_user())
    monkeypatch.setattr(unreadable, "bad", bad.reference)
    simulator.pay(good.reference, outcome="success")

    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        for _ in range(2):
            reconcile_payments()

    good.refresh_from_db()
    bad.order.refresh_from_db()
    assert good.state == states.CAPTURED
    assert bad.order.attention == "Its payment could not be settled: KeyError."
