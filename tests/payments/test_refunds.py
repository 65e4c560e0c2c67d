"""Money that goes back: line by line, once, with the access that hung on it."""

import pytest
from django.core import mail

from engineroom import events, outbox
from engineroom.models import AuditEntry
from payments import gateways, states
from payments.actions.refunding import finish_refund, refund_lines
from payments.events import LineRefunded
from payments.gateways.base import RefundDeclined
from payments.gateways.simulator import SimulatorGateway
from payments.models import LedgerEntry, Order, Refund, SimulatorRefund
from payments.queries.books import audit_books, balances
from payments.refusals import (
    GatewayUnavailable,
    LineMissing,
    RefundNotPossible,
    RefundNotValid,
    RefundTooLarge,
)
from tests.factories.accounts import make_user
from tests.factories.payments import make_order, make_paid_order

pytestmark = pytest.mark.django_db


class FaultyGateway(SimulatorGateway):
    """The simulator with a broken line."""

    error: Exception | None = None

    def refund(self, reference, **how):
        if self.error:
            raise self.error
        return super().refund(reference, **how)


@pytest.fixture
def faulty(monkeypatch):
    gateway = FaultyGateway()
    monkeypatch.setitem(gateways._makers, "simulator", lambda: gateway)
    return gateway


def refund(order, amounts, key="key", reason="Not what was expected", **fields):
    return refund_lines(order=order, amounts=amounts, reason=reason, key=key, **fields)


def test_a_refunded_line_ends_exactly_what_it_gave(dummy, monkeypatch):
    heard = []
    monkeypatch.setitem(events._listeners, LineRefunded, [heard.append])
    order = make_paid_order(offers=2)
    line, kept = order.lines.order_by("pk")
    staff = make_user(is_staff=True)

    made = refund(order, {line.public_id: None}, actor=staff)
    outbox.drain()

    order.refresh_from_db()
    line.refresh_from_db()
    kept.refresh_from_db()
    assert (made.state, made.amount_minor) == (states.DONE, 4900)
    assert (order.state, order.refunded_minor) == (states.PARTLY_REFUNDED, 4900)
    assert [call for call in dummy.calls if call[0] == "withdraw"] == [("withdraw", line.public_id)]
    assert line.withdrawn_at
    assert kept.withdrawn_at is None
    assert heard[0].line_id == line.pk
    assert heard[0].is_whole
    entry = AuditEntry.objects.get(action="order.refunded")
    assert (entry.actor, entry.data["reason"]) == (staff, "Not what was expected")
    assert any("refund" in message.subject.lower() for message in mail.outbox)
    assert balances()[("test:gateway:simulator", "EUR")] == 4900 - 172
    assert audit_books()["ok"]


def test_a_part_of_a_line_leaves_access_and_the_rest_ends_it(dummy):
    order = make_paid_order()
    line = order.lines.get()

    refund(order, {line.public_id: 1000}, key="a")
    assert dummy.count("withdraw") == 0
    refund(order, {line.public_id: 3900}, key="b")

    order.refresh_from_db()
    assert order.state == states.REFUNDED
    assert dummy.count("withdraw") == 1
    assert balances() == {
        ("test:gateway:simulator", "EUR"): -99,
        ("test:fees:simulator", "EUR"): 99,
        ("test:customers", "EUR"): 0,
        ("test:revenue:dummy", "EUR"): 0,
    }
    assert audit_books()["ok"]


def test_the_same_key_refunds_once(dummy):
    order = make_paid_order()
    line = order.lines.get()

    first = refund(order, {line.public_id: 1000})
    again = refund(order, {line.public_id: 1000})
    finish_refund(Refund.objects.get())
    outbox.drain()

    assert first.pk == again.pk
    assert Order.objects.get().refunded_minor == 1000
    assert SimulatorRefund.objects.count() == 1
    assert LedgerEntry.objects.filter(ref__startswith="refund:").count() == 1


@pytest.mark.parametrize(
    ("amounts", "refusal"),
    [
        ({}, RefundNotValid),
        ({"item_unknown": 1}, LineMissing),
        ({"line": 0}, RefundNotValid),
        ({"line": -1}, RefundNotValid),
        ({"line": 4901}, RefundTooLarge),
    ],
)
def test_what_cannot_be_refunded_changes_nothing(dummy, amounts, refusal):
    order = make_paid_order()
    name = order.lines.get().public_id
    before = LedgerEntry.objects.count()

    with pytest.raises(refusal):
        refund(order, {(name if key == "line" else key): value for key, value in amounts.items()})

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.PAID, 0)
    assert not Refund.objects.exists()
    assert LedgerEntry.objects.count() == before
    assert dummy.count("withdraw") == 0


def test_an_unpaid_order_has_nothing_to_refund():
    order = make_order()

    with pytest.raises(RefundNotPossible):
        refund(order, {order.lines.get().public_id: None})


def test_more_than_the_line_holds_is_refused_the_second_time():
    order = make_paid_order()
    line = order.lines.get()
    refund(order, {line.public_id: None}, key="a")

    with pytest.raises(RefundTooLarge):
        refund(order, {line.public_id: None}, key="b")


def test_a_gateway_that_does_not_answer_leaves_a_refund_that_the_worker_finishes(dummy, faulty):
    order = make_paid_order()
    line = order.lines.get()
    faulty.error = GatewayUnavailable()

    made = refund(order, {line.public_id: None})

    assert made.state == states.PENDING
    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.PAID, 4900)
    assert dummy.count("withdraw") == 0
    faulty.error = None
    finish_refund(Refund.objects.get())
    order.refresh_from_db()
    assert order.state == states.REFUNDED
    assert dummy.count("withdraw") == 1
    assert audit_books()["ok"]


def test_a_gateway_that_says_no_gives_the_reservation_back(dummy, faulty):
    order = make_paid_order()
    line = order.lines.get()
    faulty.error = RefundDeclined("Too old.")

    made = refund(order, {line.public_id: None})

    order.refresh_from_db()
    line.refresh_from_db()
    assert made.state == states.FAILED
    assert (order.state, order.refunded_minor, line.refunded_minor) == (states.PAID, 0, 0)
    assert "Too old." in order.attention
    assert dummy.count("withdraw") == 0
    assert audit_books()["ok"]


def test_verify_books_names_what_is_wrong():
    order = make_paid_order()
    Order.objects.filter(pk=order.pk).update(total_minor=5000)

    report = audit_books()

    assert not report["ok"]
    assert any(order.number in problem for problem in report["problems"])
