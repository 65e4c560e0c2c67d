"""Subscriptions through the till: begun, renewed, overdue, recovered, ended. By the clock."""

from datetime import UTC, datetime, timedelta

import pytest

from engineroom import clock, mail
from engineroom.models import OutboxEvent
from payments import periods, states
from payments.actions.dunning import sweep_subscriptions
from payments.actions.steering import cancel_subscription, keep_subscription
from payments.actions.subscriptions import refresh_subscription, settle_subscription
from payments.models import LedgerEntry, Order, Payment, Subscription
from payments.queries.books import audit_books
from payments.refusals import GatewayUnavailable, PaymentMismatch
from tests.factories.accounts import make_user
from tests.factories.subscriptions import START, at, make_membership, renewals, subscribe

pytestmark = pytest.mark.django_db


def subjects():
    rows = OutboxEvent.objects.filter(topic=mail.TOPIC).order_by("pk")
    return [row.payload["subject"] for row in rows]


def test_the_first_payment_starts_it(gateway, thing):
    with at(START):
        person = make_user()
        subscription = subscribe(person=person)
        order = Order.objects.get()

        assert (subscription.state, subscription.person) == (states.ACTIVE, person)
        assert subscription.periods_paid == 1
        assert subscription.period_ends_at == datetime(2027, 2, 28, 10, 0, tzinfo=UTC)
        assert order.period_ends_at == subscription.period_ends_at
        assert order.state == states.PAID
        assert thing.is_open()
        assert audit_books()["ok"]


def test_nothing_starts_before_the_money_is_there(gateway, thing):
    from payments.actions.checkouts import open_checkout
    from payments.actions.ordering import place_order, start_payment

    checkout = open_checkout(offer=make_membership(), person=make_user())
    payment = start_payment(order=place_order(checkout=checkout, has_consented=True))

    subscription = Subscription.objects.get()
    plan = gateway.intents[payment.reference].plan
    assert subscription.state == states.INCOMPLETE
    assert (plan.key, plan.amount_minor, plan.period) == (subscription.public_id, 2900, "month")
    assert not thing.until


def test_thirteen_months_from_the_31st_each_paid_once(gateway, thing):
    with at(START):
        subscription = subscribe()
    ends = []
    for month in range(1, 14):
        with at(periods.after(START, "month", month) + timedelta(minutes=5)):
            sweep_subscriptions()
            sweep_subscriptions()
            subscription.refresh_from_db()
            ends.append(subscription.period_ends_at.date().isoformat())
            assert thing.is_open()

    assert ends[:3] == ["2027-03-31", "2027-04-30", "2027-05-31"]
    assert "2028-02-29" in ends
    assert len(renewals()) == 13
    assert subscription.periods_paid == 14
    assert gateway.taken_minor == 14 * 2900
    captured = Payment.objects.filter(state=states.CAPTURED)
    assert sum(row.amount_minor for row in captured) == gateway.taken_minor
    assert audit_books()["ok"]
    assert subjects().count(f"Renewed: {subscription.title}") == 13


def test_a_year_from_29_february_ends_on_28_february(gateway, thing):
    with at(datetime(2028, 2, 29, tzinfo=UTC)):
        subscription = subscribe(make_membership(period="year", amount_minor=29000))
    assert subscription.period_ends_at == datetime(2029, 2, 28, tzinfo=UTC)
    with at(datetime(2029, 2, 28, 0, 1, tzinfo=UTC)):
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.period_ends_at == datetime(2030, 2, 28, tzinfo=UTC)


def test_months_that_nobody_asked_about_are_caught_up_with(gateway, thing):
    with at(START):
        subscribe()
    with at(START + timedelta(days=149)):
        sweep_subscriptions()

        assert [order.total_minor for order in renewals()] == [2900] * 4
        starts = [order.period_starts_at for order in renewals()]
        assert starts == sorted(set(starts))
        assert thing.is_open()
        assert audit_books()["ok"]


