"""Paid gifts, and the keys of their links."""

from payments.actions.checkouts import open_checkout
from payments.actions.gifts import make_gift_link
from payments.actions.giving import set_gift
from payments.actions.ordering import place_order, start_payment
from payments.models import Gift
from tests.factories.accounts import make_user
from tests.factories.payments import pay


def give(offer, *, person=None, **said) -> Gift:
    """A gift of the offer, paid by the person."""
    said = {"email": "bea@example.com", "name": "Bea", "sender": "Ada", "note": "Enjoy!"} | said
    checkout = open_checkout(offer=offer, person=person or make_user())
    set_gift(checkout=checkout, line_id=checkout.lines.get().public_id, gift=said)
    order = pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))
    return Gift.objects.select_related("line__order__person").get(line__order=order)


def make_gift(offer, **said) -> str:
    """The key of a paid gift's link."""
    return make_gift_link(gift=give(offer, **said)).rstrip("/").rpartition("/")[2]
