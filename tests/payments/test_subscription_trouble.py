"""Subscriptions that go wrong: bought twice, tried twice for nothing, or impossible to look after."""

from datetime import UTC, datetime, timedelta

import pytest

from engineroom import clock, outbox
from engineroom.models import AuditEntry
from payments import gateways, periods, states
from payments.actions.changing import plan_change
from payments.actions.checkouts import open_checkout
from payments.actions.details import set_billing
from payments.actions.dunning import sweep_subscriptions
from payments.actions.ordering import place_order, start_payment
from payments.actions.previewing import preview_price
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.actions.steering import cancel_subscription, change_plan
from payments.models import Checkout, Coupon, Order, OrderKind, Subscription
from payments.queries.books import audit_books
from payments.queries.checkouts import lines_of, quote_of
from payments.queries.plans import LEEWAY
from payments.refusals import PriceChanged, SubscriptionOver
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer
from tests.factories.subscriptions import START, at, booked, make_membership, subscribe

pytestmark = pytest.mark.django_db


def after(months):
    return at(periods.after(START, "month", months) + timedelta(hours=1))


def buy_twice() -> list[Order]:
    """A guest, and the same person signed in elsewhere: both at the hosted page before either has
    paid."""
    offer, email = make_membership(), "m@example.com"
    payments = [
        start_payment(
            order=place_order(
                checkout=open_checkout(offer=offer, person=person), has_consented=True, email=email
            )
        )
        for person in (None, make_user(email=email))
    ]
    orders = []
    for payment in payments:
        gateways.current().pay(payment.reference)
        payment.refresh_from_db()
        orders.append(refresh_payment(payment, source="return"))
    for order in orders:
        order.refresh_from_db()
    return orders


def test_the_second_of_two_equal_memberships_is_ended_at_the_gateway(gateway, thing):
    with at(START):
        first, second = buy_twice()
        assert not first.attention
        assert second.state == states.PAID
        assert "running already" in second.attention
        twin = Subscription.objects.get(pk=second.subscription_id)
        assert (twin.state, twin.reference) == (states.ENDED, f"sub_{twin.public_id}")

        outbox.drain()

        assert gateway.kept[twin.reference].status == "ended"
    for month in (1, 2, 3):
        with after(month):
            for name in list(gateway.kept):
                gateway.bill(name)
            sweep_subscriptions()

    with after(3):
        assert gateway.taken_minor == booked() == 5 * 2900
        renewed = Order.objects.filter(kind=OrderKind.RENEWAL)
        assert set(renewed.values_list("subscription", flat=True)) == {first.subscription_id}
        refund_lines(
            order=second,
            amounts={second.lines.get().public_id: None},
            reason="Bought twice",
            key="twice",
        )
        second.refresh_from_db()
        assert second.state == states.REFUNDED
        assert thing.is_open()
        assert audit_books()["ok"]


def test_a_charge_made_before_the_second_membership_could_be_ended_is_booked(gateway, thing):
    with at(START):
        _first, second = buy_twice()
    gateway.kept[f"sub_{second.subscription.public_id}"].status = "active"
    with after(1):
        for name in list(gateway.kept):
            gateway.bill(name)
        outbox.drain()
        sweep_subscriptions()

        twin = Subscription.objects.get(pk=second.subscription_id)
        assert twin.state == states.ENDED
        assert "charged after the end" in twin.attention
        assert gateway.taken_minor == booked() == 4 * 2900
        assert audit_books()["ok"]


def test_staff_end_at_the_gateway_what_is_over_here(gateway, thing):
    with at(START):
        person, staff = make_user(), make_user(is_staff=True)
        subscription = subscribe(person=person)
        Subscription.objects.filter(pk=subscription.pk).update(state=states.INCOMPLETE)
        subscription.refresh_from_db()

        with pytest.raises(SubscriptionOver):
            cancel_subscription(subscription=subscription, at_period_end=False, actor=person)
        assert gateway.kept[subscription.reference].status == "active"

        cancel_subscription(subscription=subscription, at_period_end=True, actor=staff)

        assert gateway.kept[subscription.reference].status == "ended"
        entry = AuditEntry.objects.get(action="subscription.ended_at_gateway")
        assert entry.target == subscription.public_id


