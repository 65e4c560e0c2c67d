"""Another plan in the middle of a period: explained, charged once, credited once, nothing invented."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from engineroom import clock, outbox
from payments import states
from payments.actions.changing import plan_change
from payments.actions.dunning import sweep_subscriptions
from payments.actions.steering import cancel_subscription, change_plan
from payments.actions.subscriptions import refresh_subscription, settle_subscription
from payments.models import Order, OrderKind, Payment, Subscription
from payments.proration import prorate
from payments.queries.books import audit_books
from payments.refusals import (
    CardDeclined,
    ChangeNotNow,
    GatewayUnavailable,
    PlanNotOffered,
    PriceChanged,
)
from tests.factories.subscriptions import at, make_membership, subscribe

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def change_to(subscription, offer):
    subscription = Subscription.objects.select_related("person", "offer").get(pk=subscription.pk)
    expected = plan_change(subscription, offer).due_minor
    return change_plan(
        subscription=subscription,
        offer=offer,
        expected_minor=expected,
        actor=subscription.person,
    )


def test_credit_and_use_add_up_to_what_was_paid_and_nothing_exceeds_it():
    chance = random.Random(27)  # noqa: S311 - repeatable, no secret
    for _ in range(20_000):
        starts = START + timedelta(seconds=chance.randrange(10**7))
        ends = starts + timedelta(days=chance.choice([28, 29, 30, 31, 365, 366, 7, 1, 0]))
        now = (
            starts
            + (ends - starts) * chance.random()
            + timedelta(days=chance.choice([0, 0, -1, 1]))
        )
        paid, price = chance.randrange(10**6), chance.randrange(10**6)
        is_anew = chance.random() < 0.3
        found = prorate(
            paid_minor=paid,
            price_minor=price,
            starts_at=starts,
            ends_at=ends,
            now=now,
            starts_anew=is_anew,
        )
        assert 0 <= found.credit_minor <= paid
        assert 0 <= found.rest_minor <= price
        assert 0 <= found.unused <= found.days
        assert found.due_minor == found.rest_minor - found.credit_minor
        assert -paid <= found.due_minor <= price
        if price == paid and not is_anew:
            assert found.due_minor == 0


@pytest.mark.django_db
def test_up_costs_the_difference_for_the_days_left_at_once(gateway, thing):
    small, large = make_membership(amount_minor=3100), make_membership(amount_minor=6200)
    with at(START):
        subscription = subscribe(small)
    with at(START + timedelta(days=10)):
        change = plan_change(Subscription.objects.get(), large)
        assert change.due_minor == 6200 * 21 // 31 - 3100 * 21 // 31 == 2100
        assert (
            change.words[0]
            == "21 of 31 days of this period are left: €21.00 of the €31.00 you paid."
        )
        done = change_to(subscription, large)

        order = Order.objects.get(kind=OrderKind.CHANGE)
        assert (order.state, order.total_minor) == (states.PAID, 2100)
        assert (done.offer, done.amount_minor) == (large, 6200)
        assert done.period_ends_at == START.replace(month=4)
        assert gateway.taken_minor == 5200
        assert list(thing.until.values())[0] == clock.now()
        assert thing.is_open()
        assert audit_books()["ok"]
    with at(START.replace(month=4)):
        sweep_subscriptions()
        renewal = Order.objects.get(kind=OrderKind.RENEWAL)
        assert renewal.total_minor == 6200
        assert renewal.lines.get().offer == large


@pytest.mark.django_db
def test_down_charges_nothing_and_comes_off_the_next_payments(gateway, thing):
    large, small = make_membership(amount_minor=6200), make_membership(amount_minor=1550)
    with at(START):
        subscription = subscribe(large)
    with at(START + timedelta(days=10)):
        done = change_to(subscription, small)

        assert done.credit_minor == 6200 * 21 // 31 - 1550 * 21 // 31 == 3150
        order = Order.objects.get(kind=OrderKind.CHANGE)
        assert (order.state, order.total_minor) == (states.PAID, 0)
        assert gateway.taken_minor == 6200
        assert thing.is_open()
    totals = []
    for month in (4, 5, 6, 7):
        with at(START.replace(month=month)):
            sweep_subscriptions()
            totals.append(Order.objects.filter(kind=OrderKind.RENEWAL).first().total_minor)
            assert thing.is_open()
    assert totals == [0, 0, 1500, 1550]
    subscription.refresh_from_db()
    assert (subscription.credit_minor, subscription.attention) == (0, "")
    assert audit_books()["ok"]


@pytest.mark.django_db
def test_to_a_year_a_new_period_begins_now(gateway, thing):
    monthly = make_membership(amount_minor=3100)
    yearly = make_membership(amount_minor=30000, period="year")
    with at(START):
        subscription = subscribe(monthly)
    with at(START + timedelta(days=10)):
        done = change_to(subscription, yearly)
        assert done.period_ends_at == (START + timedelta(days=10)).replace(year=2028)
        assert Order.objects.get(kind=OrderKind.CHANGE).total_minor == 30000 - 2100
        assert done.period_starts_at == clock.now()
    with at(START.replace(month=4)):
        sweep_subscriptions()
        assert not Order.objects.filter(kind=OrderKind.RENEWAL).exists()
        assert thing.is_open()
    with at((START + timedelta(days=10)).replace(year=2028)):
        sweep_subscriptions()
        assert Order.objects.get(kind=OrderKind.RENEWAL).total_minor == 30000


@pytest.mark.django_db
def test_there_and_back_never_makes_money_out_of_nothing(gateway, thing):
    chance = random.Random(3)  # noqa: S311 - repeatable, no secret
    offers = [make_membership(amount_minor=amount) for amount in (999, 2999, 4999, 10000)]
    with at(START):
        subscription = subscribe(offers[0])
    now, current = START, offers[0]
    for _ in range(25):
        now += timedelta(days=chance.randrange(1, 12), hours=chance.randrange(24))
        with at(now):
            sweep_subscriptions()
            other = chance.choice([offer for offer in offers if offer != current])
            done = change_to(subscription, other)
            current = other
            worth = done.terms["worth_minor"]
            assert done.credit_minor + worth <= gateway.taken_minor
            assert not done.attention
    paid = Payment.objects.filter(state=states.CAPTURED)
    assert sum(row.amount_minor for row in paid) == gateway.taken_minor
    assert audit_books()["ok"]


@pytest.mark.django_db
def test_in_a_trial_the_trial_goes_on(gateway, thing):
    small, large = make_membership(trial_days=14), make_membership(amount_minor=5900, period="year")
    with at(START):
        subscription = subscribe(small)
    with at(START + timedelta(days=2)):
        done = change_to(subscription, large)
        assert done.state == states.TRIALING
        assert done.trial_ends_at == done.period_ends_at == START + timedelta(days=14)
        assert gateway.taken_minor == 0
    with at(START + timedelta(days=14)):
        sweep_subscriptions()
        assert Order.objects.get(kind=OrderKind.RENEWAL).total_minor == 5900


@pytest.mark.django_db
def test_a_declined_card_changes_nothing(gateway, thing):
    small, large = make_membership(), make_membership(amount_minor=9900)
    with at(START):
        subscription = subscribe(small)
        gateway.kept[subscription.reference].card = "bad"
        with pytest.raises(CardDeclined):
            change_to(subscription, large)

        subscription.refresh_from_db()
        assert (subscription.offer, subscription.amount_minor) == (small, 2900)
        assert "change" not in subscription.terms
        assert Order.objects.get(kind=OrderKind.CHANGE).state == states.CANCELED
        assert gateway.taken_minor == 2900
        gateway.kept[subscription.reference].card = "good"
        assert change_to(subscription, large).offer == large


@pytest.mark.django_db
def test_a_change_that_was_cut_off_is_finished_once_by_the_worker(gateway, thing):
    small, large = make_membership(amount_minor=3100), make_membership(amount_minor=6200)
    with at(START):
        subscription = subscribe(small)
    with at(START + timedelta(days=10)):
        gateway.__class__.is_down = True
        with pytest.raises(GatewayUnavailable):
            change_to(subscription, large)
        gateway.__class__.is_down = False
    with at(START + timedelta(days=10, minutes=2)):
        outbox.drain()
        outbox.drain()
        subscription.refresh_from_db()
        assert subscription.offer == large
        assert Order.objects.filter(kind=OrderKind.CHANGE, state=states.PAID).count() == 1
        assert gateway.taken_minor == 3100 + 2100


@pytest.mark.django_db
def test_a_change_that_was_charged_but_not_written_is_found_by_the_sweep(gateway, thing):
    small, large = make_membership(amount_minor=3100), make_membership(amount_minor=6200)
    with at(START):
        subscription = subscribe(small)
    with at(START + timedelta(days=10)):
        change = gateway.change_subscription

        def cut_off(self, *args, **kwargs):
            change(*args, **kwargs)
            raise GatewayUnavailable

        original = gateway.__class__.change_subscription
        gateway.__class__.change_subscription = cut_off
        try:
            with pytest.raises(GatewayUnavailable):
                change_to(subscription, large)
        finally:
            gateway.__class__.change_subscription = original
        subscription.refresh_from_db()
        refresh_subscription(subscription, source="webhook")
        subscription.refresh_from_db()
        assert subscription.offer == large
        assert Order.objects.get(kind=OrderKind.CHANGE).state == states.PAID
        reading = gateway.reading(subscription.reference)
        settle_subscription(subscription=subscription, reading=reading, source="webhook")
        assert Order.objects.count() == 2
        assert audit_books()["ok"]


@pytest.mark.django_db
@pytest.mark.parametrize("case", ["same", "currency", "once", "closed", "canceled", "overdue"])
def test_what_cannot_be_changed_is_refused_and_nothing_changes(gateway, thing, case):
    with at(START):
        subscription = subscribe()
        offer = make_membership(amount_minor=4900)
        refusal = PlanNotOffered
        if case == "same":
            offer = subscription.offer
        elif case == "currency":
            offer = make_membership(currency="USD")
        elif case == "once":
            offer = make_membership(period="")
        elif case == "closed":
            offer = make_membership(is_active=False)
        elif case == "canceled":
            cancel_subscription(subscription=subscription, at_period_end=True)
            refusal = ChangeNotNow
        elif case == "overdue":
            Subscription.objects.update(state=states.PAST_DUE, grace_ends_at=START)
            refusal = ChangeNotNow
        subscription.refresh_from_db()
        orders = Order.objects.count()
        with pytest.raises(refusal):
            change_plan(subscription=subscription, offer=offer, expected_minor=0)
        assert Order.objects.count() == orders
        assert "change_subscription" not in gateway.calls


@pytest.mark.django_db
def test_a_sum_that_was_shown_yesterday_is_refused(gateway, thing):
    large = make_membership(amount_minor=9900)
    with at(START):
        subscription = subscribe()
        shown = plan_change(subscription, large).due_minor
    with at(START + timedelta(days=2)), pytest.raises(PriceChanged):
        change_plan(subscription=subscription, offer=large, expected_minor=shown)
    assert not Order.objects.filter(kind=OrderKind.CHANGE).exists()
