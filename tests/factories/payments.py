"""Offers, checkouts and orders, made by the till's own actions where rows must fit together."""

from itertools import count

from engineroom import outbox
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.models import Offer, OfferItem, Order, Payment
from tests.factories.accounts import make_user

_number = count(1)


class DummySellable:
    """Something that can be sold without any room above the till. Remembers every call."""

    def __init__(self):
        self.calls: list[tuple[str, str]] = []
        self.owned: set[tuple[int, str]] = set()
        self.refusal = None
        self.delivery_refusal = None

    def count(self, name: str) -> int:
        return sum(call == name for call, _ in self.calls)

    def describe(self, key):
        return {"title": f"Thing {key}", "url": f"/things/{key}/"}

    def refuse(self, person, key, quantity):
        if self.refusal and person is not None and (person.pk, key) in self.owned:
            raise self.refusal

    def hold(self, line, until):
        self.calls.append(("hold", line.public_id))

    def release(self, line):
        self.calls.append(("release", line.public_id))

    def deliver(self, line):
        if self.delivery_refusal:
            raise self.delivery_refusal
        self.calls.append(("deliver", line.public_id))
        self.owned.add((line.person.pk, line.key))

    def extend(self, line, until):
        """It may be sold by periods, and stays all the same."""

    def withdraw(self, line):
        self.calls.append(("withdraw", line.public_id))
        # Who deleted the account owns nothing any more.
        self.owned.discard((getattr(line.person, "pk", None), line.key))


def make_offer(*, keys=None, **fields) -> Offer:
    """An offer of dummy things; `keys` names them."""
    number = next(_number)
    fields.setdefault("title", f"Thing {number}")
    fields.setdefault("amount_minor", 4900)
    fields.setdefault("currency", "EUR")
    offer = Offer.objects.create(**fields)
    for key in keys or [f"thing-{number}"]:
        OfferItem.objects.create(offer=offer, kind="dummy", key=key)
    return offer


def make_checkout(*, offers=1, person=None, **fields):
    """An open checkout with so many lines."""
    checkout = None
    for _ in range(offers):
        guest_id = checkout.public_id if checkout else ""
        checkout = open_checkout(offer=make_offer(**fields), person=person, guest_id=guest_id)
    return checkout


def make_order(*, person=None, email="guest@example.com", offers=1, **fields) -> Order:
    """A placed order; of a guest unless a person is given."""
    checkout = make_checkout(offers=offers, person=person, **fields)
    return place_order(checkout=checkout, has_consented=True, email="" if person else email)


def make_payment(**fields) -> Payment:
    """A started payment of a fresh order."""
    return start_payment(order=make_order(**fields))


def pay(payment: Payment, outcome="success") -> Order:
    """The buyer answers the hosted page and comes back."""
    simulator.pay(payment.reference, outcome=outcome)
    payment.refresh_from_db()
    return refresh_payment(payment, source="return")


def make_paid_order(**fields) -> Order:
    """An order that went the whole way. A signed-in person's unless `email` is given."""
    if "email" not in fields:
        fields.setdefault("person", None)
        fields["person"] = fields["person"] or make_user()
    order = pay(make_payment(**fields))
    outbox.drain()
    order.refresh_from_db()
    return order
