"""Seats of a cohort: held before money moves, taken when it came, free again when it did not."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from engineroom import clock, outbox
from learning.actions import erase_person
from learning.actions.cohort_seats import free_expired_seats
from learning.actions.cohorts import (
    OFFER_LASTS,
    change_cohort,
    leave_line,
    plan_cohort,
    wait_for_seat,
)
from learning.models import Cohort, Enrollment, Grant, Seat, WaitingEntry
from learning.queries.access import may_open
from learning.queries.cohorts import place_in_line, waiting_entry
from learning.refusals import (
    AlreadySeated,
    BadCohort,
    CohortClosed,
    NotWaiting,
    OnePlaceEach,
    SeatsFree,
    SeatsGone,
)
from learning.sellables import CohortSeatSellable
from payments import states
from payments.actions.canceling import cancel_order, expire_overdue
from payments.actions.dunning import sweep_subscriptions
from payments.actions.holding import HOLD_LASTS
from payments.actions.offers import change_offer
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.cohorts import (
    buy_seat,
    make_buyers,
    make_cohort,
    order_seat,
    paid_unheard,
    seat_offer,
)
from tests.factories.learning import make_course
from tests.factories.payments import pay
from tests.factories.subscriptions import subscribe, use_fake_gateway

pytestmark = pytest.mark.django_db


def taken(cohort) -> int:
    """The counter, which must agree with the live seats."""
    cohort.refresh_from_db()
    assert cohort.seats_taken == cohort.seats.filter(state__in=Seat.LIVE).count()
    return cohort.seats_taken


def test_a_seat_is_held_before_payment_and_taken_with_it():
    cohort, ada = make_cohort(), make_user()

    order = order_seat(cohort, person=ada)

    assert (Seat.objects.get().state, taken(cohort)) == ("held", 1)
    assert not may_open(ada, cohort.course)

    pay(start_payment(order=order))

    seat = Seat.objects.get()
    assert (seat.state, seat.person, taken(cohort)) == ("taken", ada, 1)
    assert may_open(ada, cohort.course)
    assert Enrollment.objects.get().person == ada
    assert Grant.objects.get().source == "order"


def test_the_last_seat_is_sold_once_and_nobody_holds_two():
    cohort = make_cohort(capacity=1)
    ada, bea = make_buyers(2)
    order_seat(cohort, person=ada)

    with pytest.raises(SeatsGone):
        order_seat(cohort, person=bea)
    with pytest.raises(SeatsGone):
        order_seat(cohort, email="guest@example.com")

    order = order_seat(cohort, person=ada)
    assert pay(start_payment(order=order)).state == states.PAID
    with pytest.raises(AlreadySeated):
        order_seat(cohort, person=ada)
    assert taken(cohort) == 1


def test_a_guest_who_holds_the_last_seat_can_press_pay_again():
    cohort = make_cohort(capacity=1)
    order = order_seat(cohort, email="guest@example.com")
    pay(start_payment(order=order), "decline")

    again = place_order(checkout=order.checkout, has_consented=True, email="guest@example.com")

    assert again == order
    assert pay(start_payment(order=again)).state == states.PAID
    seat = Seat.objects.get()
    assert (seat.state, seat.person.email) == ("taken", "guest@example.com")


def test_a_hold_that_ran_out_goes_back_exactly_once():
    cohort = make_cohort(capacity=1)
    order_seat(cohort, person=make_user())

    assert free_expired_seats() == 0
    with clock.moved_by(HOLD_LASTS + timedelta(seconds=1)):
        assert free_expired_seats() == 1
        assert free_expired_seats() == 0
        assert taken(cohort) == 0
        assert buy_seat(cohort, person=make_user()).state == states.PAID
    assert taken(cohort) == 1


def test_a_canceled_or_expired_order_gives_its_seat_back_once():
    cohort = make_cohort()
    canceled, expired = (order_seat(cohort, person=person) for person in make_buyers(2))

    cancel_order(order=canceled, reason="x")
    cancel_order(order=canceled, reason="x")
    with clock.moved_by(timedelta(hours=25)):
        expire_overdue()
        free_expired_seats()

    expired.refresh_from_db()
    assert expired.state == states.EXPIRED
    assert taken(cohort) == 0


def test_money_after_the_hold_takes_a_seat_again_while_there_is_one():
    cohort = make_cohort(capacity=1)
    ada = make_user()
    payment = paid_unheard(cohort, ada)
    with clock.moved_by(HOLD_LASTS + timedelta(seconds=1)):
        free_expired_seats()

        order = refresh_payment(payment, source="late")

        assert (order.state, order.attention) == (states.PAID, "")
        assert (Seat.objects.get().state, taken(cohort)) == ("taken", 1)
        assert may_open(ada, cohort.course)


def test_pressing_pay_again_holds_the_seat_longer_or_anew():
    cohort, ada = make_cohort(capacity=1), make_user()
    order = order_seat(cohort, person=ada)

    with clock.moved_by(HOLD_LASTS + timedelta(seconds=1)):
        free_expired_seats()
        assert taken(cohort) == 0
        assert order_seat(cohort, person=ada) == order
        assert (Seat.objects.get().state, taken(cohort)) == ("held", 1)


def test_money_after_the_last_seat_went_to_another_is_seen_and_refunded():
    cohort = make_cohort(capacity=1)
    ada, bea = make_buyers(2)
    payment = paid_unheard(cohort, ada)
    with clock.moved_by(HOLD_LASTS + timedelta(seconds=1)):
        free_expired_seats()
        buy_seat(cohort, person=bea)

        order = refresh_payment(payment, source="late")
        order.refresh_from_db()

        assert order.state == states.PAID
        assert "refund it" in order.attention
        assert order.lines.get().delivered_at is None
        assert taken(cohort) == 1
        assert not may_open(ada, cohort.course)

        refund_lines(order=order, amounts={order.lines.get().public_id: None}, reason="x", key="k")

        assert may_open(bea, cohort.course)
    assert taken(cohort) == 1
    assert audit_books()["ok"]


def test_a_refund_frees_the_seat_and_ends_what_it_opened():
    cohort, ada = make_cohort(capacity=1), make_user()
    order = buy_seat(cohort, person=ada)

    refund_lines(order=order, amounts={order.lines.get().public_id: None}, reason="x", key="k")

    assert taken(cohort) == 0
    assert not may_open(ada, cohort.course)
    assert buy_seat(cohort, person=ada).state == states.PAID


def sold_out(capacity=1):
    cohort = make_cohort(capacity=capacity)
    orders = [buy_seat(cohort, person=person) for person in make_buyers(capacity)]
    return cohort, orders


def give_back(order):
    line = order.lines.get()
    refund_lines(order=order, amounts={line.public_id: None}, reason="x", key=line.public_id)


def test_a_seat_that_comes_free_is_kept_for_who_waits_longest():
    cohort, (order,) = sold_out()
    bea, cleo = make_buyers(2)
    first = wait_for_seat(cohort=cohort, person=bea)
    second = wait_for_seat(cohort=cohort, person=cleo)
    assert wait_for_seat(cohort=cohort, person=bea) == first
    assert [place_in_line(first), place_in_line(second)] == [1, 2]

    give_back(order)

    first.refresh_from_db()
    assert first.state == "offered"
    assert taken(cohort) == 1
    outbox.drain()
    assert [m.to for m in mail.outbox if "A seat is free" in m.subject] == [[bea.email]]
    with pytest.raises(SeatsGone):
        order_seat(cohort, person=cleo)
    with pytest.raises(SeatsGone):
        order_seat(cohort, person=make_user())

    assert buy_seat(cohort, person=bea).state == states.PAID
    first.refresh_from_db()
    assert first.state == "bought"
    assert taken(cohort) == 1
    assert Seat.objects.filter(state="taken").get().person == bea


def test_an_offer_that_runs_out_goes_to_the_next():
    cohort, (order,) = sold_out()
    bea = make_user()
    first = wait_for_seat(cohort=cohort, person=bea)
    second = wait_for_seat(cohort=cohort, email="guest@example.com")
    give_back(order)

    with clock.moved_by(OFFER_LASTS + timedelta(seconds=1)):
        assert free_expired_seats() == 1
        first.refresh_from_db(), second.refresh_from_db()
        assert (first.state, second.state) == ("lapsed", "offered")
        with pytest.raises(SeatsGone):
            order_seat(cohort, person=bea)
        assert buy_seat(cohort, email="guest@example.com").state == states.PAID
    assert taken(cohort) == 1


def test_an_order_that_is_dropped_leaves_the_offer_standing():
    cohort, (order,) = sold_out()
    bea = make_user()
    entry = wait_for_seat(cohort=cohort, person=bea)
    give_back(order)

    cancel_order(order=order_seat(cohort, person=bea), reason="x")

    entry.refresh_from_db()
    assert (entry.state, taken(cohort)) == ("offered", 1)
    assert buy_seat(cohort, person=bea).state == states.PAID
    assert taken(cohort) == 1


def test_leaving_the_line_hands_the_offer_on():
    cohort, (order,) = sold_out()
    first = wait_for_seat(cohort=cohort, person=make_user())
    second = wait_for_seat(cohort=cohort, person=make_user())
    give_back(order)
    first.refresh_from_db()

    leave_line(entry=first)

    second.refresh_from_db()
    assert (second.state, taken(cohort)) == ("offered", 1)
    with pytest.raises(NotWaiting):
        leave_line(entry=first)


def test_the_mailed_key_finds_the_place_in_the_line():
    cohort, (order,) = sold_out()
    wait_for_seat(cohort=cohort, email="guest@example.com")
    give_back(order)
    outbox.drain()
    bodies = [message.body for message in mail.outbox if message.to == ["guest@example.com"]]
    key = bodies[-1].split("?place=")[1].split()[0]

    assert waiting_entry(cohort, None, key).email == "guest@example.com"
    assert waiting_entry(cohort, None, "other") is None


def test_there_is_nothing_to_wait_for_while_seats_are_free_or_when_sale_is_over():
    cohort = make_cohort(capacity=1)
    with pytest.raises(SeatsFree):
        wait_for_seat(cohort=cohort, person=make_user())
    order_seat(cohort, person=make_user())
    with clock.moved_by(timedelta(days=40)), pytest.raises(CohortClosed):
        wait_for_seat(cohort=cohort, person=make_user())
    for email in ("nobody", "a\0@example.com", "x" * 300 + "@example.com"):
        with pytest.raises(BadCohort):
            wait_for_seat(cohort=cohort, email=email)
    assert not WaitingEntry.objects.exists()


def test_more_seats_are_offered_to_who_waits():
    cohort, _ = sold_out()
    entry = wait_for_seat(cohort=cohort, person=make_user())

    change_cohort(cohort=cohort, capacity=3)

    entry.refresh_from_db()
    assert (entry.state, taken(cohort)) == ("offered", 2)
    with pytest.raises(BadCohort):
        change_cohort(cohort=cohort, capacity=1)


def test_the_database_refuses_a_seat_too_many():
    cohort, _ = sold_out()

    with pytest.raises(IntegrityError), transaction.atomic():
        Cohort.objects.update(seats_taken=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(cohort=cohort, person=Seat.objects.get().person, expires_at=clock.now())


def test_what_is_not_sold_is_refused():
    thing = CohortSeatSellable()
    cohort = make_cohort(is_open=False)

    with pytest.raises(CohortClosed):
        thing.refuse(None, cohort.public_id, 1)
    with pytest.raises(OnePlaceEach):
        thing.refuse(None, cohort.public_id, 2)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "a\0"}, "title"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 10**9}, "capacity"),
        ({"days": -1}, "ends_on"),
    ],
)
def test_a_cohort_that_makes_no_sense_is_refused(fields, field):
    today = clock.now().date()
    days = fields.pop("days", 10)
    said = {"title": "Spring", "capacity": 5} | fields

    with pytest.raises(BadCohort) as caught:
        plan_cohort(
            course=make_course(),
            starts_on=today,
            ends_on=today + timedelta(days=days),
            sells_until=clock.now(),
            **said,
        )

    assert caught.value.field == field
    assert not Cohort.objects.exists()


def test_an_erased_person_leaves_the_seat_counted_and_the_line():
    cohort, (order,) = sold_out()
    ada, bea = order.person, make_user()
    wait_for_seat(cohort=cohort, person=bea)

    erase_person(ada), erase_person(bea)

    assert Seat.objects.get().person is None
    assert not WaitingEntry.objects.exists()
    assert taken(cohort) == 1


def test_a_seat_paid_in_parts_is_open_while_they_are_paid(settings):
    gateway = use_fake_gateway(settings)
    bought, person = clock.now(), make_user()
    cohort = make_cohort()
    offer = change_offer(offer=seat_offer(cohort), instalments=3)
    subscription = subscribe(offer, person, in_instalments=True)
    gateway.kept[subscription.reference].card = "bad"
    assert may_open(person, cohort.course)

    for day in range(1, 61, 3):
        with clock.stopped_at(bought + timedelta(days=day)):
            sweep_subscriptions()
    with clock.stopped_at(bought + timedelta(days=61)):
        assert not may_open(person, cohort.course)
        assert Seat.objects.get().state == Seat.State.TAKEN

        gateway.change_card(subscription.reference)
        sweep_subscriptions()

        assert may_open(person, cohort.course)
    with clock.stopped_at(bought + timedelta(days=100)):
        sweep_subscriptions()
        assert Grant.objects.get().ends_at is None
        assert gateway.taken_minor == 9900
        assert audit_books()["ok"]
