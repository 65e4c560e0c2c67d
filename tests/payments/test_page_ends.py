"""A hosted page closes with the order that is paid on it: nothing is bought after its end."""

from datetime import date, timedelta

import pytest
from django.test import Client

from engineroom import clock
from payments import states
from payments.actions.canceling import expire_overdue
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.actions.transfers import confirm_transfer
from payments.gateways import simulator
from payments.models import Offer, Order, Payment
from payments.refusals import FormSent, OrderNotPayable, SimulatorClosed
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer, pay

pytestmark = pytest.mark.django_db
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def placed(offer: Offer | None = None) -> Order:
    checkout = open_checkout(offer=offer or make_offer(), person=make_user())
    return place_order(checkout=checkout, has_consented=True)


def ending() -> Offer:
    """An offer that ends in five minutes."""
    return make_offer(title="Early bird", ends_at=clock.now() + 5 * MINUTE)


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def test_nobody_buys_a_second_after_the_end_on_a_page_opened_before_it():
    payment = start_payment(order=placed(ending()))

    with clock.moved_by(5 * MINUTE + SECOND):
        with pytest.raises(SimulatorClosed, match="time to pay is over"):
            simulator.pay(payment.reference, outcome="success")
        refresh_payment(payment, source="return")
        payment.refresh_from_db()
        assert payment.state == states.STOPPED
        assert expire_overdue() == 1
        assert fresh(payment.order).state == states.EXPIRED


def test_until_its_last_second_it_is_sold():
    payment = start_payment(order=placed(ending()))

    with clock.moved_by(5 * MINUTE - SECOND):
        order = pay(payment)

    assert (order.state, order.attention) == (states.PAID, "")


def test_a_confirmation_that_comes_after_the_end_takes_no_money():
    payment = start_payment(order=placed(ending()))
    simulator.pay(payment.reference, outcome="3ds")

    with clock.moved_by(5 * MINUTE + SECOND):
        with pytest.raises(SimulatorClosed):
            simulator.pay(payment.reference, outcome="success")
        assert refresh_payment(payment, source="return").state == states.AWAITING


def test_a_bank_debit_given_in_time_arrives_days_after_the_end():
    payment = start_payment(order=placed(ending()))
    pay(payment, outcome="debit")

    with clock.moved_by(timedelta(days=3, minutes=1)):
        simulator.run_due()
        order = refresh_payment(payment, source="sweep")

    assert (order.state, order.attention) == (states.PAID, "")


def test_the_page_says_that_its_time_is_over():
    payment = start_payment(order=placed(ending()))
    client, address = Client(), f"/simulator/{payment.reference}/"
    assert "Pay €49.00" in client.get(address).text

    with clock.moved_by(5 * MINUTE + SECOND):
        page = client.get(address)
        refused = client.post(address, {"outcome": "success"})

    assert page.status_code == 200
    assert "The time to pay is over. Nothing was charged." in page.text
    assert 'name="outcome"' not in page.text
    assert refused.status_code == 400
    assert "The time to pay is over." in refused.text
    assert fresh(payment.order).state == states.AWAITING


def test_a_program_is_refused_in_the_same_words():
    payment = start_payment(order=placed(ending()))

    with clock.moved_by(5 * MINUTE + SECOND):
        answer = Client().post(
            f"/api/v1/simulator/payments/{payment.reference}",
            {"outcome": "success"},
            content_type="application/json",
        )

    assert (answer.status_code, answer.json()["code"]) == (409, "payment_closed")
    assert "time to pay is over" in answer.json()["detail"]


def test_no_page_is_opened_for_an_order_whose_time_is_over():
    """Also before the worker has been there."""
    order = placed(ending())

    with clock.moved_by(5 * MINUTE), pytest.raises(OrderNotPayable):
        start_payment(order=order)
    assert not Payment.objects.exists()


def test_an_order_of_nothing_is_not_to_be_had_after_its_end():
    order = placed(ending())
    Order.objects.filter(pk=order.pk).update(total_minor=0)
    order.refresh_from_db()

    with clock.moved_by(5 * MINUTE), pytest.raises(OrderNotPayable):
        start_payment(order=order)
    assert fresh(order).state == states.AWAITING


def test_who_comes_back_gets_a_page_on_which_there_is_time_to_pay():
    order = placed()
    first = start_payment(order=order)

    with clock.moved_by(5 * MINUTE):
        place_order(checkout=order.checkout, has_consented=True)
        assert start_payment(order=order) == first
    with clock.moved_by(25 * MINUTE):
        place_order(checkout=order.checkout, has_consented=True)
        second = start_payment(order=order)
        assert second != first
        assert second.closes_at == fresh(order).expires_at
        first.refresh_from_db()
        assert first.state == states.STOPPED
    with clock.moved_by(40 * MINUTE):
        assert pay(second).state == states.PAID


def test_a_form_whose_page_has_closed_is_not_taken_again():
    order = placed()
    first = start_payment(order=order, key="form-1")

    with clock.moved_by(20 * MINUTE):
        place_order(checkout=order.checkout, has_consented=True)
    with clock.moved_by(35 * MINUTE):
        with pytest.raises(FormSent):
            start_payment(order=order, key="form-1")
        second = start_payment(order=order, key="form-2")
        assert second != first
        assert pay(second).state == states.PAID


def test_a_bank_transfer_keeps_its_days_and_its_attempt(settings):
    settings.OFFLINE_PAYMENT = True
    settings.OFFLINE_IBAN = "DE02120300000000202051"
    settings.OFFLINE_ACCOUNT_HOLDER = "Lectern School"
    order = placed(ending())
    payment = start_payment(order=order, gateway="offline")

    with clock.moved_by(timedelta(days=3)):
        assert start_payment(order=order, gateway="offline") == payment
        paid = confirm_transfer(
            payment=payment,
            amount_minor=payment.amount_minor,
            received_on=date.fromisoformat(f"{clock.now():%Y-%m-%d}"),
            is_confirmed=True,
            actor=make_user(is_staff=True),
        )

    assert (paid.state, paid.attention) == (states.PAID, "")
