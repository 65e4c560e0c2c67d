"""Many at once for few seats: as many are sold as there are, and everybody else is told so.

The longer form, over HTTP from several processes, belongs to the fault runs.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections
from django.db.models import F
from django.test import Client

from accounts.bearers import digest
from engineroom import clock
from engineroom.refusals import Refusal
from learning import sellables
from learning.actions import cohort_seats, cohorts, seats
from learning.actions.cohort_seats import free_expired_seats
from learning.actions.seats import claim_seat, invite_people, renew_link
from learning.models import Cohort, Grant, Seat, SeatClaim, SeatPool
from learning.refusals import NoSeatsLeft
from payments import states
from payments.actions.gifts import claim_gift
from payments.models import Gift, Order
from payments.queries.books import audit_books
from payments.queries.gifts import gift_by_key
from tests.factories.cohorts import (
    buy_seat,
    make_buyers,
    make_cohort,
    make_seat_offer,
    order_seat,
    seat_offer,
)
from tests.factories.gifts import make_gift
from tests.factories.seats import make_pool, owner_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
on_postgres = pytest.mark.skipif(
    "not __import__('django.db', fromlist=['connection']).connection.features"
    ".has_select_for_update",
    reason="SQLite runs writers one after another: careless code oversells on PostgreSQL only",
)
THREADS = 8  # the pool of connections to PostgreSQL holds so many


def all_at_once(people, work):
    """`work(person)` for each, THREADS at a time; answers, or why not."""

    def one(person):
        try:
            return work(person)
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, people))


@pytest.mark.parametrize(("capacity", "buyers"), [(1, 30), (20, 40)])
def test_as_many_seats_are_sold_as_there_are(capacity, buyers):
    cohort = make_cohort(capacity=capacity)

    answers = all_at_once(make_buyers(buyers), lambda person: buy_seat(cohort, person=person).state)

    assert answers.count(states.PAID) == capacity
    assert set(answers) <= {states.PAID, "seats_gone"}
    cohort.refresh_from_db()
    assert cohort.seats_taken == capacity == Seat.objects.filter(state="taken").count()
    assert Order.objects.exclude(attention="").count() == 0
    assert audit_books()["ok"]


def test_buyers_on_the_pages_never_see_an_error_of_ours():
    cohort = make_cohort(capacity=2)
    offer = seat_offer(cohort)

    def press(number):
        client = Client(REMOTE_ADDR=f"10.0.0.{number}")
        answer = client.get(f"/buy/{offer.public_id}/", follow=True)
        if answer.status_code != 200:
            return answer.status_code
        form = {
            "form_key": f"form-{number}",
            "email": f"guest{number}@example.com",
            "expected_minor": 9900,
            "consent": "on",
        }
        return client.post(answer.request["PATH_INFO"], form).status_code

    answers = all_at_once(range(20), press)

    assert answers.count(303) == 2
    assert max(answers) < 500
    cohort.refresh_from_db()
    assert cohort.seats_taken == 2


def test_a_seat_is_swept_back_once_by_many_workers():
    cohort = make_cohort(capacity=3)
    for person in make_buyers(3):
        order_seat(cohort, person=person)
    Seat.objects.update(expires_at=clock.now())

    swept = all_at_once(range(8), lambda number: free_expired_seats())

    cohort.refresh_from_db()
    assert sum(swept) == 3
    assert cohort.seats_taken == 0


@on_postgres
def test_without_the_condition_the_last_seat_is_sold_more_than_once(monkeypatch):
    """The control: read how many are left, then write, and no constraint to catch it."""
    cohort = make_cohort(capacity=1)
    barrier = Barrier(4, timeout=20)

    def careless(cohort):
        is_free = Cohort.objects.get(pk=cohort.pk).seats_taken < 1
        barrier.wait()
        return is_free and bool(
            Cohort.objects.filter(pk=cohort.pk).update(seats_taken=F("seats_taken") + 1)
        )

    for room in (cohorts, cohort_seats):
        monkeypatch.setattr(room, "take_one", careless)
    for room in (sellables, cohort_seats):
        monkeypatch.setattr(room, "lock_cohorts", lambda keys: None)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE learning_cohort DROP CONSTRAINT cohort_seats_within_capacity")
    try:
        all_at_once(make_buyers(4), lambda person: order_seat(cohort, person=person).state)
        assert Seat.objects.filter(state="held").count() > 1
    finally:
        Cohort.objects.update(seats_taken=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE learning_cohort ADD CONSTRAINT cohort_seats_within_capacity "
                "CHECK (seats_taken >= 0 AND seats_taken <= capacity)"
            )


def test_ten_seats_are_ten_however_many_press_at_once():
    pool = make_pool(seats=10)
    key = renew_link(pool=pool, actor=owner_of(pool)).rstrip("/").rpartition("/")[2]

    answers = all_at_once(make_buyers(50), lambda person: claim_seat(key=key, person=person).state)

    pool.refresh_from_db()
    assert answers.count("claimed") == 10 == pool.taken
    assert answers.count("no_seats_left") == 40
    assert Grant.objects.filter(source="seat").count() == 10


def test_one_invitation_and_one_gift_are_claimed_once():
    pool = make_pool(seats=5)
    (claim,) = invite_people(pool=pool, people=[("a@example.com", "")], actor=owner_of(pool))
    SeatClaim.objects.filter(pk=claim.pk).update(key_digest=digest("seat_key"))
    gift = make_gift(make_seat_offer(make_cohort(price=None)))

    seats = all_at_once(
        make_buyers(12), lambda person: claim_seat(key="seat_key", person=person).state
    )
    gifts = all_at_once(make_buyers(12), lambda person: claim_gift(key=gift, person=person).pk)

    pool.refresh_from_db()
    assert (seats.count("claimed"), pool.taken) == (1, 1)
    assert len([one for one in gifts if isinstance(one, int)]) == 1
    assert gifts.count("gift_taken") == 11
    assert Seat.objects.filter(state="taken").count() == 1


@on_postgres
def test_without_the_condition_ten_seats_are_more_than_ten(monkeypatch):
    """The control: no lock, read how many are free, then write."""
    pool = make_pool(seats=1)
    key = renew_link(pool=pool, actor=owner_of(pool)).rstrip("/").rpartition("/")[2]
    barrier = Barrier(4, timeout=20)

    def careless(pool, count=1):
        is_free = SeatPool.objects.get(pk=pool.pk).free > 0
        barrier.wait()
        if not is_free:
            raise NoSeatsLeft

    monkeypatch.setattr(seats, "_locked", lambda pk: SeatPool.objects.get(pk=pk))
    monkeypatch.setattr(seats, "_take", careless)

    all_at_once(make_buyers(4), lambda person: claim_seat(key=key, person=person).state)

    assert SeatClaim.objects.filter(state="claimed").count() > 1


@on_postgres
def test_without_the_condition_a_gift_is_claimed_more_than_once(monkeypatch):
    """The control: everybody sees an open gift, and the update asks nothing."""
    key = make_gift(make_seat_offer(make_cohort(capacity=9, price=None)))
    barrier = Barrier(4, timeout=20)
    delivered = []

    def careless(person):
        gift = gift_by_key(key)
        barrier.wait()
        if gift.claimed_at is None:
            Gift.objects.filter(pk=gift.pk).update(claimed_at=clock.now(), claimed_by=person)
            delivered.append(person.pk)

    all_at_once(make_buyers(4), careless)

    assert len(delivered) > 1
