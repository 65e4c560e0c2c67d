"""One order has no thing twice, however many offers give it."""

import pytest

from payments import sellables
from payments.actions.checkouts import add_line, open_checkout
from payments.actions.giving import set_gift
from payments.actions.ordering import place_order
from payments.actions.previewing import preview_price
from payments.doubling import TwiceInOrder
from payments.models import Checkout, Order
from tests.factories.accounts import make_user
from tests.factories.payments import DummySellable, make_offer

pytestmark = pytest.mark.django_db


class ManySellable(DummySellable):
    sells_many = True


def cart_with(*offers, **options) -> Checkout:
    person = make_user()
    for offer in offers:
        checkout = open_checkout(offer=offer, person=person, **options)
    return checkout


def test_two_offers_of_one_thing_do_not_get_into_one_order():
    early, late = make_offer(keys=["x"], amount_minor=3900), make_offer(keys=["x"])
    checkout = cart_with(early)

    with pytest.raises(TwiceInOrder) as refused:
        add_line(checkout=checkout, offer=late)

    assert "“Thing x” is in your order already" in refused.value.message
    assert [line.offer for line in checkout.lines.all()] == [early]


def test_a_thing_and_a_bundle_that_has_it_do_not_get_into_one_order():
    alone, bundle = make_offer(keys=["x"]), make_offer(keys=["y", "x"])

    with pytest.raises(TwiceInOrder):
        cart_with(alone, bundle)
    with pytest.raises(TwiceInOrder):
        cart_with(bundle, alone)
    with pytest.raises(TwiceInOrder):
        preview_price(lines=[(alone, 1, None), (bundle, 1, None)])


def test_a_refused_line_leaves_an_unpaid_order_as_it_is():
    checkout = cart_with(make_offer(keys=["x"]))
    order = place_order(checkout=checkout, has_consented=True)

    with pytest.raises(TwiceInOrder):
        add_line(checkout=checkout, offer=make_offer(keys=["x"]))

    assert Order.objects.get().state == order.state == "awaiting_payment"


def test_a_thing_is_bought_and_given_away_in_one_order_but_not_bought_twice():
    own, present = make_offer(keys=["x"]), make_offer(keys=["x"], is_giftable=True)
    checkout = cart_with(own)
    line = add_line(checkout=checkout, offer=present, is_gift=True)
    named = {"email": "bea@example.com", "name": "Bea"}
    set_gift(checkout=checkout, line_id=line.public_id, gift=named)

    assert place_order(checkout=checkout, has_consented=True).lines.count() == 2

    set_gift(checkout=checkout, line_id=line.public_id, gift=None)
    with pytest.raises(TwiceInOrder):
        place_order(checkout=checkout, has_consented=True)


def test_what_one_person_may_have_many_of_can_be_in_two_offers():
    many = ManySellable()
    sellables.register("dummy", many)

    order = place_order(
        checkout=cart_with(make_offer(keys=["x"]), make_offer(keys=["x"])), has_consented=True
    )

    assert order.lines.count() == 2


def test_the_link_says_it_beside_what_is_in_the_checkout_already(client):
    early, late = make_offer(keys=["x"]), make_offer(keys=["x"])
    client.get(f"/buy/{early.public_id}/")

    page = client.get(f"/buy/{late.public_id}/", follow=True)

    assert page.redirect_chain[-1][0] == Checkout.objects.get().get_absolute_url()
    assert "is in your order already" in page.content.decode()
