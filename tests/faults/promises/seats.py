"""R1 for what runs out by its own count: seats of a cohort, and of a team."""

from contextlib import suppress
from uuid import uuid4

from engineroom.refusals import Refusal
from learning import sellables
from learning.actions import seats
from learning.actions.seats import claim_seat, renew_link
from learning.models import Grant, Seat, SeatClaim, SeatPool
from payments import states
from payments.models import Order
from tests.factories.cohorts import make_cohort, seat_offer
from tests.factories.seats import buy_team_seats, owner_of
from tests.faults.buyers import Bought, Buyer, all_at_once, buy, insist, new_course, wrong_with
from tests.faults.promise import Promise, Tally, without
from tests.faults.promises.races import placed


def run_cohort(stage, number, scale) -> Tally:
    """Many buyers over HTTP for the last seats of a cohort: as many paid as there are seats."""
    people = 200 if stage.is_full else 24
    places = 1 if number % 2 == 0 else 20 if stage.is_full else 6
    course, _ = new_course()
    cohort = make_cohort(capacity=places, course=course)
    offer = seat_offer(cohort)
    buyers = [Buyer.new() for _ in range(people)]
    answers = all_at_once(people, lambda at: buy(stage.school, buyers[at], offer))
    tally = Tally(attempts=people)
    paid = Order.objects.filter(lines__offer=offer, state=states.PAID).count()
    taken = Seat.objects.filter(cohort=cohort, state=Seat.State.TAKEN).count()
    cohort.refresh_from_db()
    if not paid == taken == cohort.seats_taken == places:
        counted = f"{paid} paid, {taken} taken, {cohort.seats_taken} counted"
        tally.violations.append(f"{counted}, of {places} seats")
    if max(answer.worst for answer in answers) >= 500:
        tally.violations.append("an answer of 500")
    others = {answer.refusal for answer in answers if answer.state != states.PAID}
    if others - {"seats_gone"}:
        tally.violations.append(f"not sold, and told {sorted(others)}")
    for answer in answers:
        if answer.state == states.PAID:
            tally.violations += wrong_with(answer.order, course)
    return tally


def control_cohort(stage) -> bool:
    """Place orders without holding a seat (`sellables.hold_seat`): one seat is sold to all."""
    cohort = make_cohort(capacity=1, course=new_course()[0])
    return without((sellables, "hold_seat"), lambda: placed(seat_offer(cohort), 6)) > 1


def paid_pool(places: int) -> SeatPool:
    """A new team's paid seats of a new course."""
    owner, course = Buyer.new().person, new_course()[0]
    buy_team_seats(owner, course, places)
    return SeatPool.objects.select_related("team").get(course=course)


def run_team(stage, number, scale) -> Tally:
    """Fifty people press a team's link for its last ten seats."""
    people, places = (50, 10) if stage.is_full else (16, 4)
    pool = paid_pool(places)
    key = renew_link(pool=pool, actor=owner_of(pool)).rstrip("/").rpartition("/")[2]
    buyers, bought = [Buyer.new() for _ in range(people)], [Bought() for _ in range(people)]

    def press(at):
        token, own = buyers[at].token, uuid4().hex
        path, body = "/api/v1/seat-claims", {"key": key}
        return insist(stage.school, bought[at], "POST", path, body, token=token, key=own)

    answers = all_at_once(people, press)
    tally = Tally(attempts=people)
    claims = pool.claims.filter(state=SeatClaim.State.CLAIMED)
    open_ = Grant.objects.valid().filter(source_key__in=claims.values("public_id")).count()
    pool.refresh_from_db()
    told = [status for status, _ in answers].count(201)
    if not told == claims.count() == open_ == pool.taken == places:
        counted = f"{told} told, {claims.count()} claimed, {open_} open, {pool.taken} counted"
        tally.violations.append(f"{counted}, of {places} seats")
    if max(one.worst for one in bought) >= 500:
        tally.violations.append("an answer of 500")
    return tally


def control_team(stage) -> bool:
    """Give seats out without counting them (`seats._take`): all who press the link get one."""
    pool = paid_pool(1)
    key = renew_link(pool=pool, actor=owner_of(pool)).rstrip("/").rpartition("/")[2]
    people = [Buyer.new().person for _ in range(4)]

    def press(at):
        with suppress(Refusal):
            claim_seat(person=people[at], key=key)

    without((seats, "_take"), lambda: all_at_once(4, press))
    claimed = list(pool.claims.filter(state=SeatClaim.State.CLAIMED))
    # Nobody may choose for a team who stays: the seats go back before the school is looked at.
    for claim in claimed:
        seats.take_back(claim=claim, actor=owner_of(pool))
    return len(claimed) > 1


PROMISES = [
    Promise(
        "R1s",
        "The last seats of a cohort too",
        run_cohort,
        {"short": 2, "full": 40},
        control_cohort,
    ),
    Promise("R1t", "A team's seats too", run_team, {"short": 1, "full": 20}, control_team),
]
