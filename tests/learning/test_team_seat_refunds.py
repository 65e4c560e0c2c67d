"""What a refund takes back of a team's seats."""

import re

import pytest
from django.core import mail

from engineroom import outbox
from learning.actions.seats import (
    claim_seat,
    invite_people,
    renew_link,
)
from learning.models import SeatClaim, SeatPool
from learning.queries.access import may_open
from payments.actions.refunding import refund_lines
from payments.models import OrderLine
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.learning import make_course
from tests.factories.seats import buy_team_seats

pytestmark = pytest.mark.django_db


KEY = re.compile(r"/teams/join/([\w-]+)/")


def key_of(url: str) -> str:
    return KEY.search(url)[1]


def counted(pool) -> tuple[int, int]:
    """(seats, taken); the counter must agree with the live claims."""
    pool.refresh_from_db()
    assert pool.taken == pool.claims.filter(state__in=SeatClaim.LIVE).count()
    return pool.seats, pool.taken


def send_back(order):
    line = order.lines.get()
    return refund_lines(order=order, amounts={line.public_id: None}, reason="x", key=order.number)


def test_a_refund_takes_back_exactly_its_seats_free_ones_first_then_the_newest():
    ada, course = make_user(email="ada@example.com"), make_course()
    buy_team_seats(ada, course, 2)
    order = buy_team_seats(ada, course, 2)
    pool = SeatPool.objects.get()
    link = key_of(renew_link(pool=pool, actor=ada))
    early, late = make_user(), make_user()
    claim_seat(key=link, person=early)
    claim_seat(key=link, person=late)
    invite_people(pool=pool, people=[("dora@example.com", "")], actor=ada)

    send_back(order)

    assert counted(pool) == (2, 2)
    assert SeatClaim.objects.get(email="dora@example.com").state == "taken_back"
    assert may_open(early, course)
    assert may_open(late, course)
    outbox.drain()
    told = [message for message in mail.outbox if "taken back" in message.subject]
    assert [message.to for message in told] == [["ada@example.com"]]
    assert "dora@example.com" in told[0].body
    assert audit_books()["ok"]


def test_a_refund_of_everything_ends_every_seat():
    ada, course, bea = make_user(), make_course(), make_user()
    order = buy_team_seats(ada, course, 1)
    pool = SeatPool.objects.get()
    claim_seat(key=key_of(renew_link(pool=pool, actor=ada)), person=bea)

    send_back(order)

    assert counted(pool) == (0, 0)
    assert not may_open(bea, course)


def give_back(order, amount_minor: int):
    line = order.lines.get()
    key = f"{order.number}:{line.refunded_minor}"
    refund_lines(order=order, amounts={line.public_id: amount_minor}, reason="Left", key=key)


def test_a_refund_of_some_seats_takes_back_as_many():
    ada, course = make_user(), make_course()
    order = buy_team_seats(ada, course, 10)
    pool = SeatPool.objects.get()
    own = claim_seat(key=key_of(renew_link(pool=pool, actor=ada)), person=ada)
    invite_people(pool=pool, people=[("b@example.com", ""), ("c@example.com", "")], actor=ada)

    give_back(order, 8 * 4900)

    pool.refresh_from_db()
    assert (pool.seats, pool.taken) == (2, 2)
    outbox.drain()
    told = next(one for one in mail.outbox if "taken back" in one.subject)
    assert "8 seats" in told.body

    give_back(order, 4900)

    pool.refresh_from_db(), own.refresh_from_db()
    assert (pool.seats, pool.taken) == (1, 1)
    assert own.state == SeatClaim.State.CLAIMED
    assert may_open(ada, course)

    give_back(order, 4900)

    pool.refresh_from_db()
    assert (pool.seats, pool.taken) == (0, 0)
    assert not may_open(ada, course)
    assert audit_books()["ok"]


def test_some_money_for_a_seat_leaves_the_seat():
    order = buy_team_seats(make_user(), make_course(), 3)

    give_back(order, 4800)
    assert SeatPool.objects.get().seats == 3

    give_back(order, 100)
    assert SeatPool.objects.get().seats == 2


@pytest.mark.parametrize(
    ("total", "quantity", "back", "left"),
    [
        (10_000, 10, 9000, 1),
        (9999, 10, 8999, 1),
        (9999, 10, 1, 10),
        (10, 10, 1, 9),
        (20, 10, 18, 1),
        (100, 3, 33, 2),
        (100, 3, 99, 1),
        (100, 3, 100, 0),
        (4900, 1, 2500, 1),
    ],
)
def test_pieces_that_are_still_paid_for(total, quantity, back, left):
    line = OrderLine(total_minor=total, quantity=quantity, refunded_minor=back)
    assert line.left_pieces == left


def test_the_page_that_asks_once_more_says_how_many_seats_a_refund_ends(client):
    order = buy_team_seats(make_user(), make_course(), 10)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    page, line = f"/admin/payments/order/{order.pk}/refund/", order.lines.get()

    first = client.get(page).content.decode()
    said = {"form_key": "k", "reason": "They left", line.public_id: "441.00"}
    asked = client.post(page, said).content.decode()
    some = client.post(page, said | {line.public_id: "10.00"}).content.decode()

    assert "€49.00 for each of 10 pieces that shall end" in first
    assert "9 of 10 pieces end at once" in asked
    assert "Access stays" in some
    assert SeatPool.objects.get().seats == 10
