"""Cohorts, and the whole way to a seat in one."""

from datetime import timedelta
from itertools import count

from engineroom import clock
from learning.models import Cohort
from learning.queries.cohorts import KIND
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.gateways import simulator
from payments.models import Offer, OfferItem, Order, Payment
from tests.factories.accounts import make_user
from tests.factories.learning import make_course
from tests.factories.payments import pay

_number = count(1)


def make_cohort(*, capacity: int = 2, price: int | None = 9900, **fields) -> Cohort:
    """A cohort that starts in a month, with an offer of its seats unless `price` is None."""
    now = clock.now()
    fields = {
        "title": f"Cohort {next(_number)}",
        "starts_on": (now + timedelta(days=30)).date(),
        "ends_on": (now + timedelta(days=60)).date(),
        "sells_until": now + timedelta(days=29),
    } | fields
    fields.setdefault("course", None)
    fields["course"] = fields["course"] or make_course()
    cohort = Cohort.objects.create(capacity=capacity, **fields)
    if price is not None:
        make_seat_offer(cohort, amount_minor=price)
    return cohort


def make_seat_offer(cohort: Cohort, **fields) -> Offer:
    fields = {"title": cohort.title, "amount_minor": 9900, "currency": "EUR"} | fields
    offer = Offer.objects.create(**fields)
    OfferItem.objects.create(offer=offer, kind=KIND, key=cohort.public_id)
    return offer


def seat_offer(cohort: Cohort) -> Offer:
    return Offer.objects.get(items__kind=KIND, items__key=cohort.public_id)


def order_seat(cohort: Cohort, *, person=None, email: str = "") -> Order:
    """A seat held by a placed order. Raises what the cohort and the till refuse."""
    checkout = open_checkout(offer=seat_offer(cohort), person=person)
    return place_order(checkout=checkout, has_consented=True, email=email)


def buy_seat(cohort: Cohort, *, person=None, email: str = "", outcome: str = "success") -> Order:
    """One buyer goes the whole way, from the buy link to the gateway and back."""
    return pay(start_payment(order=order_seat(cohort, person=person, email=email)), outcome)


def paid_unheard(cohort: Cohort, person, outcome: str = "success") -> Payment:
    """A seat that was paid in time, of which the school has not heard."""
    payment = start_payment(order=order_seat(cohort, person=person))
    simulator.pay(payment.reference, outcome=outcome, fault="lost")
    return payment


def make_buyers(number: int) -> list:
    return [make_user() for _ in range(number)]
