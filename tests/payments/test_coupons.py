"""Codes at the till: what they take off, for whom, how often, and what happens when nobody pays."""

from datetime import timedelta

import pytest

from engineroom import clock, outbox
from engineroom.models import AuditEntry
from payments import states
from payments.actions.canceling import cancel_order
from payments.actions.checkouts import open_checkout
from payments.actions.coupons import (
    change_coupon,
    close_coupon_batch,
    make_coupon,
    make_coupon_batch,
)
from payments.actions.details import set_coupon
from payments.actions.ordering import place_order, start_payment
from payments.models import Coupon, CouponUse, LedgerEntry, Order
from payments.queries.books import audit_books
from payments.queries.checkouts import lines_of, quote_of
from payments.refusals import (
    CouponClosed,
    CouponNotForThis,
    CouponNotValid,
    CouponUnknown,
    CouponUsedUp,
)
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, make_offer, pay

pytestmark = pytest.mark.django_db


def a_coupon(**fields):
    fields.setdefault("code", "PAPER20")
    fields.setdefault("kind", "percent")
    if fields["kind"] == "percent":
        fields.setdefault("percent", 2000)
    return make_coupon(**fields)


def ordered(checkout, email="guest@example.com"):
    return place_order(checkout=checkout, has_consented=True, email=email)


def test_a_code_takes_off_its_percents_and_is_counted_with_the_order():
    coupon, checkout = a_coupon(), make_checkout(amount_minor=4900)

    set_coupon(checkout=checkout, code=" paper20 ")
    checkout.refresh_from_db()
    quote = quote_of(checkout, lines_of(checkout))
    assert (quote.total_minor, quote.discount_minor) == (3920, 980)
    coupon.refresh_from_db()
    assert coupon.uses == 0

    order = ordered(checkout)
    coupon.refresh_from_db()
    assert (order.total_minor, order.discount_minor, order.coupon_code) == (3920, 980, "PAPER20")
    assert coupon.uses == 1
    use = CouponUse.objects.get()
    assert (use.order, use.discount_minor, use.released_at) == (order, 980, None)
    assert pay(start_payment(order=order)).state == states.PAID
    assert audit_books()["ok"]


def test_an_order_that_is_not_paid_gives_its_use_back_once():
    coupon, checkout = a_coupon(most_uses=1), make_checkout()
    set_coupon(checkout=checkout, code="PAPER20")
    order = ordered(checkout)

    assert cancel_order(order=order, reason="test")
    assert not cancel_order(order=order, reason="test")

    coupon.refresh_from_db()
    assert coupon.uses == 0
    assert CouponUse.objects.get().released_at
    again = make_checkout()
    set_coupon(checkout=again, code="PAPER20")
    assert ordered(again).coupon == coupon


def test_a_code_taken_out_of_the_checkout_is_free_again():
    coupon, checkout = a_coupon(most_uses=1), make_checkout()
    set_coupon(checkout=checkout, code="PAPER20")
    first = ordered(checkout)
    set_coupon(checkout=checkout, code="PAPER20")
    first.refresh_from_db()
    assert first.state == states.AWAITING

    set_coupon(checkout=checkout, code="")

    coupon.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, coupon.uses) == (states.CANCELED, 0)
    assert ordered(checkout).discount_minor == 0


def test_money_that_comes_late_takes_the_use_again_or_staff_hear_of_it():
    a_coupon(most_uses=1)
    checkout = make_checkout()
    set_coupon(checkout=checkout, code="PAPER20")
    payment = start_payment(order=ordered(checkout))
    cancel_order(order=payment.order, reason="test")
    other = make_checkout()
    set_coupon(checkout=other, code="PAPER20")
    ordered(other, "other@example.com")

    order = pay(payment)

    order.refresh_from_db()
    assert order.state == states.PAID
    assert "used as often as it can be" in order.attention
    assert Coupon.objects.get().uses == 1


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("NOSUCH", CouponUnknown), ("'; --", CouponUnknown), ("\x00", CouponUnknown)],
)
def test_what_is_no_code_is_refused_beside_the_field(code, refusal):
    checkout = make_checkout()

    with pytest.raises(refusal) as refused:
        set_coupon(checkout=checkout, code=code)

    assert refused.value.field == "coupon"
    checkout.refresh_from_db()
    assert checkout.coupon is None


