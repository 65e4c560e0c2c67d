"""How long an order waits for its payment: a visit, and never longer than what it was made of."""

from datetime import timedelta

import pytest

from engineroom import clock
from payments import states
from payments.actions.canceling import expire_overdue
from payments.actions.checkouts import open_checkout
from payments.actions.coupons import make_coupon
from payments.actions.details import set_coupon
from payments.actions.holding import HOLD_LASTS
from payments.actions.ordering import place_order, start_payment
from payments.gateways import simulator
from payments.models import Checkout, Coupon, Offer, Order
from payments.refusals import OfferClosed, SimulatorClosed
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer, pay

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def placed(offer: Offer, person=None) -> Order:
    checkout = open_checkout(offer=offer, person=person or make_user())
    return place_order(checkout=checkout, has_consented=True)


def test_an_order_waits_as_long_as_a_visit_takes():
    with clock.stopped_at(clock.now()):
        assert placed(make_offer()).expires_at == clock.now() + HOLD_LASTS


def test_an_order_of_a_limited_offer_ends_with_it_and_so_does_its_page():
    ends = clock.now() + 5 * MINUTE
    payment = start_payment(order=placed(make_offer(ends_at=ends)))
    assert payment.order.expires_at == ends

    with clock.moved_by(6 * MINUTE):
        assert expire_overdue() == 1
        with pytest.raises(SimulatorClosed):
            simulator.pay(payment.reference, outcome="success")
        with pytest.raises(OfferClosed):
            place_order(checkout=payment.order.checkout, has_consented=True)


def test_an_order_ends_with_its_coupon():
    ends = clock.now() + 7 * MINUTE
    make_coupon(code="SOON", kind=Coupon.Kind.PERCENT, percent=1000, ends_at=ends)
    checkout = open_checkout(offer=make_offer(), person=make_user())
    set_coupon(checkout=checkout, code="SOON")
    checkout.refresh_from_db()

    assert place_order(checkout=checkout, has_consented=True).expires_at == ends


def test_an_order_ends_with_its_checkout():
    checkout = open_checkout(offer=make_offer(), person=make_user())
    Checkout.objects.filter(pk=checkout.pk).update(expires_at=clock.now() + 3 * MINUTE)
    checkout.refresh_from_db()

    order = place_order(checkout=checkout, has_consented=True)

    assert order.expires_at == checkout.expires_at


def test_an_unpaid_order_holds_the_last_piece_for_a_visit_only():
    offer = make_offer(most_sold=1)
    first = placed(offer)

    with clock.moved_by(HOLD_LASTS + MINUTE):
        expire_overdue()
        assert placed(offer).state == states.AWAITING
    first.refresh_from_db()
    assert first.state == states.EXPIRED


def test_who_comes_back_in_time_goes_on_with_the_same_order_for_longer():
    order = placed(make_offer())

    with clock.moved_by(20 * MINUTE):
        again = place_order(checkout=order.checkout, has_consented=True)
        order.refresh_from_db()
        assert again == order
        assert order.expires_at > clock.now() + HOLD_LASTS - MINUTE


def test_who_comes_back_later_orders_anew_from_the_same_checkout():
    order = placed(make_offer())

    with clock.moved_by(HOLD_LASTS + MINUTE):
        expire_overdue()
        again = place_order(checkout=order.checkout, has_consented=True)
        assert again != order
        assert pay(start_payment(order=again)).state == states.PAID


def test_a_bank_transfer_keeps_its_days(settings):
    settings.OFFLINE_PAYMENT = True
    settings.OFFLINE_IBAN = "DE02120300000000202051"
    settings.OFFLINE_ACCOUNT_HOLDER = "Lectern School"
    order = placed(make_offer(ends_at=clock.now() + 5 * MINUTE))
    start_payment(order=order, gateway="offline")

    with clock.moved_by(timedelta(days=13)):
        assert expire_overdue() == 0
        order.refresh_from_db()
        assert order.state == states.AWAITING
