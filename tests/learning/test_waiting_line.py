"""Who waits for a seat while an order of theirs is open: nobody loses their place by it."""

from datetime import timedelta

import pytest

from engineroom import clock
from learning.actions.cohort_seats import free_expired_seats
from learning.actions.cohorts import OFFER_LASTS, wait_for_seat
from learning.models import Seat
from payments import states
from payments.actions.canceling import cancel_order, expire_overdue
from payments.actions.ordering import start_payment
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from tests.factories.cohorts import buy_seat, make_buyers, make_cohort, order_seat

pytestmark = pytest.mark.django_db
NEARLY_OVER = OFFER_LASTS - timedelta(minutes=10)
OVER = OFFER_LASTS + timedelta(minutes=25)


def give_back(order):
    line = order.lines.get()
    refund_lines(order=order, amounts={line.public_id: None}, reason="x", key=line.public_id)


def test_an_offer_that_ran_out_with_an_unpaid_order_lets_its_person_wait_anew():
    cohort = make_cohort(capacity=1)
    first, ada, bea = make_buyers(3)
    order = buy_seat(cohort, person=first)
    entry = wait_for_seat(cohort=cohort, person=ada)
    give_back(order)
    with clock.moved_by(NEARLY_OVER):
        start_payment(order=order_seat(cohort, person=ada))

    with clock.moved_by(OVER):
        assert expire_overdue() == 1
        entry.refresh_from_db()
        assert entry.state == "lapsed"
        order = buy_seat(cohort, person=bea)
        again = wait_for_seat(cohort=cohort, person=ada)
        assert (again.pk != entry.pk, again.state) == (True, "waiting")
        give_back(order)

        again.refresh_from_db()
        assert again.state == "offered"
        assert Seat.objects.get(state="held").person == ada


def test_an_offer_accepted_late_and_paid_is_not_called_run_out():
    cohort = make_cohort(capacity=1)
    first, ada = make_buyers(2)
    order = buy_seat(cohort, person=first)
    entry = wait_for_seat(cohort=cohort, person=ada)
    give_back(order)
    with clock.moved_by(NEARLY_OVER):
        payment = start_payment(order=order_seat(cohort, person=ada))
        simulator.pay(payment.reference, outcome="success")

    with clock.moved_by(OFFER_LASTS + timedelta(minutes=5)):
        assert free_expired_seats() == 0
        assert refresh_payment(payment, source="test").state == states.PAID
        entry.refresh_from_db()
        assert entry.state == "bought"
        assert Seat.objects.get(state="taken").person == ada


def test_who_waits_while_they_hold_an_unpaid_seat_keeps_their_place():
    cohort = make_cohort(capacity=2)
    first, ada, bea = make_buyers(3)
    paid = buy_seat(cohort, person=first)
    unpaid = order_seat(cohort, person=ada)
    entry = wait_for_seat(cohort=cohort, person=ada)
    next_entry = wait_for_seat(cohort=cohort, person=bea)

    give_back(paid)

    entry.refresh_from_db(), next_entry.refresh_from_db()
    assert (entry.state, next_entry.state) == ("waiting", "offered")

    cancel_order(order=unpaid, reason="x")

    entry.refresh_from_db(), cohort.refresh_from_db()
    assert (entry.state, cohort.seats_taken) == ("offered", 2)


def test_who_pays_the_seat_they_held_waits_no_longer():
    cohort = make_cohort(capacity=2)
    first, ada = make_buyers(2)
    paid = buy_seat(cohort, person=first)
    order_seat(cohort, person=ada)
    entry = wait_for_seat(cohort=cohort, person=ada)
    give_back(paid)

    buy_seat(cohort, person=ada)

    entry.refresh_from_db(), cohort.refresh_from_db()
    assert (entry.state, cohort.seats_taken) == ("bought", 1)
