"""Two carts that name the same things in opposite order: nobody waits for the other in a circle."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import OperationalError, connections

from engineroom import retrying
from learning import sellables as kinds
from learning.models import Cohort, Seat
from payments import states
from payments.actions import canceling, holding, settling, stock
from payments.actions.checkouts import open_checkout
from payments.actions.coupons import make_coupon
from payments.actions.details import set_coupon
from payments.actions.ordering import place_order, start_payment
from payments.models import Offer, Order
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.cohorts import make_cohort, seat_offer
from tests.factories.payments import pay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
on_postgres = pytest.mark.skipif(
    "not __import__('django.db', fromlist=['connection']).connection.features"
    ".has_select_for_update",
    reason="SQLite runs writers one after another: a circle of waiting needs row locks",
)


def make_cart(offers: list[Offer], code: str = ""):
    """A checkout of a new person with these offers, in this order."""
    person = make_user()
    for offer in offers:
        checkout = open_checkout(offer=offer, person=person)
    if code:
        set_coupon(checkout=checkout, code=code)
    return checkout


def both(work, one, other):
    """`work` of each at the same time: what it answered, or the database's refusal."""

    def alone(thing):
        try:
            return work(thing)
        except OperationalError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(alone, (one, other)))


@pytest.fixture
def meeting(monkeypatch):
    """Each cart stops after its first seat until the other has one, too, if the locks let it."""
    barrier = Barrier(2)
    hold, take = kinds.hold_seat, kinds.take_seat
    seen = set()

    def stop(line):
        if line.order_id in seen:
            return
        seen.add(line.order_id)
        # A broken barrier: the other waits for a lock of ours, as it should.
        with suppress(BrokenBarrierError):
            barrier.wait(0.7)

    def slow_hold(*, line, until):
        hold(line=line, until=until)
        stop(line)

    def slow_take(*, line):
        take(line=line)
        stop(line)

    monkeypatch.setattr(kinds, "hold_seat", slow_hold)
    monkeypatch.setattr(kinds, "take_seat", slow_take)


@pytest.fixture
def careless(monkeypatch):
    """The guards off: lines as the buyer put them, nothing locked before, nothing begun again."""
    for room in (stock, holding, settling, canceling):
        monkeypatch.setattr(room, "in_turn", lambda lines: sorted(lines, key=lambda line: line.pk))
    for room in (holding, settling):
        monkeypatch.setattr(room, "lock_places", lambda things: None)
    for room in (settling, canceling):
        monkeypatch.setattr(room, "lock_stock_of", lambda *orders: None)
    monkeypatch.setattr(retrying, "TRIES", 1)


def two_carts(code: str = ""):
    offers = [seat_offer(make_cohort(capacity=4)) for _ in range(2)]
    return make_cart(offers, code), make_cart(offers[::-1], code)


def place(checkout):
    return place_order(checkout=checkout, has_consented=True)


def test_two_carts_in_opposite_order_are_both_placed(meeting):
    answers = both(place, *two_carts())

    assert [type(answer) for answer in answers] == [Order, Order]
    assert Seat.objects.filter(state="held").count() == 4
    assert sorted(Cohort.objects.values_list("seats_taken", flat=True)) == [2, 2]
    assert sorted(Offer.objects.values_list("sold", flat=True)) == [2, 2]


@on_postgres
def test_with_the_guards_off_two_carts_end_in_a_deadlock(meeting, careless):
    """The control."""
    answers = both(place, *two_carts())

    assert ["deadlock" in str(answer) for answer in answers].count(True) == 1


@on_postgres
def test_a_cart_that_lost_in_a_deadlock_is_placed_all_the_same(meeting, careless, monkeypatch):
    """The order of locks off, the retry on: whoever was ended begins again."""
    monkeypatch.setattr(retrying, "TRIES", 3)

    answers = both(place, *two_carts())

    assert [type(answer) for answer in answers] == [Order, Order]
    assert Seat.objects.filter(state="held").count() == 4


def test_two_carts_in_opposite_order_are_both_paid(meeting):
    payments = [start_payment(order=place(checkout)) for checkout in two_carts()]
    Seat.objects.update(state="expired")
    Cohort.objects.update(seats_taken=0)

    answers = both(lambda payment: pay(payment).state, *payments)

    assert answers == [states.PAID, states.PAID]
    assert Seat.objects.filter(state="taken").count() == 4
    assert audit_books()["ok"]


def test_orders_placed_anew_with_one_coupon_and_canceled_beside_each_other(meeting):
    """Each gives back an old order and takes a new one: cohorts, offers and the coupon at once."""
    make_coupon(code="BOTH", kind="percent", percent=1000)
    carts = two_carts("BOTH")
    old = [place(checkout) for checkout in carts]
    Order.objects.update(total_minor=1, discount_minor=0)

    answers = both(place, *carts)

    assert [type(answer) for answer in answers] == [Order, Order]
    assert {order.pk for order in answers}.isdisjoint(order.pk for order in old)
    assert sorted(Cohort.objects.values_list("seats_taken", flat=True)) == [2, 2]
    assert sorted(Offer.objects.values_list("sold", flat=True)) == [2, 2]


def test_paying_an_order_while_its_checkout_changes_waits_in_no_circle():
    """A checkout is locked before its order, by who changes it and by who settles it."""
    for _ in range(5):
        checkout = make_cart([seat_offer(make_cohort(capacity=4))])
        payment = start_payment(order=place(checkout))
        offer = seat_offer(make_cohort(capacity=4))

        def work(which, payment=payment, checkout=checkout, offer=offer):
            if which == "pay":
                return pay(payment).state
            return open_checkout(offer=offer, person=checkout.person).pk

        answers = both(work, "pay", "change")

        assert not [answer for answer in answers if isinstance(answer, OperationalError)]
        assert Order.objects.get(pk=payment.order_id).state == states.PAID