def test_the_same_news_many_times_and_in_any_order_renews_once(gateway, thing):
    with at(START):
        subscription = subscribe()
    readings = [gateway.fetch_subscription(subscription.reference)]
    for month in (1, 2, 3):
        with at(periods.after(START, "month", month)):
            readings.append(gateway.fetch_subscription(subscription.reference))
    with at(periods.after(START, "month", 3)):
        for turn in (3, 0, 2, 1, 3, 0, 1, 2, 3):
            settle_subscription(subscription=subscription, reading=readings[turn], source="webhook")

        subscription.refresh_from_db()
        assert len(renewals()) == 3
        assert subscription.period_ends_at == periods.after(START, "month", 4)
        assert subscription.periods_paid == 4
        assert thing.is_open()


def test_a_failed_charge_keeps_access_for_the_days_of_grace(gateway, thing, settings):
    with at(START):
        subscription = subscribe()
    gateway.kept[subscription.reference].card = "bad"
    due = periods.after(START, "month")
    with at(due + timedelta(minutes=1)):
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.state == states.PAST_DUE
        assert subscription.grace_ends_at == clock.now() + timedelta(days=14)
        assert thing.is_open()
    with at(due + timedelta(days=12, hours=1)):
        sweep_subscriptions()
        sweep_subscriptions()
        assert thing.is_open()
    with at(due + timedelta(days=13)):
        sweep_subscriptions()
    with at(due + timedelta(days=14, minutes=2)):
        assert not thing.is_open()
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.state == states.ENDED
        assert gateway.kept[subscription.reference].status == "ended"
        assert not thing.is_open()
        assert subjects()[1:] == [
            f"We could not charge you for {subscription.title}",
            f"Two days left to pay for {subscription.title}",
            f"Ended: {subscription.title}",
        ]
    assert not renewals()


def test_another_card_pays_what_is_overdue(gateway, thing):
    with at(START):
        subscription = subscribe()
    gateway.kept[subscription.reference].card = "bad"
    due = periods.after(START, "month")
    with at(due):
        sweep_subscriptions()
    with at(due + timedelta(days=10)):
        gateway.change_card(subscription.reference)
        refresh_subscription(subscription, source="return")
        subscription.refresh_from_db()
        assert subscription.state == states.ACTIVE
        assert subscription.grace_ends_at is None
        assert subscription.method == "Visa ending 1881"
        assert subscription.period_ends_at == periods.after(START, "month", 2)
    with at(due + timedelta(days=20)):
        assert thing.is_open()
        assert len(renewals()) == 1


def test_old_news_of_failure_does_not_undo_a_recovery(gateway, thing):
    with at(START):
        subscription = subscribe()
    gateway.kept[subscription.reference].card = "bad"
    with at(periods.after(START, "month")):
        late = gateway.fetch_subscription(subscription.reference)
        gateway.change_card(subscription.reference)
        refresh_subscription(subscription, source="webhook")
        settle_subscription(subscription=subscription, reading=late, source="webhook")
        subscription.refresh_from_db()
        assert subscription.state == states.ACTIVE


def test_canceled_at_the_end_of_the_period_it_stays_open_until_then(gateway, thing):
    with at(START):
        subscription = subscribe()
        cancel_subscription(
            subscription=subscription, at_period_end=True, actor=subscription.person
        )
        subscription.refresh_from_db()
        assert subscription.cancels_at_period_end
        end = subscription.period_ends_at
    with at(end - timedelta(seconds=1)):
        assert thing.is_open()
    with at(end + timedelta(seconds=1)):
        assert not thing.is_open()
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert (subscription.state, subscription.ended_at) == (states.ENDED, end)
    assert not renewals()
    assert gateway.taken_minor == 2900


def test_kept_after_all_it_renews(gateway, thing):
    with at(START):
        subscription = subscribe()
        cancel_subscription(subscription=subscription, at_period_end=True)
        subscription.refresh_from_db()
        keep_subscription(subscription=subscription, actor=subscription.person)
    with at(periods.after(START, "month") + timedelta(minutes=1)):
        sweep_subscriptions()
        assert len(renewals()) == 1
        assert thing.is_open()


def test_canceled_now_access_ends_now(gateway, thing):
    with at(START):
        subscription = subscribe()
    with at(START + timedelta(days=3)):
        for _ in range(2):
            subscription.refresh_from_db()
            if subscription.is_running:
                cancel_subscription(subscription=subscription, at_period_end=False)
        subscription.refresh_from_db()
        assert subscription.state == states.ENDED
        assert not thing.is_open()
        assert Order.objects.get().refunded_minor == 0
        assert subjects().count(f"Canceled: {subscription.title}") == 1


