"""Memberships and instalments as learning gives them: grants that end with what is paid."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.actions.topics import delete_topic, save_topic
from catalog.models import Topic
from catalog.refusals import StillUsed
from engineroom import clock
from learning.actions import end_grant, give_grant
from learning.models import Grant
from learning.queries.access import may_open
from learning.refusals import AlreadyOwned, NoSuchMembership
from learning.sellables import MembershipSellable
from payments import gateways, periods, states
from payments.actions.changing import plan_change
from payments.actions.checkouts import open_checkout
from payments.actions.dunning import sweep_subscriptions
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.actions.steering import cancel_subscription, change_plan
from payments.models import Checkout, Offer, OfferItem, Order, OrderKind, Subscription
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.learning import grant_course, make_course, make_topic
from tests.factories.subscriptions import use_fake_gateway

pytestmark = pytest.mark.django_db
START = datetime(2027, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def gateway(settings):
    return use_fake_gateway(settings)


def at(moment):
    return clock.stopped_at(moment)


def sell(key="school", kind="membership", **fields) -> Offer:
    fields = {"title": f"{kind} {key}", "amount_minor": 2900, "currency": "EUR"} | fields
    if kind == "membership":
        fields.setdefault("period", "month")
    offer = Offer.objects.create(**fields)
    OfferItem.objects.create(offer=offer, kind=kind, key=key)
    return offer


def buy(offer, person, *, in_instalments=False) -> Order:
    checkout = open_checkout(offer=offer, person=person)
    Checkout.objects.filter(pk=checkout.pk).update(in_instalments=in_instalments)
    checkout.refresh_from_db()
    payment = start_payment(order=place_order(checkout=checkout, has_consented=True))
    gateways.current().pay(payment.reference)
    payment.refresh_from_db()
    return refresh_payment(payment, source="return")


def test_the_school_opens_every_course_and_a_topic_its_own(gateway):
    with at(START):
        topic = make_topic()
        inside, outside = make_course(), make_course()
        inside.topics.add(topic)
        all_in, one_topic = make_user(), make_user()
        buy(sell(), all_in)
        buy(sell(f"topic:{topic.slug}"), one_topic)

        assert may_open(all_in, inside)
        assert may_open(all_in, outside)
        assert may_open(one_topic, inside)
        assert not may_open(one_topic, outside)


def test_access_follows_what_is_paid(gateway):
    with at(START):
        person, course = make_user(), make_course()
        buy(sell(), person)
        subscription = Subscription.objects.get()
    with at(periods.after(START, "month") + timedelta(hours=3)):
        assert may_open(person, course)
        sweep_subscriptions()
        assert Grant.objects.filter(person=person).count() == 2
    gateway.kept[subscription.reference].card = "bad"
    second = periods.after(START, "month", 2)
    with at(second):
        sweep_subscriptions()
    with at(second + timedelta(days=13, hours=23)):
        assert may_open(person, course)
    with at(second + timedelta(days=14, minutes=1)):
        assert not may_open(person, course)
        sweep_subscriptions()
        subscription.refresh_from_db()
        assert subscription.state == states.ENDED
        assert not may_open(person, course)


def test_a_refund_ends_exactly_that_period(gateway):
    with at(START):
        person, course = make_user(), make_course()
        first = buy(sell(), person)
    with at(periods.after(START, "month")):
        sweep_subscriptions()
        renewal = Order.objects.get(kind=OrderKind.RENEWAL)

        def send_back(order):
            amounts = {order.lines.get().public_id: None}
            refund_lines(order=order, amounts=amounts, reason="x", key=order.number)

        send_back(first)
        assert may_open(person, course)
        send_back(renewal)
        assert not may_open(person, course)
        sweep_subscriptions()
        assert not may_open(person, course)
        assert audit_books()["ok"]
    with at(periods.after(START, "month", 2)):
        sweep_subscriptions()
        assert may_open(person, course)


def test_canceling_leaves_what_other_sources_gave(gateway):
    with at(START):
        person, bought, other = make_user(), make_course(), make_course()
        grant_course(person, bought)
        buy(sell(), person)
        cancel_subscription(subscription=Subscription.objects.get(), at_period_end=False)
        assert may_open(person, bought)
        assert not may_open(person, other)


def test_a_smaller_plan_opens_less_from_the_change_on(gateway):
    with at(START):
        person, topic = make_user(), make_topic()
        inside, outside = make_course(), make_course()
        inside.topics.add(topic)
        buy(sell(), person)
        smaller = sell(f"topic:{topic.slug}", amount_minor=900)
        subscription = Subscription.objects.select_related("person", "offer").get()
        due = plan_change(subscription, smaller).due_minor
        change_plan(subscription=subscription, offer=smaller, expected_minor=due)
    with at(START + timedelta(seconds=1)):
        assert may_open(person, inside)
        assert not may_open(person, outside)


def test_what_cannot_be_sold_is_refused(gateway):
    thing, person = MembershipSellable(), make_user()
    with pytest.raises(NoSuchMembership):
        thing.describe("topic:nothing")
    with pytest.raises(NoSuchMembership):
        thing.describe("topic:\0")
    buy(sell(), person)
    with pytest.raises(AlreadyOwned):
        thing.refuse(person, "school", 1)
    course = make_course()
    thing_to_keep = sell(course.slug, "course")
    assert open_checkout(offer=thing_to_keep, person=person).lines.count() == 1


def test_the_address_of_a_topic_may_change(gateway):
    from catalog.models import SlugRedirect

    with at(START):
        person, topic, course = make_user(), make_topic(), make_course()
        course.topics.add(topic)
        buy(sell(f"topic:{topic.slug}"), person)
        SlugRedirect.objects.create(kind="topic", old_slug=topic.slug, new_slug="moved-here")
        topic.slug = "moved-here"
        topic.save()
    with at(periods.after(START, "month") + timedelta(days=5)):
        sweep_subscriptions()
        assert may_open(person, course)
        assert not Order.objects.exclude(attention="").exists()


def test_a_topic_that_is_gone_stops_no_renewal(gateway):
    with at(START):
        topic, course = make_topic(), make_course()
        lost, other = make_user(), make_user()
        buy(sell(f"topic:{topic.slug}"), lost)
        buy(sell(), other)
    # Not by the school's own action, which refuses it.
    topic.delete()

    with at(periods.after(START, "month") + timedelta(hours=1)):
        sweep_subscriptions()
        sweep_subscriptions()

        assert Order.objects.filter(kind=OrderKind.RENEWAL, person=other).count() == 1
        assert may_open(other, course)
        booked = Order.objects.get(kind=OrderKind.RENEWAL, person=lost)
        assert booked.state == states.PAID
        assert "not delivered" in booked.attention
        assert "cannot be given" in Subscription.objects.get(person=lost).attention
        assert gateway.taken_minor == 4 * 2900
        assert audit_books()["ok"]


def test_the_last_period_of_a_topic_that_is_gone_still_ends(gateway):
    with at(START):
        topic, person = make_topic(), make_user()
        buy(sell(f"topic:{topic.slug}"), person)
        subscription = Subscription.objects.get()
    topic.delete()

    with at(START + timedelta(days=3)):
        cancel_subscription(subscription=subscription, at_period_end=False, actor=person)

        assert not Grant.objects.valid().of(person).exists()
        subscription.refresh_from_db()
        assert subscription.state == states.ENDED
        assert not subscription.attention


def test_a_topic_that_is_sold_or_held_cannot_be_deleted(gateway):
    with at(START):
        topic, person, staff = make_topic(), make_user(), make_user(is_staff=True)
        offer = sell(f"topic:{topic.slug}")
        with pytest.raises(StillUsed, match="offer"):
            delete_topic(topic=topic, actor=staff)

        buy(offer, person)
        Offer.objects.filter(pk=offer.pk).update(is_active=False)
        # Sold under its old address, and running.
        topic.slug = "moved-away"
        save_topic(topic=topic, actor=staff)
        with pytest.raises(StillUsed, match="subscription"):
            delete_topic(topic=topic, actor=staff)

        subscription = Subscription.objects.get()
        cancel_subscription(subscription=subscription, at_period_end=False, actor=person)
        held = give_grant(person=person, scope="topic", scope_key=topic.public_id)
        with pytest.raises(StillUsed, match="study"):
            delete_topic(topic=topic, actor=staff)
        assert Topic.objects.filter(pk=topic.pk).exists()

        end_grant(source=held.source, source_key=held.source_key)
        delete_topic(topic=topic, actor=staff)
        assert not Topic.objects.filter(pk=topic.pk).exists()
