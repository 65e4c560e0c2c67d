"""One transition from money to a paid order, whoever brings the news."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from accounts.models import User
from engineroom import clock, events, outbox
from engineroom.models import AuditEntry, OutboxEvent
from engineroom.refusals import Refusal
from payments import gateways, states
from payments.actions.canceling import cancel_order
from payments.actions.moves import move_order, move_payment, move_refund
from payments.actions.reconciling import reconcile_payments
from payments.actions.settling import refresh_payment, settle_order
from payments.events import OrderPaid
from payments.gateways import simulator
from payments.models import Checkout, LedgerEntry, Order, Payment, Refund
from payments.queries.books import audit_books, balances
from payments.refusals import PaymentMismatch, SimulatorClosed
from tests.factories.accounts import make_user
from tests.factories.payments import make_order, make_paid_order, make_payment, pay

pytestmark = pytest.mark.django_db


def captured(payment):
    """What the gateway says after the buyer has paid."""
    simulator.pay(payment.reference, outcome="success")
    return gateways.current().fetch(payment.reference)


def test_a_payment_delivers_every_line_books_it_and_writes_the_receipt(dummy, monkeypatch):
    heard = []
    monkeypatch.setitem(events._listeners, OrderPaid, [heard.append])
    person = make_user(name="Mara Lindqvist")

    order = make_paid_order(person=person, offers=2)

    assert order.state == states.PAID
    assert order.checkout.state == Checkout.State.FINISHED
    assert order.version == 2
    assert dummy.count("deliver") == 2
    assert all(line.delivered_at for line in order.lines.all())
    assert heard == [OrderPaid(order_id=order.pk)]
    assert balances() == {
        ("test:gateway:simulator", "EUR"): 9628,
        ("test:fees:simulator", "EUR"): 172,
        ("test:customers", "EUR"): 0,
        ("test:revenue:dummy", "EUR"): -9800,
    }
    assert AuditEntry.objects.filter(action="order.paid", target=order.number).count() == 1
    receipt = next(message for message in mail.outbox if message.to == [person.email])
    assert order.number in receipt.subject
    assert "€98.00" in receipt.body
    assert "Mara" in receipt.body
    assert audit_books()["ok"]


def test_everything_after_the_first_news_changes_nothing(dummy):
    payment = make_payment(person=make_user())
    reading = captured(payment)

    for source in ("return", "webhook", "reconciler", "staff") * 3:
        settle_order(payment=payment, reading=reading, source=source)
    outbox.drain()

    order = Order.objects.get()
    assert (order.state, order.version) == (states.PAID, 2)
    assert dummy.count("deliver") == 1
    assert LedgerEntry.objects.count() == 3
    assert AuditEntry.objects.filter(action="order.paid").count() == 1
    assert len(mail.outbox) == 1


def test_a_guest_gets_an_account_and_a_link_and_is_not_signed_in():
    order = make_paid_order(email="new@example.com")

    person = User.objects.get(email="new@example.com")
    assert order.person == person
    assert not person.has_usable_password()
    receipt, link = sorted(
        mail.outbox, key=lambda message: "receipt" not in message.subject.lower()
    )
    assert receipt.to == link.to == ["new@example.com"]


def test_a_guest_whose_address_has_an_account_gets_the_order_there():
    person = make_user(email="known@example.com")

    order = make_paid_order(email="Known@example.com")

    assert order.person == person
    assert User.objects.count() == 1


def test_a_declined_payment_leaves_the_order_payable(dummy):
    payment = make_payment(person=make_user())

    order = pay(payment, "decline")

    payment.refresh_from_db()
    assert (order.state, payment.state) == (states.AWAITING, states.FAILED)
    assert payment.reason == "Not enough funds."
    assert dummy.count("deliver") == 0
    assert not LedgerEntry.objects.exists()


def test_three_d_secure_asks_first_and_abandoning_changes_nothing():
    payment = make_payment(person=make_user())

    assert pay(payment, "abandon").state == states.AWAITING
    assert pay(payment, "3ds").state == states.AWAITING
    assert pay(payment, "success").state == states.PAID
    with pytest.raises(SimulatorClosed):
        simulator.pay(payment.reference, outcome="decline")


def test_a_payment_on_its_way_makes_the_order_wait_and_can_still_fail():
    payment = make_payment(person=make_user())
    reading = gateways.current().fetch(payment.reference)

    settle_order(payment=payment, reading=replace(reading, status="processing"), source="webhook")
    assert Order.objects.get().state == states.PROCESSING
    settle_order(payment=payment, reading=replace(reading, status="failed"), source="webhook")
    assert Order.objects.get().state == states.AWAITING


def test_late_news_of_an_earlier_state_moves_nothing_back():
    payment = make_payment(person=make_user())
    reading = captured(payment)
    settle_order(payment=payment, reading=reading, source="webhook")

    for status in ("processing", "failed", "canceled", "open"):
        settle_order(payment=payment, reading=replace(reading, status=status), source="webhook")

    assert Order.objects.get().state == states.PAID
    assert Payment.objects.get().state == states.CAPTURED


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_minor": 4899},
        {"amount_minor": 4901},
        {"currency": "USD"},
        {"mode": "live"},
        {"order_number": "AAAA-AAAA-AAAA"},
        {"key": "payment_other"},
        {"reference": "sim_other"},
    ],
)
def test_a_reading_about_something_else_grants_nothing(dummy, wrong):
    payment = make_payment(person=make_user())
    reading = replace(captured(payment), **wrong)

    with pytest.raises(PaymentMismatch):
        settle_order(payment=payment, reading=reading, source="webhook")

    assert Order.objects.get().state == states.AWAITING
    assert dummy.count("deliver") == 0
    assert not LedgerEntry.objects.exists()


def test_money_for_a_canceled_or_expired_order_is_not_lost(dummy):
    payment = make_payment(person=make_user())
    cancel_order(order=payment.order, reason="The buyer changed the checkout.")
    reading = captured(payment)

    settle_order(payment=payment, reading=reading, source="webhook")

    order = Order.objects.get()
    assert order.state == states.PAID
    assert dummy.count("deliver") == 1
    assert audit_books()["ok"]


def test_a_line_that_cannot_be_delivered_needs_attention_and_holds_up_nothing(dummy):
    dummy.delivery_refusal = Refusal("The last seat is gone.")

    order = make_paid_order()

    assert order.state == states.PAID
    assert "The last seat is gone." in order.attention
    assert order.lines.get().delivered_at is None
    assert audit_books()["ok"]


def test_a_second_captured_payment_is_put_before_staff():
    order = make_order(person=make_user())
    first = Payment.objects.create(
        order=order, gateway="simulator", mode="test", state="failed", reference="sim_a",
        amount_minor=order.total_minor, currency=order.currency,
    )  # fmt: skip
    second = make_second(order)
    for payment in (second, first):
        reading = gateways.base.Reading(
            reference=payment.reference, key=payment.public_id, order_number=order.number,
            status="captured", amount_minor=order.total_minor, currency="EUR", mode="test",
            account="",
        )  # fmt: skip
        settle_order(payment=payment, reading=reading, source="webhook")

    order.refresh_from_db()
    assert order.state == states.PAID
    assert "twice" in order.attention
    assert balances()[("test:customers", "EUR")] == -order.total_minor


def make_second(order):
    return Payment.objects.create(
        order=order, gateway="simulator", mode="test", reference="sim_b",
        amount_minor=order.total_minor, currency=order.currency,
    )  # fmt: skip


def test_the_reconciler_finds_what_nobody_told_us(dummy):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success")
    OutboxEvent.objects.all().delete()

    assert reconcile_payments() == 0
    with clock.moved_by(timedelta(minutes=2)):
        assert reconcile_payments() == 1
        assert reconcile_payments() == 0

    assert Order.objects.get().state == states.PAID
    assert dummy.count("deliver") == 1


def test_a_payment_that_was_never_handed_to_the_gateway_is_left_alone():
    order = make_order(person=make_user())
    payment = Payment.objects.create(
        order=order, gateway="simulator", mode="test", amount_minor=4900, currency="EUR"
    )

    assert refresh_payment(payment, source="return").state == states.AWAITING


def in_state(model, state):
    """A row of the model in exactly this state, past the rules."""
    order = make_order(email=f"{state}@example.com")
    fields = {"paid_at": clock.now()} if model is Order else {}
    if model is Order:
        row = order
    else:
        row = Payment.objects.create(
            order=order, gateway="simulator", mode="test", amount_minor=1, currency="EUR"
        )
        if model is Refund:
            row = Refund.objects.create(
                order=order, payment=row, key=state, amount_minor=1, currency="EUR"
            )
    model.objects.filter(pk=row.pk).update(state=state, **fields)
    row.refresh_from_db()
    return row


@pytest.mark.parametrize(
    ("model", "moves", "move"),
    [
        (Order, states.ORDER_MOVES, move_order),
        (Payment, states.PAYMENT_MOVES, move_payment),
        (Refund, states.REFUND_MOVES, move_refund),
    ],
)
def test_every_pair_of_states_moves_exactly_as_the_table_says(model, moves, move):
    for start in moves:
        for end in moves:
            row = in_state(model, start)

            moved = move(row, end)

            assert moved == (end in moves[start]), f"{start} to {end}"
            row.refresh_from_db()
            assert row.state == (end if moved else start)
            row.delete() if model is Refund else None
            Refund.objects.all().delete()


def test_final_states_have_no_exits():
    assert not states.ORDER_MOVES[states.REFUNDED]
    assert not states.PAYMENT_MOVES[states.CAPTURED]
    assert not states.REFUND_MOVES[states.DONE]


def test_the_books_can_only_grow():
    make_paid_order()
    entry = LedgerEntry.objects.first()

    for change in (
        lambda: LedgerEntry.objects.filter(pk=entry.pk).update(amount_minor=1),
        lambda: LedgerEntry.objects.filter(pk=entry.pk).delete(),
        lambda: LedgerEntry.objects.create(
            debit="test:a", credit="test:b", amount_minor=1, currency="EUR", ref=entry.ref
        ),
        lambda: LedgerEntry.objects.create(
            debit="test:a", credit="live:b", amount_minor=1, currency="EUR", ref="cross"
        ),
        lambda: LedgerEntry.objects.create(
            debit="test:a", credit="test:b", amount_minor=0, currency="EUR", ref="nothing"
        ),
        lambda: LedgerEntry.objects.create(
            debit="test:a", credit="test:a", amount_minor=1, currency="EUR", ref="itself"
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    assert audit_books()["ok"]
