"""Counters that somebody has corrupted: each is named by verify_books, repaired, and audited."""

from datetime import timedelta

import pytest

from engineroom import clock
from engineroom.models import AuditEntry
from payments import states
from payments.actions.canceling import cancel_order, expire_overdue
from payments.actions.checkouts import add_line, open_checkout
from payments.actions.coupons import make_coupon
from payments.actions.details import set_coupon
from payments.actions.offers import change_offer
from payments.actions.ordering import place_order, start_payment
from payments.actions.selfcheck import check_everything, repair_finding
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.models import Coupon, Finding, Offer, Order, Subscription
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, make_offer, make_order, make_paid_order, pay
from tests.factories.subscriptions import make_subscription

pytestmark = pytest.mark.django_db


def too_many_sold():
    offer = make_paid_order().lines.get().offer
    Offer.objects.filter(pk=offer.pk).update(sold=7)
    return offer, "sold", 1


def too_few_sold():
    offer = make_order().lines.get().offer
    Offer.objects.filter(pk=offer.pk).update(sold=0)
    return offer, "sold", 1


def sold_by_an_order_that_ran_out():
    order = make_order()
    Order.objects.filter(pk=order.pk).update(state=states.EXPIRED)
    return order.lines.get().offer, "sold", 0


def a_coupon_used_more():
    coupon = make_coupon(code="TEN", kind="percent", percent=1000)
    checkout = make_checkout(person=make_user())
    set_coupon(checkout=checkout, code="TEN")
    pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))
    Coupon.objects.filter(pk=coupon.pk).update(uses=5)
    return coupon, "uses", 1


def a_period_too_many():
    subscription = make_subscription()
    Subscription.objects.filter(pk=subscription.pk).update(periods_paid=4)
    return subscription, "periods_paid", 1


def a_period_that_runs_too_long():
    subscription = make_subscription()
    end = subscription.period_ends_at
    Subscription.objects.filter(pk=subscription.pk).update(period_ends_at=end + timedelta(days=90))
    return subscription, "period_ends_at", end


CORRUPTIONS = [
    too_many_sold,
    too_few_sold,
    sold_by_an_order_that_ran_out,
    a_coupon_used_more,
    a_period_too_many,
    a_period_that_runs_too_long,
]


@pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda work: work.__name__)
def test_a_wrong_counter_is_named_counted_again_and_audited(corrupt):
    row, column, right = corrupt()
    staff = make_user(is_staff=True)

    assert not audit_books()["ok"]
    check_everything()
    finding = Finding.objects.get()
    assert finding.kind == "unbalanced_books"
    repair_finding(finding=finding, actor=staff)

    row.refresh_from_db()
    assert getattr(row, column) == right
    assert audit_books()["ok"], audit_books()["problems"]
    entry = AuditEntry.objects.get(action="books.recounted")
    assert (entry.actor, entry.target) == (staff, finding.subject)


def test_sound_counters_are_sound_through_a_whole_life():
    """Bundles, quantities, refunds, expiry: the check must not cry wolf."""
    make_paid_order(keys=["one", "two"])
    order = make_order()
    with clock.moved_by(timedelta(days=3)):
        expire_overdue()
        assert audit_books()["ok"], audit_books()["problems"]
    assert Order.objects.get(pk=order.pk).state == states.EXPIRED
    make_subscription()
    assert audit_books()["ok"], audit_books()["problems"]


def test_more_paid_late_than_there_were_is_for_staff_and_no_wrong_counter():
    offer = make_offer(most_sold=1)
    late = place_order(
        checkout=open_checkout(offer=offer), has_consented=True, email="late@example.com"
    )
    payment = start_payment(order=late)
    Order.objects.filter(pk=late.pk).update(state=states.EXPIRED)
    Offer.objects.filter(pk=offer.pk).update(sold=0)
    checkout = open_checkout(offer=offer)
    pay(start_payment(order=place_order(checkout=checkout, has_consented=True, email="b@x.org")))

    pay(payment)

    offer.refresh_from_db()
    assert offer.sold == 1
    assert "sold out" in Order.objects.get(pk=late.pk).attention
    assert audit_books()["ok"], audit_books()["problems"]


def late_order(*offers):
    """An order that was canceled while its buyer paid, and the payment the school has not heard of."""
    checkout = open_checkout(offer=offers[0])
    for offer in offers[1:]:
        add_line(checkout=checkout, offer=offer)
    order = place_order(checkout=checkout, has_consented=True, email="late@example.com")
    payment = start_payment(order=order)
    simulator.pay(payment.reference, outcome="success", fault="lost")
    cancel_order(order=order, reason="Changed their mind.")
    return order, payment


def sell(offer, email):
    order = place_order(checkout=open_checkout(offer=offer), has_consented=True, email=email)
    return start_payment(order=order)


def test_money_that_comes_late_counts_what_is_not_sold_out_beside_what_is():
    scarce, plenty = make_offer(most_sold=1), make_offer()
    order, payment = late_order(scarce, plenty)
    pay(sell(scarce, "b@example.com"))

    refresh_payment(payment, source="late")

    scarce.refresh_from_db()
    plenty.refresh_from_db()
    assert (scarce.sold, plenty.sold) == (1, 1)
    assert "sold out" in Order.objects.get(pk=order.pk).attention
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_piece_given_back_where_late_money_paid_for_one_too_many_stays_sold():
    scarce = make_offer(most_sold=1)
    _, payment = late_order(scarce)
    second = sell(scarce, "b@example.com")
    refresh_payment(payment, source="late")

    cancel_order(order=second.order, reason="Changed their mind.")

    scarce.refresh_from_db()
    assert scarce.is_gone
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_wider_limit_counts_what_was_paid_beyond_the_old_one():
    scarce = make_offer(most_sold=1)
    _, payment = late_order(scarce)
    pay(sell(scarce, "b@example.com"))
    refresh_payment(payment, source="late")

    changed = change_offer(offer=scarce, most_sold=None)

    changed.refresh_from_db()
    assert changed.sold == 2
    assert audit_books()["ok"], audit_books()["problems"]


def test_called_paid_in_full_too_early_needs_a_person():
    subscription = make_subscription()
    Subscription.objects.filter(pk=subscription.pk).update(
        state=states.COMPLETED, kind="instalments", periods_total=3
    )

    check_everything()

    finding = Finding.objects.get(subject=f"subscription {subscription.public_id}")
    assert "with 1 of 3" in finding.detail
    assert finding.data["repair"] == ""
