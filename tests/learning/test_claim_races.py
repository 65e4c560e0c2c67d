"""One person takes the same course from two sides at the same moment: one of them is used up."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connections

from engineroom.refusals import Refusal
from learning import sellables
from learning.actions import seats
from learning.actions.seats import claim_seat, renew_link
from learning.models import Grant, SeatClaim
from payments import states
from payments.actions import gifts, settling
from payments.actions.checkouts import open_checkout
from payments.actions.gifts import claim_gift
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.models import Gift, Offer, OfferItem, Order
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.gifts import make_gift
from tests.factories.learning import make_course
from tests.factories.seats import make_pool, owner_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
on_postgres = pytest.mark.skipif(
    "not __import__('django.db', fromlist=['connection']).connection.features"
    ".has_select_for_update",
    reason="SQLite runs writers one after another: the lock matters on PostgreSQL only",
)


@pytest.fixture(autouse=True)
def meeting(monkeypatch):
    """Whoever is about to give the course waits a moment for the other, if the locks let it."""
    barrier = Barrier(2)
    give = sellables.give_grant

    def give_together(**what):
        with suppress(BrokenBarrierError):
            barrier.wait(1)
        return give(**what)

    for room in (sellables, seats):
        monkeypatch.setattr(room, "give_grant", give_together)


@pytest.fixture
def unlocked(monkeypatch):
    """The guard off: nobody waits for what else is given to the same person."""
    for room in (gifts, seats):
        monkeypatch.setattr(room, "lock_person", lambda person_id: None)
    monkeypatch.setattr(settling, "lock_buyer", lambda order: None)


def offer_of(course) -> Offer:
    offer = Offer.objects.create(title=course.title, amount_minor=4900, currency="EUR")
    OfferItem.objects.create(offer=offer, kind="course", key=course.slug)
    return offer


def gift_of(course, number: int):
    """Claiming a paid gift of the course, as a function of who claims it."""
    key = make_gift(offer_of(course), email=f"bea{number}@example.com")
    return lambda person: claim_gift(key=key, person=person)


def seat_of(course, number: int):
    """Taking a seat of a team of its own."""
    pool = make_pool(course=course)
    key = renew_link(pool=pool, actor=owner_of(pool)).rstrip("/").rpartition("/")[2]
    return lambda person: claim_seat(key=key, person=person)


def at_once(works, person) -> list:
    """Every work for the person at the same time: what it answered, or the code of its refusal."""

    def one(work):
        try:
            return work(person)
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


def take_two(one, other) -> tuple[list, int]:
    """Both answers, and how many grants the person has of it."""
    course, person = make_course(), make_user()
    answers = at_once([one(course, 1), other(course, 2)], person)
    return answers, Grant.objects.valid().filter(person=person).count()


PAIRS = [(gift_of, gift_of), (gift_of, seat_of), (seat_of, seat_of)]
NAMES = ["two gifts", "a gift and a seat", "seats of two teams"]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=NAMES)
def test_the_same_course_taken_twice_at_once_is_taken_once(one, other):
    answers, grants = take_two(one, other)

    assert answers.count("already_owned") == 1
    assert grants == 1
    used = Gift.objects.exclude(claimed_at=None).count()
    assert used + SeatClaim.objects.filter(state="claimed").count() == 1


@on_postgres
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=NAMES)
def test_without_a_lock_on_the_person_both_are_used_up(one, other, unlocked):
    """The control."""
    answers, grants = take_two(one, other)

    assert "already_owned" not in answers
    assert grants == 2


def gift_beside_a_purchase() -> tuple[list, Order]:
    """A gift is claimed while the claimer's own order of the same course is settled."""
    course, person = make_course(), make_user()
    claim = gift_of(course, 1)
    checkout = open_checkout(offer=offer_of(course), person=person)
    payment = start_payment(order=place_order(checkout=checkout, has_consented=True))
    simulator.pay(payment.reference, outcome="success")

    answers = at_once([claim, lambda person: refresh_payment(payment, source="race")], person)
    return answers, Order.objects.get(pk=payment.order_id)


def test_a_gift_claimed_beside_a_purchase_stays_open_or_the_purchase_is_put_before_staff():
    answers, order = gift_beside_a_purchase()

    assert order.state == states.PAID
    stayed_open = answers[0] == "already_owned" and not Gift.objects.exclude(claimed_at=None)
    assert stayed_open or "Refund this line" in order.attention
    assert audit_books()["ok"]


@on_postgres
def test_without_a_lock_on_the_person_a_gift_is_used_up_beside_a_purchase(unlocked):
    """The control: both give, and nobody is told."""
    answers, order = gift_beside_a_purchase()

    assert isinstance(answers[0], Gift)
    assert (order.state, order.attention) == (states.PAID, "")