def test_a_trial_costs_nothing_then_the_price(gateway, thing):
    with at(START):
        subscription = subscribe(make_membership(trial_days=14))
        assert subscription.state == states.TRIALING
        assert Order.objects.get().total_minor == 0
        assert not LedgerEntry.objects.exists()
    with at(START + timedelta(days=11, hours=1)):
        sweep_subscriptions()
        sweep_subscriptions()
        assert sum(subject.startswith("Your trial") for subject in subjects()) == 1
    with at(START + timedelta(days=14, minutes=1)):
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.state == states.ACTIVE
        assert [order.total_minor for order in renewals()] == [2900]
        assert subscription.periods_paid == 1
        assert thing.is_open()
        assert audit_books()["ok"]


def test_a_trial_canceled_in_time_charges_nothing(gateway, thing):
    with at(START):
        subscription = subscribe(make_membership(trial_days=7))
        cancel_subscription(subscription=subscription, at_period_end=True)
    with at(START + timedelta(days=8)):
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.state == states.ENDED
        assert gateway.taken_minor == 0
        assert not thing.is_open()


def test_a_charge_that_is_not_the_price_grants_nothing_and_is_shown_to_staff(gateway, thing):
    with at(START):
        subscription = subscribe()
    gateway.__class__.extra_minor = 1
    with at(periods.after(START, "month") + timedelta(days=3)):
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert "29.01" in subscription.attention
        assert not renewals()
        assert not thing.is_open()


def test_a_reading_of_another_subscription_changes_nothing(gateway, thing):
    one, other = subscribe(), subscribe()
    reading = gateway.fetch_subscription(other.reference)
    before = Subscription.objects.values().get(pk=one.pk)
    with pytest.raises(PaymentMismatch):
        settle_subscription(subscription=one, reading=reading, source="webhook")
    assert Subscription.objects.values().get(pk=one.pk) == before


def test_while_the_gateway_is_down_nothing_changes_and_access_stays(gateway, thing):
    with at(START):
        subscription = subscribe()
    gateway.__class__.is_down = True
    with at(periods.after(START, "month") + timedelta(hours=12)):
        sweep_subscriptions()
        with pytest.raises(GatewayUnavailable):
            cancel_subscription(subscription=subscription, at_period_end=False)
        subscription.refresh_from_db()
        assert subscription.state == states.ACTIVE
        assert thing.is_open()
        gateway.__class__.is_down = False
        sweep_subscriptions()
        assert len(renewals()) == 1


def test_a_charge_after_the_end_is_booked_and_shown_to_staff(gateway, thing):
    with at(START):
        subscription = subscribe()
        cancel_subscription(subscription=subscription, at_period_end=False)
    kept = gateway.kept[subscription.reference]
    with at(periods.after(START, "month")):
        kept.status = "active"
        reading = gateway.fetch_subscription(subscription.reference)
        settle_subscription(subscription=subscription, reading=reading, source="webhook")
        subscription.refresh_from_db()
        assert subscription.state == states.ENDED
        assert "after the end" in subscription.attention
        assert len(renewals()) == 1
        assert audit_books()["ok"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "It renews on 28 February 2027 for €29.00 a month. You can cancel at any time."),
        (
            {"trial_days": 14},
            "Your trial runs until 14 February 2027, then it costs €29.00 a month.",
        ),
    ],
)
def test_the_receipt_says_what_is_charged_next(gateway, thing, fields, sentence):
    with at(START):
        subscription = subscribe(make_membership(**fields))
    row = OutboxEvent.objects.get(topic=mail.TOPIC, payload__subject__startswith="Your receipt")
    assert sentence in row.payload["text"]
    assert sentence in row.payload["html"]
    assert f"/subscriptions/{subscription.public_id}/" in row.payload["text"]


def test_every_mail_leads_to_the_subscription_and_the_order(gateway, thing):
    with at(START):
        subscription = subscribe()
    with at(periods.after(START, "month")):
        sweep_subscriptions()
    row = OutboxEvent.objects.filter(topic=mail.TOPIC).last()
    number = renewals()[0].number
    assert f"http://localhost:8000/orders/{number}/" in row.payload["text"]
    assert f"http://localhost:8000/subscriptions/{subscription.public_id}/" in row.payload["html"]