def test_what_the_gateway_never_knew_cannot_be_ended_there(gateway, thing):
    with at(START):
        subscription = subscribe()
        Subscription.objects.filter(pk=subscription.pk).update(state="incomplete", reference=None)
        subscription.refresh_from_db()

        with pytest.raises(SubscriptionOver):
            cancel_subscription(
                subscription=subscription, at_period_end=False, actor=make_user(is_staff=True)
            )


def test_one_that_fails_unexpectedly_holds_up_no_other(gateway, thing):
    with at(START):
        broken, sound = subscribe(), subscribe()
    gateway.kept[broken.reference].plan = None

    with after(1):
        sweep_subscriptions()
        sweep_subscriptions()

        assert list(
            Order.objects.filter(kind=OrderKind.RENEWAL).values_list("subscription", flat=True)
        ) == [sound.pk]
        broken.refresh_from_db()
        assert "AttributeError" in broken.attention
        assert broken.checked_at == clock.now()


BEFORE, BECAME = datetime(2025, 6, 20, tzinfo=UTC), datetime(2025, 7, 20, 0, 5, tzinfo=UTC)


def company_subscribes(settings) -> Subscription:
    """From Estonia, reverse charge, ten days before its rate rises from 22 % to 24 %."""
    settings.SELLER_COUNTRY = "DE"
    checkout = open_checkout(offer=make_membership(), person=make_user())
    set_billing(checkout=checkout, billing={"name": "Kask"}, country="EE", vat_id="EE100594102")
    checkout.refresh_from_db()
    payment = start_payment(order=place_order(checkout=checkout, has_consented=True))
    gateways.current().pay(payment.reference)
    payment.refresh_from_db()
    return Subscription.objects.get(pk=refresh_payment(payment, source="return").subscription_id)


def test_the_net_price_of_reverse_charge_stays_when_a_rate_rises(gateway, thing, settings):
    with at(BEFORE):
        subscription = company_subscribes(settings)
        assert subscription.amount_minor == 2377
    with at(BECAME):
        sweep_subscriptions()

        renewal = Order.objects.get(kind=OrderKind.RENEWAL)
        assert (renewal.total_minor, renewal.tax_minor, renewal.tax_kind) == (2377, 0, "reverse")
        subscription.refresh_from_db()
        assert not subscription.attention
        assert gateway.taken_minor == booked() == 2 * 2377


def test_a_charge_of_the_price_agreed_on_is_booked_whatever_it_costs_by_now(
    gateway, thing, settings
):
    with at(BEFORE):
        subscription = company_subscribes(settings)
        # Begun before the net price was kept with the terms.
        terms = {k: v for k, v in subscription.terms.items() if k != "reverse_rates"}
        Subscription.objects.filter(pk=subscription.pk).update(terms=terms)
    with at(BECAME):
        sweep_subscriptions()

        renewal = Order.objects.get(kind=OrderKind.RENEWAL)
        assert (renewal.state, renewal.total_minor) == (states.PAID, 2377)
        subscription.refresh_from_db()
        assert f"Order {renewal.number} has the price agreed on" in subscription.attention
        assert "23.39" in subscription.attention
        assert gateway.taken_minor == booked()
        assert audit_books()["ok"]
    with at(BECAME + timedelta(days=20)):
        assert thing.is_open()


def test_a_change_of_plan_keeps_the_net_price_of_its_day(gateway, thing, settings):
    with at(BEFORE):
        subscription = company_subscribes(settings)
    with at(datetime(2025, 7, 5, tzinfo=UTC)):
        bigger = make_membership(amount_minor=5800)
        change_plan(
            subscription=subscription,
            offer=bigger,
            expected_minor=plan_change(subscription, bigger).due_minor,
            actor=subscription.person,
        )
        subscription.refresh_from_db()
        assert subscription.amount_minor == 4677
        assert subscription.terms["reverse_rates"]["standard"] == 2400


