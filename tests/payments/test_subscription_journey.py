"""Subscriptions through the simulator: its page, its signed post, its clock; and many at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, connections
from django.test import Client

from engineroom import outbox
from payments import gateways, periods, states
from payments.actions import renewals, subscriptions
from payments.actions.changing import plan_change
from payments.actions.dunning import sweep_subscriptions
from payments.actions.ordering import place_order, start_payment
from payments.actions.steering import cancel_subscription, change_plan, keep_subscription
from payments.gateways import simulator
from payments.jobs import run_simulator
from payments.models import (
    GatewayEvent,
    Order,
    OrderKind,
    SimulatorPayment,
    Subscription,
)
from payments.queries.books import audit_books
from payments.queries.plans import renewal_quote
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer
from tests.factories.subscriptions import START, at, booked, make_membership, open_for

GOOD, DIES = "4242424242424242", "4000000000000341"


def work():
    """What the worker does: the simulator's clock, its post, and the sweep."""
    run_simulator()
    outbox.drain()
    sweep_subscriptions()
    outbox.drain()


def buy(offer, person=None, *, card=GOOD) -> Subscription:
    order = place_order(checkout=open_for(offer, person or make_user()), has_consented=True)
    payment = start_payment(order=order)
    simulator.pay(payment.reference, outcome="success", card=card)
    outbox.drain()
    order.refresh_from_db()
    return order.subscription


def renewed():
    return list(Order.objects.filter(kind=OrderKind.RENEWAL).order_by("period_starts_at"))


def charged() -> int:
    """What the simulator has taken in all."""
    paid = SimulatorPayment.objects.filter(state=SimulatorPayment.State.SUCCEEDED)
    return sum(paid.values_list("amount_minor", flat=True))


@pytest.mark.django_db
def test_thirteen_months_by_signed_events(thing):
    with at(START):
        subscription = buy(make_membership())
        assert subscription.state == states.ACTIVE
    for month in range(1, 14):
        with at(periods.after(START, "month", month) + timedelta(minutes=1)):
            run_simulator()
            outbox.drain()
            assert len(renewed()) == month
            assert thing.is_open()
    days = [order.period_ends_at.day for order in renewed()]
    assert days[:3] == [31, 30, 31]
    assert renewed()[11].period_ends_at.date().isoformat() == "2028-02-29"
    assert charged() == booked() == 14 * 2900
    assert not GatewayEvent.objects.exclude(error="").exists()
    assert audit_books()["ok"]


@pytest.mark.django_db
def test_a_card_that_dies_is_dunned_and_another_one_recovers(thing):
    with at(START):
        subscription = buy(make_membership(), card=DIES)
    due = periods.after(START, "month")
    for days in (0, 1, 3, 5, 6):
        with at(due + timedelta(days=days, minutes=1)):
            work()
            subscription.refresh_from_db()
            assert subscription.state == states.PAST_DUE
            assert thing.is_open()
    with at(due + timedelta(days=9)):
        page = gateways.current().card_url(subscription.reference, return_url="/subscriptions/")
        path = "/simulator" + page.partition("/simulator")[2]
        assert Client().post(path, {"card": GOOD}).status_code in (302, 303)
        work()
        subscription.refresh_from_db()
        assert subscription.state == states.ACTIVE
        assert len(renewed()) == 1
        assert thing.is_open()
        assert charged() == booked()


@pytest.mark.django_db
def test_a_card_that_stays_dead_ends_it_after_the_grace(thing):
    with at(START):
        subscription = buy(make_membership(), card=DIES)
    due = periods.after(START, "month")
    for days in (0, 1, 3, 5, 12, 14):
        with at(due + timedelta(days=days, minutes=2)):
            work()
    subscription.refresh_from_db()
    assert subscription.state == states.ENDED
    assert gateways.current().fetch_subscription(subscription.reference).status == "ended"
    with at(due + timedelta(days=15)):
        assert not thing.is_open()
    assert charged() == booked() == 2900


@pytest.mark.django_db
def test_trial_plan_change_keep_and_end_through_the_simulator(thing):
    small, large = (
        make_membership(trial_days=14),
        make_membership(amount_minor=30000, period="year"),
    )
    with at(START):
        subscription = buy(small)
        assert subscription.state == states.TRIALING
        assert charged() == 0
    with at(START + timedelta(days=14, minutes=1)):
        work()
        assert [order.total_minor for order in renewed()] == [2900]
    with at(START + timedelta(days=20)):
        subscription = Subscription.objects.select_related("person", "offer").get()
        due = plan_change(subscription, large).due_minor
        subscription = change_plan(subscription=subscription, offer=large, expected_minor=due)
        work()
        assert subscription.offer == large
        assert charged() == booked() == 2900 + due
        cancel_subscription(subscription=subscription, at_period_end=True)
        subscription.refresh_from_db()
        keep_subscription(subscription=subscription)
    with at((START + timedelta(days=20, minutes=1)).replace(year=2028)):
        work()
        assert [order.total_minor for order in renewed()] == [2900, 30000]
        subscription.refresh_from_db()
        cancel_subscription(subscription=subscription, at_period_end=True)
    with at((START + timedelta(days=21)).replace(year=2029)):
        work()
        subscription.refresh_from_db()
        assert (subscription.state, subscription.attention) == (states.ENDED, "")
        assert charged() == booked()
        assert audit_books()["ok"]


