"""Many at once: each guard is also shown to be needed."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection, connections
from django.test import Client

from engineroom import clock
from engineroom.refusals import Refusal
from payments import gateways, sellables, states
from payments.actions import ordering, settling
from payments.actions.checkouts import open_checkout
from payments.actions.coupons import make_coupon
from payments.actions.details import set_coupon
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.settling import settle_order
from payments.gateways import simulator
from payments.models import Checkout, CouponUse, LedgerEntry, Order, OrderLine, Payment, Refund
from payments.queries.books import audit_books
from payments.refusals import CouponUsedUp, OfferSoldOut
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, make_offer, make_paid_order, make_payment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


needs_row_locks = pytest.mark.skipif(
    not connection.features.has_select_for_update,
    reason="SQLite runs writers one after another: the lock matters on PostgreSQL only",
)


def all_at_once(count, work):
    """Run `work(number)` in so many threads that start together; answers or the refusals."""
    barrier = Barrier(count, timeout=30)

    def one(number):
        try:
            barrier.wait()
            return work(number)
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def test_twenty_parallel_news_of_one_payment_deliver_once(dummy):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success")
    reading = gateways.current().fetch(payment.reference)

    def tell(number):
        mine = Payment.objects.select_related("order").get(pk=payment.pk)
        return settle_order(payment=mine, reading=reading, source=f"thread {number}").state

    answers = all_at_once(20, tell)

    assert answers == [states.PAID] * 20
    assert dummy.count("deliver") == 1
    assert LedgerEntry.objects.count() == 3
    assert Order.objects.get().version == 2
    assert audit_books()["ok"]


def test_without_the_guard_the_same_news_delivers_more_than_once(dummy):
    """The control: read, then write, as careless code would."""
    payment = make_payment(person=make_user())
    barrier = Barrier(6, timeout=20)

    def careless(number):
        line = OrderLine.objects.select_related("order__person").get(order=payment.order_id)
        is_new = line.order.state == states.AWAITING
        barrier.wait()
        if is_new:
            Order.objects.filter(pk=line.order_id).update(state=states.PAID, paid_at=clock.now())
            dummy.deliver(line)

    # Fewer than the pool has connections: all of them hold one while they wait.
    all_at_once(6, careless)

    assert dummy.count("deliver") > 1


@needs_row_locks
def test_without_lock_and_condition_the_real_transition_delivers_more_than_once(dummy, monkeypatch):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success")
    reading = gateways.current().fetch(payment.reference)
    barrier = Barrier(6, timeout=20)

    def unlocked(order_id):
        order = Order.objects.select_related("person", "checkout").get(pk=order_id)
        barrier.wait()
        return order

    def unconditional(row, to, *, out_of=None, **fields):
        if row.state == to:
            return False
        type(row).objects.filter(pk=row.pk).update(state=to, **fields)
        row.state = to
        return True

    monkeypatch.setattr(settling, "locked_order_and_around", unlocked)
    monkeypatch.setattr(settling, "move_payment", unconditional)
    monkeypatch.setattr(settling, "move_order", unconditional)
    monkeypatch.setattr(settling, "book_capture", lambda *rows: None)
    monkeypatch.setattr(settling, "book_sale", lambda *rows: None)
    monkeypatch.setattr(settling, "_finish_checkout", lambda order: None)
    monkeypatch.setattr(settling, "_write", lambda *rows: None)

    def tell(number):
        mine = Payment.objects.select_related("order").get(pk=payment.pk)
        settle_order(payment=mine, reading=reading, source="control")

    all_at_once(6, tell)

    assert dummy.count("deliver") > 1


def test_pressing_pay_many_times_gives_one_order_and_one_payment():
    checkout = make_checkout()

    def press(number):
        client = Client()
        return client.post(
            f"/checkout/{checkout.public_id}/",
            {
                "form_key": "form-1",
                "email": "guest@example.com",
                "expected_minor": 4900,
                "consent": "on",
            },
        )

    answers = all_at_once(10, press)

    assert {answer.status_code for answer in answers} == {303}
    assert len({answer["Location"] for answer in answers}) == 1
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


def test_parallel_checkouts_of_one_person_are_one_checkout_and_one_order():
    person, offer = make_user(), make_offer()

    def buy(number):
        checkout = open_checkout(offer=offer, person=person)
        order = place_order(checkout=checkout, has_consented=True)
        return start_payment(order=order).pk

    answers = all_at_once(10, buy)

    assert len(set(answers)) == 1, answers
    assert Checkout.objects.count() == Order.objects.count() == Payment.objects.count() == 1


class MeetingSellable:
    """Gives only when somebody else gives the same, or after a while."""

    def __init__(self, dummy, people):
        self.dummy, self.barrier = dummy, Barrier(people)

    def __getattr__(self, name):
        return getattr(self.dummy, name)

    def deliver(self, line):
        with suppress(BrokenBarrierError):
            self.barrier.wait(1)
        self.dummy.deliver(line)


def pay_twice_at_once(dummy):
    """One guest has two orders for one thing, and both payments arrive at the same moment."""
    offer = make_offer()
    checkouts = [open_checkout(offer=offer) for _ in range(2)]
    orders = [
        place_order(checkout=checkout, has_consented=True, email="ada@example.com")
        for checkout in checkouts
    ]
    payments = [start_payment(order=order) for order in orders]
    for payment in payments:
        simulator.pay(payment.reference, outcome="success")
    sellables.register("dummy", MeetingSellable(dummy, 2))

    def settle(number):
        mine = Payment.objects.select_related("order").get(pk=payments[number].pk)
        settling.refresh_payment(mine, source="race")

    all_at_once(2, settle)


def test_two_orders_of_one_guest_paid_at_the_same_moment_give_the_thing_once(dummy):
    make_user(email="ada@example.com")

    pay_twice_at_once(dummy)

    assert dummy.count("deliver") == 1
    assert set(Order.objects.values_list("state", flat=True)) == {states.PAID}
    second = Order.objects.exclude(attention="").get()
    assert "Refund this line" in second.attention
    assert audit_books()["ok"]


@needs_row_locks
def test_without_a_lock_on_the_buyer_two_orders_give_it_twice(dummy, monkeypatch):
    make_user(email="ada@example.com")
    monkeypatch.setattr(settling, "lock_buyer", lambda order: None)

    pay_twice_at_once(dummy)

    assert dummy.count("deliver") == 2


def test_parallel_refunds_of_one_line_send_it_back_once(dummy):
    order = make_paid_order()
    line = order.lines.get()

    def send_back(number):
        return refund_lines(
            order=order,
            amounts={line.public_id: None},
            reason="Race",
            key="same" if number % 2 else f"key-{number}",
        )

    answers = all_at_once(10, send_back)

    done = {answer.pk for answer in answers if isinstance(answer, Refund)}
    assert len(done) == 1
    assert Order.objects.get().refunded_minor == 4900
    assert dummy.count("withdraw") == 1
    assert audit_books()["ok"]


def test_no_transaction_is_open_while_the_gateway_is_asked(monkeypatch):
    seen = []

    class Watching(simulator.SimulatorGateway):
        def start(self, intent):
            seen.append(connection.in_atomic_block)
            return super().start(intent)

        def fetch(self, reference):
            seen.append(connection.in_atomic_block)
            return super().fetch(reference)

        def refund(self, reference, **how):
            seen.append(connection.in_atomic_block)
            return super().refund(reference, **how)

    monkeypatch.setitem(gateways._makers, "simulator", Watching)

    order = make_paid_order()
    refund_lines(order=order, amounts={order.lines.get().public_id: None}, reason="x", key="k")

    assert len(seen) >= 3
    assert not any(seen)


def test_a_last_piece_is_sold_once_to_twenty_buyers(dummy):
    offer = make_offer(most_sold=1)
    checkouts = [open_checkout(offer=offer) for _ in range(20)]

    def order(number):
        return place_order(
            checkout=checkouts[number], has_consented=True, email=f"b{number}@example.com"
        )

    answers = all_at_once(20, order)

    assert sum(isinstance(answer, Order) for answer in answers) == 1
    assert {type(answer) for answer in answers} == {Order, OfferSoldOut}
    offer.refresh_from_db()
    assert offer.sold == 1


def a_scarce_coupon(count):
    """A code for 10 uses, in so many checkouts."""
    coupon = make_coupon(code="TEN", kind="percent", percent=1000, most_uses=10)
    checkouts = []
    for _ in range(count):
        checkout = make_checkout()
        set_coupon(checkout=checkout, code="TEN")
        checkouts.append(checkout)
    return coupon, checkouts


def test_a_code_for_ten_used_by_fifty_at_once_is_used_ten_times(dummy):
    coupon, checkouts = a_scarce_coupon(50)

    def order(number):
        return place_order(
            checkout=checkouts[number], has_consented=True, email=f"b{number}@example.com"
        )

    answers = all_at_once(50, order)

    assert sum(isinstance(answer, Order) for answer in answers) == 10
    assert {type(answer) for answer in answers} == {Order, CouponUsedUp}
    coupon.refresh_from_db()
    assert coupon.uses == coupon.redemptions.filter(released_at=None).count() == 10


@needs_row_locks
def test_without_the_condition_a_code_for_one_is_used_more_often(dummy, monkeypatch):
    """The control: read, then write, as careless code would."""
    coupon = make_coupon(code="ONE", kind="percent", percent=1000)
    checkouts = []
    for _ in range(6):
        checkout = make_checkout()
        set_coupon(checkout=checkout, code="ONE")
        checkouts.append(checkout)
    barrier = Barrier(6, timeout=20)

    def careless(order):
        used = coupon.redemptions.filter(released_at=None).count()
        barrier.wait()
        if used >= 1:
            raise CouponUsedUp
        CouponUse.objects.create(
            coupon=coupon, order=order, email=order.email, discount_minor=1, currency="EUR"
        )

    monkeypatch.setattr(ordering, "hold_coupon", careless)

    def order(number):
        return place_order(
            checkout=checkouts[number], has_consented=True, email=f"b{number}@example.com"
        )

    answers = all_at_once(6, order)

    assert sum(isinstance(answer, Order) for answer in answers) > 1