def test_a_code_out_of_its_time_ended_or_for_something_else_is_refused():
    other = make_offer()
    now = clock.now()
    a_coupon(code="EARLY", starts_at=now + timedelta(hours=1))
    a_coupon(code="LATE", ends_at=now - timedelta(seconds=1))
    a_coupon(code="ENDED", is_active=False)
    a_coupon(code="OTHER", offers=[other])
    a_coupon(code="DOLLARS", kind="fixed", amount_minor=500, currency="USD")
    checkout = make_checkout()

    for code, refusal in {
        "EARLY": CouponClosed,
        "LATE": CouponClosed,
        "ENDED": CouponClosed,
        "OTHER": CouponNotForThis,
        "DOLLARS": CouponNotForThis,
    }.items():
        with pytest.raises(refusal):
            set_coupon(checkout=checkout, code=code)
    assert quote_of(checkout, lines_of(checkout)).discount_minor == 0


def test_a_code_that_ends_in_an_open_checkout_is_not_ordered_with():
    coupon, checkout = a_coupon(), make_checkout()
    set_coupon(checkout=checkout, code="PAPER20")
    change_coupon(coupon=coupon, is_active=False)
    checkout.refresh_from_db()

    with pytest.raises(CouponClosed):
        ordered(checkout)

    assert not Order.objects.exists()
    set_coupon(checkout=checkout, code="")
    assert ordered(checkout).discount_minor == 0


def test_the_limit_a_person_holds_for_guests_and_accounts_alike():
    a_coupon(most_per_person=1)
    person = make_user()
    mine = open_checkout(offer=make_offer(), person=person)
    set_coupon(checkout=mine, code="PAPER20")
    ordered(mine)
    guest = make_checkout()
    set_coupon(checkout=guest, code="PAPER20")

    with pytest.raises(CouponUsedUp):
        ordered(guest, person.email.upper())

    assert Coupon.objects.get().uses == 1
    assert ordered(guest, "somebody@example.com").coupon_code == "PAPER20"


def test_a_code_for_all_of_it_is_paid_without_a_gateway(dummy):
    a_coupon(code="FREE", percent=10_000)
    checkout = make_checkout()
    set_coupon(checkout=checkout, code="FREE")
    order = ordered(checkout)
    assert order.total_minor == 0

    payment = start_payment(order=order)
    again = start_payment(order=order)

    order.refresh_from_db()
    assert payment.pk == again.pk
    assert (order.state, payment.gateway, payment.amount_minor) == (states.PAID, "free", 0)
    assert payment.url.endswith(f"{checkout.get_absolute_url()}return/")
    assert dummy.count("deliver") == 1
    assert not LedgerEntry.objects.exists()
    assert audit_books()["ok"]
    assert AuditEntry.objects.filter(action="order.paid", data__source="free").exists()


def test_the_receipt_of_a_free_order_says_that_nothing_was_to_pay(mailoutbox):
    a_coupon(code="FREE", percent=10_000)
    checkout = make_checkout()
    set_coupon(checkout=checkout, code="FREE")
    start_payment(order=ordered(checkout))
    outbox.drain()

    text = next(one.body for one in mailoutbox if "Total:" in one.body)
    assert "Nothing was to pay" in text
    assert "FREE" in text


def test_codes_in_bulk_differ_and_are_good_for_one_order_each():
    offer = make_offer()
    batch = make_coupon_batch(
        title="Spring", count=250, kind="percent", percent=5000, offers=[offer]
    )
    codes = list(batch.coupons.values_list("code", flat=True))
    assert len(set(codes)) == 250
    assert {len(code) for code in codes} == {12}
    first = open_checkout(offer=offer)
    set_coupon(checkout=first, code=codes[0])
    ordered(first)

    second = open_checkout(offer=offer)
    with pytest.raises(CouponUsedUp):
        set_coupon(checkout=second, code=codes[0])

    assert close_coupon_batch(batch=batch) == 249


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"percent": 0}, "percent"),
        ({"percent": 10_001}, "percent"),
        ({"kind": "fixed", "amount_minor": 0, "currency": "EUR"}, "amount"),
        ({"kind": "fixed", "amount_minor": 100, "currency": "XXX"}, "currency"),
        ({"code": "a b"}, "code"),
        ({"most_uses": 0}, "most_uses"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused_with_its_field(fields, field):
    with pytest.raises(CouponNotValid) as refused:
        a_coupon(**fields)

    assert refused.value.field == field
    assert not Coupon.objects.exists()


def test_a_code_is_there_once():
    a_coupon()
    with pytest.raises(CouponNotValid):
        a_coupon(code="paper20")


def test_a_batch_has_between_one_and_ten_thousand_codes():
    for count in (0, 10_001):
        with pytest.raises(CouponNotValid):
            make_coupon_batch(title="Many", count=count, kind="percent", percent=100)