@pytest.mark.django_db
def test_down_is_credited_by_the_simulator_too(thing):
    large, small = make_membership(amount_minor=6200), make_membership(amount_minor=1550)
    start = datetime(2027, 3, 1, tzinfo=UTC)
    with at(start):
        buy(large)
    with at(start + timedelta(days=10)):
        subscription = Subscription.objects.select_related("person", "offer").get()
        assert plan_change(subscription, small).due_minor == 0
        change_plan(subscription=subscription, offer=small, expected_minor=0)
    for month in (1, 2, 3, 4):
        with at(periods.after(start, "month", month) + timedelta(minutes=1)):
            work()
    assert [order.total_minor for order in renewed()] == [0, 0, 1500, 1550]
    subscription.refresh_from_db()
    assert subscription.attention == ""
    assert charged() == booked()


@pytest.mark.django_db
@pytest.mark.parametrize("fault", list(simulator.FAULTS))
def test_whatever_happens_to_the_post_each_month_is_paid_once(thing, fault):
    with at(START):
        order = place_order(checkout=open_for(make_membership(), make_user()), has_consented=True)
        payment = start_payment(order=order)
        simulator.pay(payment.reference, outcome="success", card=GOOD, fault=fault)
        outbox.drain()
        if Order.objects.get().state != states.PAID:
            payment.refresh_from_db()
            subscriptions_first(payment)
    for month in (1, 2, 3):
        with at(periods.after(START, "month", month) + timedelta(hours=1)):
            work()
            work()
            assert thing.is_open()
    assert len(renewed()) == 3
    assert charged() == booked() == 4 * 2900


def subscriptions_first(payment):
    """The buyer comes back, or the reconciler asks."""
    from payments.actions.settling import refresh_payment

    refresh_payment(payment, source="return")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("begin", "jumps"),
    [
        (datetime(2028, 2, 29, 0, 30, tzinfo=UTC), [1, -1, 24, -24]),
        (datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC), [1, -1, 1]),
        (datetime(2027, 10, 31, 0, 59, 59, tzinfo=UTC), [1, -1, 24]),
        (datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC), [-24, 24, -1]),
        (datetime(2027, 1, 31, 12, 0, tzinfo=UTC), [24, -24, 24]),
    ],
)
def test_a_clock_that_jumps_charges_nothing_twice(thing, begin, jumps):
    with at(begin):
        subscription = buy(make_membership())
    for month in (1, 2, 3):
        due = periods.after(begin, "month", month)
        for jump in [0, *jumps, 1]:
            with at(due + timedelta(hours=jump)):
                work()
    starts = [order.period_starts_at for order in renewed()]
    assert starts == [periods.after(begin, "month", month) for month in (1, 2, 3)]
    assert charged() == booked() == 4 * 2900
    subscription.refresh_from_db()
    assert subscription.period_ends_at == periods.after(begin, "month", 4)
    assert subscription.attention == ""


def all_at_once(count, act):
    barrier = Barrier(count, timeout=30)

    def one(number):
        try:
            barrier.wait()
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def due_subscription():
    with at(START):
        return buy(make_membership())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_renew_once(thing):
    subscription = due_subscription()
    with at(periods.after(START, "month") + timedelta(minutes=1)):
        run_simulator()
        all_at_once(6, lambda number: sweep_subscriptions())
        subscription.refresh_from_db()
        assert len(renewed()) == 1
        assert subscription.periods_paid == 2
        assert charged() == booked() == 2 * 2900
        assert audit_books()["ok"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_lock_and_unique_period_the_same_charge_is_ordered_more_than_once(thing):
    """The control: look, then write, under a kind that the database does not hold to one."""
    subscription = due_subscription()
    with at(periods.after(START, "month") + timedelta(minutes=1)):
        run_simulator()
        reading = gateways.current().fetch_subscription(subscription.reference)
        barrier = Barrier(4, timeout=20)

        def careless(number):
            mine = Subscription.objects.select_related("person").get(pk=subscription.pk)
            known = renewals.known_references(mine)
            first = mine.orders.get()
            barrier.wait()
            for charge in reading.charges[1:]:
                if charge.reference not in known:
                    span = charge.period_starts_at, charge.period_ends_at
                    quote = renewal_quote(mine, first, span[0])
                    renewals.write_order(mine, quote, OrderKind.CHANGE, span, basis=first)

        all_at_once(4, careless)
        assert Order.objects.filter(kind=OrderKind.CHANGE).count() > 1


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_gateway_is_asked_about_it(thing, monkeypatch):
    seen = []

    class Watching(simulator.SimulatorGateway):
        def fetch_subscription(self, reference):
            seen.append(connection.in_atomic_block)
            return super().fetch_subscription(reference)

        def cancel_subscription(self, reference, **how):
            seen.append(connection.in_atomic_block)
            return super().cancel_subscription(reference, **how)

        def keep_subscription(self, reference, **how):
            seen.append(connection.in_atomic_block)
            return super().keep_subscription(reference, **how)

        def change_subscription(self, reference, plan, **how):
            seen.append(connection.in_atomic_block)
            return super().change_subscription(reference, plan, **how)

    monkeypatch.setitem(gateways._makers, "simulator", Watching)
    subscription = buy(make_membership())
    subscriptions.refresh_subscription(subscription, source="test")
    cancel_subscription(subscription=subscription, at_period_end=True)
    subscription.refresh_from_db()
    keep_subscription(subscription=subscription)
    subscription = Subscription.objects.select_related("person", "offer").get()
    other = make_membership(amount_minor=5000)
    due = plan_change(subscription, other).due_minor
    change_plan(subscription=subscription, offer=other, expected_minor=due)
    subscription.refresh_from_db()
    cancel_subscription(subscription=subscription, at_period_end=False)

    assert len(seen) >= 5
    assert not any(seen)


@pytest.mark.django_db
def test_a_purchase_paid_in_one_sum_has_no_plan(thing):
    order = place_order(checkout=open_for(make_offer(), make_user()), has_consented=True)
    start_payment(order=order)
    assert order.subscription is None
    assert not Subscription.objects.exists()
