"""Money through Stripe: our own pages and actions, the stand-in's page, and its signed post."""

import random
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from engineroom import outbox
from payments import periods, states
from payments.actions.disputes import refresh_disputes
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.steering import cancel_subscription, keep_subscription
from payments.gateways.base import Started
from payments.models import (
    Checkout,
    Dispute,
    GatewayEvent,
    Order,
    OrderKind,
    Payment,
    Subscription,
)
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer
from tests.factories.subscriptions import make_membership, open_for
from tests.payments.stripe_stand_in import money
from tests.payments.stripe_stand_in.world import START, StripeWorld
from tests.payments.test_pages import send

pytestmark = pytest.mark.django_db
DOOR = "/webhooks/stripe/"


@pytest.fixture
def world(settings):
    with StripeWorld(settings) as world:
        yield world


def knock(world, event, **how):
    body, signature = world.post(event, **how)
    headers = {"Stripe-Signature": signature}
    return Client().post(DOOR, body, content_type="application/json", headers=headers)


def deliver(world, events) -> None:
    """Post these, and send the mails that they lead to; nobody sweeps or tries again."""
    for event in events:
        assert knock(world, event).status_code == 200
    outbox.drain()


def begin(offer, person=None) -> tuple[Order, Started]:
    order = place_order(checkout=open_for(offer, person or make_user()), has_consented=True)
    payment = start_payment(order=order)
    return order, Started(reference=payment.reference, url=payment.url)


def bought(world, offer=None, card="good") -> tuple[Order, Started]:
    order, started = begin(offer or make_offer())
    world.pay(started, card)
    deliver(world, world.events())
    order.refresh_from_db()
    return order, started


def give_back(order, amount):
    line = order.lines.get()
    return refund_lines(order=order, amounts={line.public_id: amount}, reason="Asked", key="r1")


def test_a_guest_is_declined_then_pays_and_comes_back(world, dummy):
    client, offer = Client(), make_offer()
    client.get(offer.get_absolute_url(), follow=True)
    checkout = Checkout.objects.get()

    gone = send(client, checkout)
    leave = client.get(gone["Location"])
    payment = Payment.objects.get()
    declined = world.post_form(payment.url, "declined")
    back = client.get(reverse("payments:checkout-return", args=[checkout.public_id]))
    assert (declined[0], "declined" in declined[1]) == (200, True)
    assert back["Location"] == checkout.get_absolute_url()
    assert Order.objects.get().state == states.AWAITING
    assert dummy.count("deliver") == 0
    paid = world.post_form(payment.url, "good")
    receipt = client.get(
        reverse("payments:checkout-return", args=[checkout.public_id]), follow=True
    )
    deliver(world, world.events())

    assert leave["Refresh"] == f"0; url={payment.url}"
    assert payment.url.startswith(world.stripe.url)
    assert paid[0] == 303
    assert "Visa ending 4242" in receipt.content.decode()
    assert Order.objects.get().state == states.PAID
    assert dummy.count("deliver") == 1
    assert audit_books()["ok"]


def test_the_post_alone_settles_a_purchase_once(world, dummy):
    order, started = begin(make_offer())
    world.pay(started)
    events = world.events()

    deliver(world, events)
    again = [knock(world, event).json()["duplicate"] for event in events]

    order.refresh_from_db()
    assert order.state == states.PAID
    assert all(again)
    assert dummy.count("deliver") == 1
    assert GatewayEvent.objects.count() == len(events)
    assert not GatewayEvent.objects.exclude(error="").exists()
    assert audit_books()["ok"]


def test_a_forged_or_old_event_settles_nothing(world, dummy):
    order, started = begin(make_offer())
    world.pay(started)

    for event in world.events():
        for how in ({"secret": "whsec_another"}, {"age": 301}, {"age": -400}):
            assert 400 <= knock(world, event, **how).status_code < 500

    order.refresh_from_db()
    assert order.state == states.AWAITING
    assert not GatewayEvent.objects.exists()
    assert dummy.count("deliver") == 0


def test_a_refund_goes_back_at_stripe_once(world, dummy):
    order, started = bought(world)

    give_back(order, None)
    give_back(order, None)
    deliver(world, world.events())

    order.refresh_from_db()
    assert order.state == states.REFUNDED
    assert world.gateway.fetch(started.reference).refunded_minor == 4900
    assert dummy.count("withdraw") == 1
    assert audit_books()["ok"]


@pytest.mark.parametrize("is_won", [True, False])
def test_a_dispute_is_noted_and_decided(world, dummy, is_won):
    order, started = bought(world)

    name = world.dispute(started)
    deliver(world, world.events())
    opened = Dispute.objects.get().state
    world.decide(name, is_won=is_won)
    deliver(world, world.events())

    dispute = Dispute.objects.get()
    assert (opened, dispute.state) == ("open", "won" if is_won else "lost")
    assert dispute.amount_minor == 4900
    assert audit_books()["ok"]


