"""How long a seat stays its buyer's: as long as the money may take."""

from datetime import timedelta

import pytest

from engineroom import clock, outbox
from learning.actions.cohort_seats import free_expired_seats
from learning.models import Seat
from learning.queries.access import may_open
from learning.refusals import SeatsGone
from payments import states
from payments.actions.canceling import expire_overdue
from payments.actions.holding import DEBIT_LASTS, HOLD_LASTS
from payments.actions.ordering import start_payment
from payments.actions.reconciling import reconcile_payments
from payments.actions.settling import refresh_payment
from payments.actions.transfers import confirm_transfer
from payments.gateways import simulator
from tests.factories.accounts import make_user
from tests.factories.cohorts import make_buyers, make_cohort, order_seat, paid_unheard
from tests.factories.payments import pay

pytestmark = pytest.mark.django_db
AFTER_A_VISIT = HOLD_LASTS + timedelta(seconds=1)


@pytest.fixture
def transfers_offered(settings):
    settings.OFFLINE_PAYMENT = True
    settings.OFFLINE_IBAN = "DE02120300000000202051"
    settings.OFFLINE_ACCOUNT_HOLDER = "Lectern School"


def test_a_seat_is_kept_for_as_long_as_a_bank_transfer_may_take(transfers_offered):
    cohort = make_cohort(capacity=1)
    ada, bea = make_buyers(2)
    payment = start_payment(order=order_seat(cohort, person=ada), gateway="offline")

    with clock.moved_by(AFTER_A_VISIT):
        assert free_expired_seats() == 0
        with pytest.raises(SeatsGone):
            order_seat(cohort, person=bea)
    with clock.moved_by(timedelta(days=13)):
        assert expire_overdue() + free_expired_seats() == 0
        payment.refresh_from_db()
        order = confirm_transfer(
            payment=payment,
            amount_minor=payment.amount_minor,
            received_on=clock.now().date(),
            is_confirmed=True,
            actor=make_user(is_staff=True),
        )
        order.refresh_from_db()
        assert (order.state, order.attention) == (states.PAID, "")
        assert may_open(ada, cohort.course)


def test_a_transfer_that_never_comes_gives_the_seat_back(transfers_offered):
    cohort = make_cohort(capacity=1)
    start_payment(order=order_seat(cohort, person=make_user()), gateway="offline")

    with clock.moved_by(timedelta(days=14, minutes=1)):
        assert expire_overdue() == 1
        assert order_seat(cohort, person=make_user()).state == states.AWAITING
    cohort.refresh_from_db()
    assert cohort.seats_taken == 1


def test_a_seat_is_kept_while_a_bank_decides_about_a_debit():
    cohort = make_cohort(capacity=1)
    ada, bea = make_buyers(2)
    order = pay(start_payment(order=order_seat(cohort, person=ada)), "debit")
    assert order.state == states.PROCESSING

    with clock.moved_by(AFTER_A_VISIT):
        assert free_expired_seats() == 0
        with pytest.raises(SeatsGone):
            order_seat(cohort, person=bea)
    with clock.moved_by(timedelta(days=4)):
        simulator.run_due()
        outbox.drain()
        order.refresh_from_db()
        assert (order.state, order.attention) == (states.PAID, "")
        assert may_open(ada, cohort.course)


def test_each_word_that_a_debit_is_on_its_way_keeps_the_seat_longer():
    cohort = make_cohort(capacity=1)
    pay(start_payment(order=order_seat(cohort, person=make_user())), "debit")
    first = Seat.objects.get().expires_at

    with clock.moved_by(timedelta(days=1)):
        reconcile_payments()
        later = Seat.objects.get().expires_at
    assert later - first >= timedelta(days=1)
    assert first - clock.now() > DEBIT_LASTS - timedelta(minutes=1)


def test_a_debit_that_begins_after_the_seat_went_to_another_is_put_before_staff():
    cohort = make_cohort(capacity=1)
    ada, bea = make_buyers(2)
    payment = paid_unheard(cohort, ada, "debit")
    with clock.moved_by(AFTER_A_VISIT):
        free_expired_seats()
        order_seat(cohort, person=bea)

        order = refresh_payment(payment, source="late")

    order.refresh_from_db()
    assert order.state == states.PROCESSING
    assert "comes too late" in order.attention


def test_a_debit_that_fails_gives_the_seat_back_with_its_order():
    cohort = make_cohort(capacity=1)
    order = pay(start_payment(order=order_seat(cohort, person=make_user())), "debit_fails")
    with clock.moved_by(timedelta(days=4)):
        simulator.run_due()
        outbox.drain()
        expire_overdue()
        order.refresh_from_db()
        assert order.state == states.EXPIRED
        assert order_seat(cohort, person=make_user()).state == states.AWAITING
