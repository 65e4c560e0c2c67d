"""Stripe leaves a page open for half an hour at least: what is paid in it after an offer's end."""

from datetime import timedelta

import pytest

from engineroom import clock
from payments import states
from payments.actions.canceling import expire_overdue
from payments.actions.coupons import make_coupon
from payments.actions.details import set_coupon
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.models import Offer, Order, Payment
from payments.queries.books import audit_books
from payments.refusals import GatewayUnavailable
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer
from tests.factories.subscriptions import make_membership, open_for
from tests.payments.stripe_stand_in.world import StripeWorld

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(settings):
    with StripeWorld(settings) as world:
        yield world


def ending(**fields) -> Offer:
    """An offer that ends in five minutes."""
    return make_offer(title="Early bird", ends_at=clock.now() + 5 * MINUTE, **fields)


def started(offer: Offer) -> Payment:
    order = place_order(checkout=open_for(offer, make_user()), has_consented=True)
    return start_payment(order=order)


def closes(world, payment: Payment) -> timedelta:
    """How long Stripe leaves its page open from now."""
    session = world.stripe.session(payment.reference)
    return timedelta(seconds=session["expires_at"] - world.now().timestamp())


def paid_after(world, payment: Payment, wait: timedelta, card="good") -> Order:
    world.advance(world.now() + wait)
    world.post_form(payment.url, card)
    return refresh_payment(payment, source="return")


def test_stripe_closes_the_page_as_soon_after_the_end_as_it_can(world):
    """Half an hour, and a minute for the way there."""
    assert closes(world, started(ending())) == 31 * MINUTE
    assert closes(world, started(make_offer())) == 31 * MINUTE
    plan = make_membership(ends_at=clock.now() + 5 * MINUTE)
    assert closes(world, started(plan)) == 31 * MINUTE


def test_an_end_farther_away_is_the_pages_end(world):
    order = place_order(checkout=open_for(make_offer(), make_user()), has_consented=True)
    ends = clock.now() + timedelta(hours=3)
    Order.objects.filter(pk=order.pk).update(expires_at=ends)

    assert closes(world, start_payment(order=order)) == timedelta(hours=3)


def test_an_end_beyond_what_stripe_takes_is_left_to_stripe(world):
    order = place_order(checkout=open_for(make_offer(), make_user()), has_consented=True)
    ends = clock.now() + timedelta(days=14)
    Order.objects.filter(pk=order.pk).update(expires_at=ends)

    assert closes(world, start_payment(order=order)) == timedelta(days=1)


def test_in_a_school_that_is_ahead_of_the_world_the_end_is_told_in_the_worlds_time(world):
    clock.follow(lambda: timedelta(days=40))
    payment = started(ending())
    session = world.stripe.session(payment.reference)
    assert session["expires_at"] == (clock.real() + 31 * MINUTE).timestamp()

    world.advance(clock.real() + 6 * MINUTE)
    world.post_form(payment.url, "good")
    order = refresh_payment(payment, source="return")

    order.refresh_from_db()
    assert order.attention.startswith("Paid after the end of “Early bird”.")


def test_a_page_that_goes_by_a_test_clock_is_left_alone(world, settings):
    settings.STRIPE_TEST_CLOCK = "clock_1"

    assert closes(world, started(make_membership())) == timedelta(days=1)
    assert closes(world, started(make_offer())) == 31 * MINUTE


def test_what_is_paid_in_stripes_half_hour_is_given_and_put_before_staff(world, dummy):
    payment = started(ending())

    order = paid_after(world, payment, 6 * MINUTE)

    assert (order.state, dummy.count("deliver")) == (states.PAID, 1)
    order.refresh_from_db()
    assert order.attention == "Paid after the end of “Early bird”. Let it stand, or refund it."
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_bank_debit_given_after_the_end_is_put_before_staff_at_once(world):
    order = paid_after(world, started(ending()), 6 * MINUTE, card="debit")

    order.refresh_from_db()
    assert order.state == states.PROCESSING
    assert order.attention.startswith("Paid after the end of “Early bird”.")


def test_what_was_paid_in_time_and_heard_of_late_is_no_matter_for_staff(world):
    payment = started(ending())
    world.pay(payment)
    world.advance(world.now() + 20 * MINUTE)

    order = refresh_payment(payment, source="sweep")

    order.refresh_from_db()
    assert (order.state, order.attention) == (states.PAID, "")


def test_what_has_no_end_is_no_matter_for_staff_when_it_is_paid_in_the_last_minute(world):
    payment = started(make_offer())

    order = paid_after(world, payment, 30 * MINUTE + MINUTE / 2)

    order.refresh_from_db()
    assert (order.state, order.attention) == (states.PAID, "")


def test_a_coupon_that_ended_before_the_payment_is_named(world):
    make_coupon(code="SOON", kind="percent", percent=1000, ends_at=clock.now() + 5 * MINUTE)
    checkout = open_for(make_offer(), make_user())
    set_coupon(checkout=checkout, code="SOON")
    checkout.refresh_from_db()
    payment = start_payment(order=place_order(checkout=checkout, has_consented=True))

    order = paid_after(world, payment, 6 * MINUTE)

    order.refresh_from_db()
    assert order.attention.startswith("Paid after the end of coupon SOON.")


def test_the_worker_closes_stripes_page_with_the_order(world):
    payment = started(ending())
    world.advance(world.now() + 6 * MINUTE)

    assert expire_overdue() == 1
    world.post_form(payment.url, "good")

    order = refresh_payment(payment, source="return")
    assert order.state == states.EXPIRED
    assert world.stripe.session(payment.reference)["status"] == "expired"


def test_a_page_that_stripe_did_not_make_in_time_gets_a_later_end(world):
    """The end that was named first is too near by now, and the key is the same."""
    order = place_order(checkout=open_for(make_offer(), make_user()), has_consented=True)
    world.stripe.says = (500, {"type": "api_error"})
    with pytest.raises(GatewayUnavailable):
        start_payment(order=order)
    world.stripe.says = None
    world.advance(world.now() + 10 * MINUTE)

    payment = start_payment(order=order)

    assert Payment.objects.get() == payment
    assert closes(world, payment) == 31 * MINUTE
    assert len(world.stripe.memory.rows("checkout.session")) == 1


def test_a_page_whose_answer_was_lost_is_found_again_minutes_later(world):
    order = place_order(checkout=open_for(make_offer(), make_user()), has_consented=True)
    first = start_payment(order=order)
    Payment.objects.filter(pk=first.pk).update(reference=None, url="")
    world.advance(world.now() + 10 * MINUTE)

    again = start_payment(order=order)

    assert (again, again.reference) == (first, first.reference)
    assert len(world.stripe.memory.rows("checkout.session")) == 1
