"""The self-check on real seats, pools and grants: each corruption is named in plain words, repaired,
and the repair is written down."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from engineroom import clock
from engineroom.models import AuditEntry
from learning.actions.cohorts import wait_for_seat
from learning.actions.seats import claim_seat, renew_link, take_back
from learning.models import Cohort, Grant, Seat, SeatBatch, SeatClaim, SeatPool, WaitingEntry
from learning.queries.access import may_open
from learning.queries.seat_counts import seats_are_counted
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.selfcheck import check_everything, repair_everything
from payments.models import Finding, Offer, OfferItem, Order
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.cohorts import buy_seat, make_cohort, order_seat
from tests.factories.learning import make_course
from tests.factories.payments import pay
from tests.factories.seats import buy_team_seats, make_pool, owner_of

pytestmark = pytest.mark.django_db


def sit_down(pool: SeatPool, person) -> SeatClaim:
    key = renew_link(pool=pool, actor=owner_of(pool)).rstrip("/").rpartition("/")[2]
    return claim_seat(key=key, person=person)


def a_team(claimed: int = 0) -> SeatPool:
    """A team with three paid seats of a course, of which so many are claimed."""
    buy_team_seats(make_user(), make_course(), 3)
    pool = SeatPool.objects.get()
    for _ in range(claimed):
        sit_down(pool, make_user())
    return pool


def count_too_many():
    cohort = make_cohort(capacity=3)
    buy_seat(cohort, person=make_user())
    Cohort.objects.update(seats_taken=3)


def count_too_few():
    cohort = make_cohort(capacity=3)
    buy_seat(cohort, person=make_user())
    Cohort.objects.update(seats_taken=0)


def offer_a_seat_that_is_not_kept():
    cohort = make_cohort(capacity=1)
    order = buy_seat(cohort, person=make_user())
    wait_for_seat(cohort=cohort, person=make_user())
    refund_lines(order=order, amounts={order.lines.get().public_id: None}, reason="x", key="k")
    Seat.objects.filter(state="held").update(state="expired")


def give_a_team_more_seats_than_it_paid():
    a_team()
    SeatPool.objects.update(seats=50)


def give_a_line_more_seats_than_it_paid():
    a_team()
    SeatBatch.objects.update(seats=50)
    SeatPool.objects.update(seats=50)


def count_a_team_full():
    a_team(claimed=1)
    SeatPool.objects.update(taken=3)


def close_what_a_team_seat_opened():
    a_team(claimed=1)
    Grant.objects.filter(source="seat").delete()


def end_what_a_team_seat_opened_by_nobody():
    a_team(claimed=1)
    Grant.objects.filter(source="seat").update(ends_at=F("starts_at"))


def leave_open_what_a_team_seat_opened():
    pool = a_team(claimed=1)
    take_back(claim=pool.claims.get(), actor=owner_of(pool))
    Grant.objects.filter(source="seat").update(ends_at=None)


def lose_a_paid_seat():
    buy_seat(make_cohort(capacity=3), person=make_user())
    Seat.objects.update(state="released")


def lose_the_row_of_a_paid_seat():
    buy_seat(make_cohort(capacity=3), person=make_user())
    Seat.objects.all().delete()


def lose_what_a_paid_seat_opened():
    buy_seat(make_cohort(capacity=3), person=make_user())
    Grant.objects.filter(source="order").delete()


def lose_paid_team_seats():
    a_team()
    SeatBatch.objects.all().delete()
    SeatPool.objects.update(seats=0)


def lose_a_paid_course():
    course = make_course()
    offer = Offer.objects.create(title="Course", amount_minor=4900, currency="EUR")
    OfferItem.objects.create(offer=offer, kind="course", key=course.slug)
    checkout = open_checkout(offer=offer, person=make_user())
    pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))
    Grant.objects.filter(source="order").delete()


def open_a_course_without_payment():
    order = order_seat(make_cohort(), person=make_user())
    Grant.objects.create(
        person=order.person, scope="school", source="order", source_key=order.lines.get().public_id
    )


def seat_somebody_without_payment():
    order_seat(make_cohort(), person=make_user())
    Seat.objects.update(state="taken", expires_at=None, taken_at=clock.now())


def give_team_seats_without_payment():
    pool = make_pool(seats=3)
    SeatBatch.objects.create(pool=pool, line="line_of_nobody", seats=3)


def hold_a_seat_for_nobody():
    order = order_seat(make_cohort(), person=make_user())
    Order.objects.filter(pk=order.pk).update(state="expired")


WRONG = "unbalanced_books"
# What is done to the rows, the kind it is found as, and words of what is said.
CORRUPTIONS = {
    count_too_many: (WRONG, "counts 3 seats as taken, 1 are"),
    count_too_few: (WRONG, "counts 0 seats as taken, 1 are"),
    offer_a_seat_that_is_not_kept: (WRONG, "calls a seat offered to somebody"),
    give_a_team_more_seats_than_it_paid: (WRONG, "has 50 seats, 3 are paid"),
    give_a_line_more_seats_than_it_paid: (WRONG, "got 50 seats by this line, 3 are paid"),
    count_a_team_full: (WRONG, "counts 3 seats as taken, 1 are given out"),
    close_what_a_team_seat_opened: (WRONG, "its person has it, and it opens nothing"),
    end_what_a_team_seat_opened_by_nobody: (WRONG, "its person has it, and it opens nothing"),
    leave_open_what_a_team_seat_opened: (WRONG, "it was taken back, and opens still"),
    lose_a_paid_seat: ("paid_without_access", "is paid and only part of it is there"),
    lose_the_row_of_a_paid_seat: ("paid_without_access", "is paid and only part of it is there"),
    lose_what_a_paid_seat_opened: ("paid_without_access", "is paid and only part of it is there"),
    lose_paid_team_seats: ("paid_without_access", "is paid and was not given"),
    lose_a_paid_course: ("paid_without_access", "is paid and was not given"),
    open_a_course_without_payment: ("access_without_payment", "which is not paid"),
    seat_somebody_without_payment: ("access_without_payment", "which is not paid"),
    give_team_seats_without_payment: ("access_without_payment", "which is not paid"),
    hold_a_seat_for_nobody: ("orphan_seat", "whose order is over"),
}


def look() -> dict[str, str]:
    return {one.kind: one.detail for one in check_everything()}


@pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda corrupt: corrupt.__name__)
def test_each_corruption_of_seats_and_access_is_named_and_repaired(corrupt):
    kind, words = CORRUPTIONS[corrupt]
    staff = make_user(is_staff=True)
    corrupt()

    with clock.moved_by(timedelta(seconds=30)):
        found = look()
        assert words in found[kind], found

        repair_everything(actor=staff)
        if look():
            # Giving a seat again may have counted it: the second look sees to that.
            repair_everything(actor=staff)

        assert look() == {}
        assert audit_books()["ok"]
    assert Finding.objects.filter(kind=kind, actor=staff).exclude(closed_at=None).exists()
    assert AuditEntry.objects.filter(action="finding.repaired", actor=staff).exists()


def test_seats_that_were_sold_given_and_taken_back_are_counted_right():
    cohort = make_cohort(capacity=1)
    order = buy_seat(cohort, person=make_user())
    wait_for_seat(cohort=cohort, person=make_user())
    refund_lines(order=order, amounts={order.lines.get().public_id: None}, reason="x", key="a")
    order_seat(make_cohort(), email="guest@example.com")
    pool = a_team(claimed=2)
    take_back(claim=pool.claims.first(), actor=owner_of(pool))

    assert seats_are_counted() == []
    with clock.moved_by(timedelta(seconds=30)):
        assert look() == {}


def test_a_lost_seat_is_given_back_to_its_buyer_and_opens_the_course():
    cohort, ada = make_cohort(capacity=3), make_user()
    buy_seat(cohort, person=ada)
    Seat.objects.update(state="released")
    Cohort.objects.update(seats_taken=0)
    Grant.objects.all().delete()

    with clock.moved_by(timedelta(seconds=30)):
        check_everything()
        repair_everything()

        assert Seat.objects.get().person == ada
        assert may_open(ada, cohort.course)
        cohort.refresh_from_db()
        assert cohort.seats_taken == 1


def test_seats_given_beyond_what_is_paid_are_left_for_somebody_to_choose():
    pool = a_team(claimed=3)
    SeatPool.objects.update(seats=5)
    for _ in range(2):
        sit_down(pool, make_user())

    with clock.moved_by(timedelta(seconds=30)):
        check_everything()
        ((finding, said),) = repair_everything()

    assert said == "5 seats are given out and 3 are paid: take some back."
    finding.refresh_from_db()
    assert finding.closed_at is None
    assert SeatClaim.objects.filter(state="claimed").count() == 5


def test_a_free_seat_found_by_counting_again_goes_to_who_waits_longest():
    cohort = make_cohort(capacity=2)
    buy_seat(cohort, person=make_user())
    Cohort.objects.update(seats_taken=2)
    entry = wait_for_seat(cohort=cohort, person=make_user())

    check_everything()
    repair_everything()

    entry.refresh_from_db(), cohort.refresh_from_db()
    assert (entry.state, cohort.seats_taken) == (WaitingEntry.State.OFFERED, 2)
    before = AuditEntry.objects.get(action="cohort.recounted")
    assert before.target == cohort.public_id


def test_a_place_found_to_be_held_for_nobody_stays_when_its_order_was_paid_meanwhile():
    cohort = make_cohort()
    payment = start_payment(order=order_seat(cohort, person=make_user()))
    Order.objects.update(state="expired")
    check_everything()
    pay(payment)

    said = {finding.kind: how for finding, how in repair_everything()}

    assert said["orphan_seat"] == "The order may be paid, or is paid by now."
    assert Seat.objects.get().state == "taken"
    assert Grant.objects.valid().filter(source="order").count() == 1


def test_the_books_name_a_seat_that_is_counted_wrong():
    count_too_many()

    problems = audit_books()["problems"]

    assert ["counts 3 seats as taken" in problem for problem in problems] == [True]


def test_checking_more_seats_takes_no_more_queries():
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert seats_are_counted() == []
        return len(captured)

    def fill():
        buy_seat(make_cohort(), person=make_user())
        buy_team_seats(make_user(), make_course(), 2)
        sit_down(SeatPool.objects.first(), make_user())

    fill()
    of_one = count()
    for _ in range(3):
        fill()

    assert count() == of_one