def test_a_membership_begins_renews_is_canceled_kept_and_ends(world, thing):
    order, _ = bought(world, make_membership())
    subscription = order.subscription
    assert subscription.state == states.ACTIVE
    start = world.now()
    for month in (1, 2, 3):
        world.advance(periods.after(start, "month", month) + timedelta(minutes=1))
        deliver(world, world.events())
        assert Order.objects.filter(kind=OrderKind.RENEWAL).count() == month
        assert thing.is_open()
    subscription.refresh_from_db()
    cancel_subscription(subscription=subscription, at_period_end=True)
    subscription.refresh_from_db()
    keep_subscription(subscription=subscription)
    subscription.refresh_from_db()
    cancel_subscription(subscription=subscription, at_period_end=True)
    world.advance(periods.after(start, "month", 4) + timedelta(minutes=1))
    deliver(world, world.events())

    subscription.refresh_from_db()
    assert (subscription.state, subscription.attention) == (states.ENDED, "")
    paid = Payment.objects.filter(state=states.CAPTURED)
    assert [one.amount_minor for one in paid] == [2900] * 4
    assert not GatewayEvent.objects.exclude(error="").exists()
    assert audit_books()["ok"]


def renewal_of(world, started) -> Started:
    """The second period's payment, as Stripe names it."""
    name = world.gateway.fetch(started.reference).subscription
    charge = world.gateway.fetch_subscription(name).charges[1]
    return Started(reference=charge.reference, url="")


def end_of(seed, world) -> None:
    """Everything happens at Stripe first; its post comes later, shuffled and twice."""
    _, one = begin(make_offer())
    _, two = begin(make_membership())
    world.pay(one)
    world.pay(two)
    world.dispute(one)
    world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
    if seed % 2:
        world.dispute(renewal_of(world, two))
    events = world.events() * 2
    if seed:
        random.Random(seed).shuffle(events)  # noqa: S311 - a repeatable shuffle
    deliver(world, events)


@pytest.mark.parametrize("seed", range(8))
def test_in_whatever_order_the_post_comes_it_ends_alike(world, thing, seed):
    """At the first delivery of each event: nobody tries again, nobody sweeps."""
    end_of(seed, world)

    orders = Order.objects.values_list("kind", "state", "total_minor")
    assert sorted(orders) == [
        ("purchase", states.DISPUTED, 4900),
        ("purchase", states.PAID, 2900),
        ("renewal", states.DISPUTED if seed % 2 else states.PAID, 2900),
    ]
    captured = Payment.objects.filter(state=states.CAPTURED)
    assert sorted(captured.values_list("amount_minor", flat=True)) == [2900, 2900, 4900]
    assert set(Dispute.objects.values_list("state", flat=True)) == {"open"}
    subscription = Subscription.objects.get()
    assert (subscription.state, subscription.periods_paid) == (states.ACTIVE, 2)
    assert subscription.period_starts_at == periods.after(START, "month")
    assert subscription.attention == ""
    assert thing.count("deliver") == 2
    assert thing.is_open()
    assert set(GatewayEvent.objects.values_list("attempts", "error")) == {(1, "")}
    assert audit_books()["ok"]


def test_a_dispute_that_nobody_told_of_is_found(world, dummy):
    order, started = bought(world)
    world.dispute(started)
    world.events()

    counts = [refresh_disputes() for _ in range(2)]
    outbox.drain()

    order.refresh_from_db()
    assert order.state == states.DISPUTED
    assert Dispute.objects.get().amount_minor == 4900
    assert counts == [2, 1]  # found and looked at; then looked at
    assert len([one for one in mail.outbox if "isput" in one.subject]) == 1
    assert audit_books()["ok"]


def test_a_dispute_of_a_period_that_nobody_told_of_is_found(world, thing):
    _, started = begin(make_membership())
    world.pay(started)
    world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
    world.dispute(renewal_of(world, started))
    world.events()

    refresh_disputes()

    orders = Order.objects.values_list("kind", "state")
    assert sorted(orders) == [("purchase", states.PAID), ("renewal", states.DISPUTED)]
    assert audit_books()["ok"]


def test_disputes_of_other_shops_of_the_account_are_left_alone(world, dummy):
    bought(world)
    elsewhere = money.make_intent(world.stripe.memory, 700, "eur")
    money.capture(world.stripe.memory, elsewhere, money.make_card(world.stripe.memory, None))
    world.dispute(Started(reference=elsewhere["id"], url=""))

    assert refresh_disputes() == 0
    assert not Dispute.objects.exists()
    assert Order.objects.get().attention == ""
