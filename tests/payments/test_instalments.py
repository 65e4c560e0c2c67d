"""Instalments and coupons over periods: completed by the last, closed by a missed one, priced as agreed."""

from datetime import timedelta

import pytest

from engineroom import clock, mail
from engineroom.models import OutboxEvent
from payments import periods, states
from payments.actions.dunning import sweep_subscriptions
from payments.actions.refunding import refund_lines
from payments.actions.steering import cancel_subscription
from payments.actions.subscriptions import refresh_subscription
from payments.models import Coupon, Order, Subscription
from payments.queries.books import audit_books
from payments.queries.subscriptions import churn, recurring_revenue
from payments.refusals import CouponNotForTrial, InstalmentsOwed
from tests.factories.payments import make_offer
from tests.factories.subscriptions import START, at, make_membership, renewals, subscribe

pytestmark = pytest.mark.django_db


def month(number):
    return periods.after(START, "month", number)


def coupon(**fields) -> Coupon:
    fields = {"code": f"CODE{Coupon.objects.count()}", "percent": 5000} | fields
    return Coupon.objects.create(**fields)


def test_three_instalments_add_up_to_the_price_and_it_is_kept_for_good(gateway, thing):
    with at(START):
        offer = make_offer(amount_minor=10001, instalments=3)
        subscription = subscribe(offer, in_instalments=True)
        assert subscription.periods_total == 3
        assert thing.is_open()
    for number in (1, 2, 3, 4):
        with at(month(number)):
            sweep_subscriptions()
    subscription.refresh_from_db()
    totals = [order.total_minor for order in Order.objects.order_by("pk")]
    assert totals == [3335, 3333, 3333]
    assert (subscription.state, subscription.periods_paid) == (states.COMPLETED, 3)
    assert gateway.taken_minor == 10001
    assert list(thing.until.values()) == [None]
    assert thing.count("deliver") == 1
    assert audit_books()["ok"]
    with at(month(30)):
        sweep_subscriptions()
        assert thing.is_open()
        subscription.refresh_from_db()
        assert subscription.state == states.COMPLETED


def test_a_missed_instalment_closes_after_the_grace_and_opens_when_it_is_paid(gateway, thing):
    with at(START):
        subscription = subscribe(make_offer(instalments=3), in_instalments=True)
    gateway.kept[subscription.reference].card = "bad"
    with at(month(1)):
        sweep_subscriptions()
    with at(month(1) + timedelta(days=13)):
        assert thing.is_open()
    with at(month(1) + timedelta(days=14, minutes=1)):
        for _ in range(3):
            sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.state == states.PAST_DUE
        assert not thing.is_open()
        rows = OutboxEvent.objects.filter(topic=mail.TOPIC)
        stopped = [row for row in rows if row.payload["subject"].startswith("Access stopped")]
        assert len(stopped) == 1
    with at(month(1) + timedelta(days=20)):
        gateway.change_card(subscription.reference)
        refresh_subscription(subscription, source="return")
        subscription.refresh_from_db()
        assert subscription.state == states.ACTIVE
        assert thing.is_open()
    with at(month(2)):
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.state == states.COMPLETED
        assert audit_books()["ok"]


def test_an_instalment_that_went_back_closes_until_the_next(gateway, thing):
    with at(START):
        subscribe(make_offer(instalments=3), in_instalments=True)
    with at(month(1)):
        sweep_subscriptions()
        order = renewals()[0]
        amounts = {order.lines.get().public_id: None}
        refund_lines(order=order, amounts=amounts, reason="x", key="k")
        assert not thing.is_open()
        sweep_subscriptions()
        assert not thing.is_open()
    with at(month(2)):
        sweep_subscriptions()
        assert thing.is_open()


def test_buyers_cannot_cancel_instalments_and_staff_can(gateway, thing):
    with at(START):
        subscription = subscribe(make_offer(instalments=3), in_instalments=True)
        with pytest.raises(InstalmentsOwed):
            cancel_subscription(
                subscription=subscription, at_period_end=False, actor=subscription.person
            )
        cancel_subscription(subscription=subscription, at_period_end=False, reason="Agreed")
        subscription.refresh_from_db()
        assert subscription.state == states.ENDED
        assert "1 of 3" in subscription.attention
        assert not thing.is_open()


@pytest.mark.parametrize(
    ("duration", "totals"), [("first", [1450, 2900, 2900]), ("always", [1450, 1450, 1450])]
)
def test_a_coupon_holds_for_the_first_period_or_for_all(gateway, thing, duration, totals):
    with at(START):
        subscription = subscribe(coupon=coupon(duration=duration))
        Coupon.objects.update(percent=100, is_active=False)
    for number in (1, 2):
        with at(month(number)):
            sweep_subscriptions()
    assert [order.total_minor for order in Order.objects.order_by("pk")] == totals
    subscription.refresh_from_db()
    assert subscription.attention == ""
    assert audit_books()["ok"]


def test_a_first_period_for_nothing_still_has_a_plan(gateway, thing):
    with at(START):
        subscription = subscribe(coupon=coupon(percent=10000))
        assert subscription.state == states.ACTIVE
        assert gateway.taken_minor == 0
    with at(month(1)):
        sweep_subscriptions()
        assert [order.total_minor for order in renewals()] == [2900]


def test_a_first_period_coupon_on_a_trial_is_refused(gateway, thing):
    with pytest.raises(CouponNotForTrial):
        subscribe(make_membership(trial_days=7), coupon=coupon())
    assert not Subscription.objects.exists()


def test_recurring_revenue_counts_running_memberships_by_the_month(gateway, thing):
    with at(START):
        subscribe(make_membership(amount_minor=2900))
        subscribe(make_membership(amount_minor=1900), coupon=coupon(duration="always"))
        subscribe(make_membership(amount_minor=12000, period="year"))
        subscribe(make_membership(amount_minor=1000, currency="JPY"))
        subscribe(make_membership(amount_minor=7700, trial_days=14))
        subscribe(make_offer(instalments=3), in_instalments=True)
        ending = subscribe(make_membership(amount_minor=500))
    with at(START + timedelta(hours=1)):
        found = recurring_revenue(clock.now(), "test")
        assert found["EUR"] == {
            "monthly_minor": 2900 + 950 + 1000 + 500,
            "yearly_minor": 12 * (2900 + 950 + 1000 + 500),
            "count": 4,
        }
        assert found["JPY"]["monthly_minor"] == 1000
        assert recurring_revenue(clock.now()) == {}
    with at(START + timedelta(days=5)):
        cancel_subscription(subscription=ending, at_period_end=False)
        assert recurring_revenue(clock.now(), "test")["EUR"]["count"] == 3
    with at(START + timedelta(days=15)):
        sweep_subscriptions()
        assert recurring_revenue(clock.now(), "test")["EUR"]["count"] == 4
        lost = churn(START + timedelta(hours=1), START + timedelta(days=15), "test")
        assert lost == {"before": 5, "ended": 1, "rate": 2000}


def test_each_instalment_has_its_part_of_the_discount(gateway, thing):
    with at(START):
        subscribe(
            make_offer(amount_minor=10_000, instalments=3),
            in_instalments=True,
            coupon=coupon(percent=3333),
        )
    for number in (1, 2):
        with at(month(number)):
            sweep_subscriptions()

    orders = list(Order.objects.order_by("pk"))
    assert [order.total_minor for order in orders] == [2223, 2222, 2222]
    assert [order.discount_minor for order in orders] == [1111, 1111, 1111]
    for order in orders:
        assert order.lines.get().discount_minor == order.discount_minor
    assert audit_books()["ok"]