def test_one_person_tries_a_membership_once(gateway, thing):
    person, offer = make_user(), make_membership(trial_days=14)
    with at(START):
        tried = subscribe(offer, person)
        assert tried.state == states.TRIALING
        cancel_subscription(subscription=tried, at_period_end=False, actor=person)
    with at(START + timedelta(days=1)):
        again = subscribe(offer, person)

        assert (again.state, again.trial_ends_at) == (states.ACTIVE, None)
        order = Order.objects.get(subscription=again)
        assert order.total_minor == gateway.taken_minor == booked() == 2900
        assert "no_trial" in [step["step"] for step in order.steps]
        assert gateway.intents[order.payments.get().reference].plan.trial_days == 0


def test_another_offer_of_what_was_tried_has_no_trial(gateway, thing):
    person, other = make_user(), make_user()
    with at(START):
        subscribe(make_membership(keys=["a", "b"], trial_days=14), person)
        same = make_membership(keys=["b", "c"], trial_days=7)
        lines = [(same, 1, None)]

        assert preview_price(lines=lines, person=person).total_minor == 2900
        assert preview_price(lines=lines, person=other).total_minor == 0
        assert preview_price(lines=lines).total_minor == 0
        fresh = [(make_membership(keys=["d"], trial_days=7), 1, None)]
        assert preview_price(lines=fresh, person=person).total_minor == 0


def test_the_checkout_of_a_trial_goes_on_saying_that_it_was_free(gateway, thing):
    with at(START):
        checkout = Order.objects.get(
            subscription=subscribe(make_membership(trial_days=14))
        ).checkout

        assert checkout.state == Checkout.State.FINISHED
        assert quote_of(checkout, lines_of(checkout)).total_minor == 0


def test_an_address_tries_a_membership_once(gateway, thing):
    offer, email = make_membership(trial_days=14), "guest@example.com"
    with at(START):
        payment = start_payment(
            order=place_order(checkout=open_checkout(offer=offer), has_consented=True, email=email)
        )
        gateway.pay(payment.reference)
        payment.refresh_from_db()
        refresh_payment(payment, source="return")
        checkout = open_checkout(offer=offer)

        # A guest is shown the trial until the address is known.
        with pytest.raises(PriceChanged, match="29.00"):
            place_order(checkout=checkout, has_consented=True, email=email, expected_minor=0)
        order = place_order(checkout=checkout, has_consented=True, email=email, expected_minor=2900)
        assert (order.total_minor, order.subscription.terms["trial_days"]) == (2900, 0)


def test_the_checkout_says_that_the_trial_was_had(gateway, thing, client):
    person, offer = make_user(), make_membership(trial_days=14)
    cancel_subscription(subscription=subscribe(offer, person), at_period_end=False)
    client.force_login(person)

    page = client.get(f"/buy/{offer.public_id}/", follow=True).content.decode()

    assert "No free days: you have had a trial" in page
    assert "14 free days" not in page
    assert "renews for €29.00 every month" in page


def test_a_membership_for_nothing_lasts_as_long_as_it_is_kept(gateway, thing):
    person = make_user()
    free = Coupon.objects.create(code="ALL", percent=10_000, duration="always")
    with at(START):
        subscription = subscribe(person=person, coupon=free)
        assert (subscription.state, subscription.amount_minor) == (states.ACTIVE, 0)
        assert set(thing.until.values()) == {subscription.period_ends_at + LEEWAY}
    with after(1):
        sweep_subscriptions()

        renewal = Order.objects.get(kind=OrderKind.RENEWAL)
        assert (renewal.state, renewal.total_minor) == (states.PAID, 0)
        assert thing.is_open()
        subscription.refresh_from_db()
        cancel_subscription(subscription=subscription, at_period_end=False, actor=person)

        assert not thing.is_open()
        assert gateway.taken_minor == booked() == 0
        assert audit_books()["ok"]


def test_what_a_coupon_pays_in_whole_parts_is_given_for_good(gateway, thing):
    free = Coupon.objects.create(code="ALL", percent=10_000, duration="always")
    with at(START):
        checkout = open_checkout(offer=make_offer(instalments=3), person=make_user())
        Checkout.objects.filter(pk=checkout.pk).update(coupon=free, in_instalments=True)
        checkout.refresh_from_db()
        order = place_order(checkout=checkout, has_consented=True)
        start_payment(order=order)

        order.refresh_from_db()
        assert (order.state, order.subscription) == (states.PAID, None)
        assert thing.until == {order.lines.get().public_id: None}
