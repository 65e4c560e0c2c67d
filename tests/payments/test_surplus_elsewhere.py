"""What was paid too much and leaves another way than by us: at the gateway itself, or by a bank."""

from uuid import uuid4

import pytest

from payments import states
from payments.actions.disputes import settle_dispute
from payments.actions.ordering import start_payment
from payments.actions.outside_refunds import match_refunds
from payments.actions.selfcheck import check_everything
from payments.actions.settling import settle_order
from payments.actions.surplus import surplus_of
from payments.gateways import simulator
from payments.gateways.base import Reading
from payments.models import Invoice, Order, Payment, Refund
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.payments import make_order, pay
from tests.payments.test_disputes import reading_of

pytestmark = pytest.mark.django_db


def paid_twice(**fields) -> tuple[Order, Payment, Payment]:
    """The order, the card that paid it, and a card that was given up before and paid all the same."""
    order = make_order(person=make_user(), **fields)
    late = start_payment(order=order)
    Payment.objects.filter(pk=late.pk).update(state=states.STOPPED)
    first = start_payment(order=order)
    pay(first)
    simulator.pay(late.reference, outcome="success")
    late.refresh_from_db()
    settle_order(payment=late, reading=at_the_gateway(late), source="webhook")
    for row in (order, first, late):
        row.refresh_from_db()
    assert surplus_of(order) == order.total_minor
    return order, first, late


def at_the_gateway(payment: Payment) -> Reading:
    return simulator.SimulatorGateway().fetch(payment.reference)


def refunded_there(payment: Payment, amount_minor: int, times: int = 1) -> str:
    """Somebody refunds this much in the gateway's own office, and the news comes so often."""
    simulator.SimulatorGateway().refund(
        payment.reference,
        amount_minor=amount_minor,
        currency=payment.currency,
        key=uuid4().hex,
    )
    said = [match_refunds(payment=payment, reading=at_the_gateway(payment)) for _ in range(times)]
    return said[0]


def decide(payment: Payment, end: str, **changes) -> None:
    for status in (states.OPEN, end, end):
        settle_dispute(
            payment=payment, reading=reading_of(payment, status, **changes), source="webhook"
        )


@pytest.mark.parametrize("which", [1, 2])
def test_a_surplus_refunded_at_the_gateway_ends_nothing_whichever_payment_it_was(which, dummy):
    order, *payments = paid_twice()
    payment = payments[which - 1]

    refunded_there(payment, payment.amount_minor, times=2)

    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.state, order.refunded_minor, dummy.count("withdraw")) == (states.PAID, 0, 0)
    assert (refund.payment, refund.state, refund.lines.count()) == (payment, states.DONE, 0)
    assert surplus_of(order) == 0
    assert not Invoice.objects.filter(kind="credit_note").exists()
    assert check_everything() == []


def test_what_is_refunded_at_the_gateway_beyond_the_surplus_is_taken_off_the_lines(dummy):
    order, first, late = paid_twice()

    refunded_there(late, 4900)
    assert refunded_there(first, 900).startswith("€9.00 that was refunded")
    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.PARTLY_REFUNDED, 900)
    refunded_there(first, 4000)

    order.refresh_from_db()
    assert (order.state, dummy.count("withdraw")) == (states.REFUNDED, 1)
    assert check_everything() == []


def test_a_part_of_the_surplus_and_then_more_than_is_left_of_it_goes_to_both(dummy):
    order, first, late = paid_twice()

    refunded_there(first, 1000)
    assert surplus_of(order) == 3900
    refunded_there(late, 4900)

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.PARTLY_REFUNDED, 1000)
    assert sorted(Refund.objects.values_list("amount_minor", flat=True)) == [1000, 1000, 3900]
    assert dummy.count("withdraw") == 0
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_surplus_that_the_buyers_bank_takes_back_ends_nothing(dummy):
    order, _first, late = paid_twice()

    decide(late, states.LOST)

    order.refresh_from_db()
    assert (order.state, order.refunded_minor, dummy.count("withdraw")) == (states.PAID, 0, 0)
    assert surplus_of(order) == 0
    assert not Invoice.objects.filter(kind="credit_note").exists()
    assert check_everything() == []


def test_a_buyer_who_contests_what_paid_for_the_order_gives_up_what_it_bought(dummy):
    order, first, _late = paid_twice()

    decide(first, states.LOST)

    order.refresh_from_db()
    assert (order.state, dummy.count("withdraw")) == (states.REFUNDED, 1)
    assert surplus_of(order) == order.total_minor
    assert audit_books()["ok"], audit_books()["problems"]


def test_when_the_surplus_is_gone_the_other_payment_pays_and_its_loss_ends_the_access(dummy):
    order, first, late = paid_twice()
    refunded_there(first, 4900)

    decide(late, states.LOST)

    order.refresh_from_db()
    assert (order.state, order.refunded_minor, dummy.count("withdraw")) == (
        states.REFUNDED,
        4900,
        1,
    )
    assert check_everything() == []
