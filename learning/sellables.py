"""Courses as the till sells them."""

from datetime import datetime

from learning.actions import end_grant, give_grant, start_course
from learning.actions.cohort_seats import (
    give_up_seat,
    hold_seat,
    lock_cohorts,
    release_seat,
    source_of,
    take_seat,
)
from learning.actions.seats import add_seats, keep_seats, withdraw_seats
from learning.actions.terms import give_until, move_end
from learning.models import Grant, Seat
from learning.queries import access, cohorts, memberships
from learning.queries.seats import EVERYTHING
from learning.queries.seats import KIND as TEAM_SEATS
from learning.refusals import (
    AlreadyOwned,
    AlreadySeated,
    BadSeatNumber,
    CohortClosed,
    CourseIsFree,
    NotPublished,
    OnePlaceEach,
    SeatsGone,
)


def _move_first(line, until: datetime | None) -> None:
    """The end of what the line of the first order gave moves to what is paid; None: for good."""
    first = line.origin
    move_end(
        source=source_of(first),
        source_key=first.public_id,
        until=until,
        reason="paid for good" if until is None else "instalments",
    )


class CourseSellable:
    """Kind `course`; the key is the course's slug. A course has no places to run out of."""

    kind = "course"

    def describe(self, key: str) -> dict:
        course = access.course_named(key)
        return {"title": course.title, "url": course.get_absolute_url()}

    def refuse(self, person, key: str, quantity: int) -> None:
        """Raises NoSuchCourse, NotPublished, CourseIsFree, OnePlaceEach, AlreadyOwned."""
        course = access.course_named(key)
        if quantity != 1:
            raise OnePlaceEach
        if course.published_edition is None:
            raise NotPublished
        if course.is_free:
            raise CourseIsFree
        if person is not None and access.owns(person, course):
            raise AlreadyOwned

    def hold(self, line, until: datetime) -> None:
        """Nothing to keep: a course has room for everybody."""

    def release(self, line) -> None:
        """Nothing was kept."""

    def deliver(self, line) -> None:
        """A grant of the line's own, and a place in the published edition. Paid is paid: a course that
        was taken down meanwhile still gives the grant, and the place once there is an edition."""
        course = access.course_named(line.key)
        grant = give_grant(
            person=line.person,
            scope=Grant.Scope.COURSE,
            scope_key=course.public_id,
            source=source_of(line),
            source_key=line.public_id,
        )
        if grant.is_valid and course.published_edition is not None:
            start_course(person=line.person, course=course)

    def extend(self, line, until: datetime | None) -> None:
        """Paid in instalments: the grant that the first of them gave ends when the next is missed,
        and holds for good when all are paid."""
        _move_first(line, until)

    def withdraw(self, line) -> None:
        """End the line's own grant. What another source gave stays."""
        end_grant(source=source_of(line), source_key=line.public_id, reason="refunded")


class MembershipSellable:
    """Kind `membership`; the key is `school` or `topic:<slug>`. Each paid period is a grant of its
    own that ends with it, so that a refunded period takes back exactly itself."""

    kind = memberships.KIND
    begin = "Choose a course"

    def describe(self, key: str) -> dict:
        _scope, _key, topic = memberships.membership_named(key)
        if topic is None:
            return {"title": "Membership: every course", "url": "/courses/"}
        return {"title": f"Membership: {topic.title}"[:200], "url": topic.get_absolute_url()}

    def refuse(self, person, key: str, quantity: int) -> None:
        """Raises NoSuchMembership, OnePlaceEach, AlreadyOwned."""
        scope, scope_key, _topic = memberships.membership_named(key)
        if quantity != 1:
            raise OnePlaceEach("A membership is bought once, for one person.")
        if person is not None and memberships.has_membership(person, scope, scope_key):
            raise AlreadyOwned("You have this membership already. See your subscriptions.")

    def hold(self, line, until: datetime) -> None:
        """Nothing to keep: there is room for everybody."""

    def release(self, line) -> None:
        """Nothing was kept."""

    def deliver(self, line) -> None:
        self.extend(line, line.order.period_ends_at)

    def extend(self, line, until: datetime | None) -> None:
        """Raises NoSuchMembership for a new period of what is gone; what was given before moves."""
        if memberships.was_given(line.public_id):
            move_end(
                source=Grant.Source.MEMBERSHIP,
                source_key=line.public_id,
                until=until,
                reason="paid period",
            )
            return
        scope, scope_key, _topic = memberships.membership_named(line.key)
        give_until(
            person=line.person,
            scope=scope,
            scope_key=scope_key,
            source=Grant.Source.MEMBERSHIP,
            source_key=line.public_id,
            starts_at=line.order.period_starts_at,
            until=until,
        )

    def withdraw(self, line) -> None:
        """End the grant of exactly this period."""
        end_grant(source=Grant.Source.MEMBERSHIP, source_key=line.public_id, reason="refunded")


class CohortSeatSellable:
    """Kind `cohort-seat`; the key is the cohort's public id. Seats run out."""

    kind = cohorts.KIND
    begin = "See your cohort"

    def describe(self, key: str) -> dict:
        cohort = cohorts.cohort_named(key)
        title = f"{cohort.course.title}: {cohort.title}"[:200]
        return {"title": title, "url": cohort.get_absolute_url()}

    def refuse(self, person, key: str, quantity: int) -> None:
        """Raises NoSuchCohort, OnePlaceEach, AlreadySeated, CohortClosed, SeatsGone."""
        cohort = cohorts.cohort_named(key)
        if quantity != 1:
            raise OnePlaceEach("A seat is bought once, for one person.")
        seat = cohorts.seat_of(person, cohort)
        if seat and seat.state == Seat.State.TAKEN:
            raise AlreadySeated
        if not cohort.is_selling:
            raise CohortClosed
        if cohort.is_sold_out and not seat and not cohorts.may_be_kept(person, cohort):
            raise SeatsGone

    def lock(self, keys: list[str]) -> None:
        lock_cohorts(keys)

    def hold(self, line, until: datetime) -> None:
        hold_seat(line=line, until=until)

    def release(self, line) -> None:
        release_seat(line=line)

    def deliver(self, line) -> None:
        take_seat(line=line)

    def extend(self, line, until: datetime | None) -> None:
        """As for a course: what the seat opens ends when the next part is missed. The seat stays
        theirs, so that nobody sits in it when the part is paid after all."""
        _move_first(line, until)

    def withdraw(self, line) -> None:
        give_up_seat(line=line)


class TeamSeatsSellable:
    """Kind `team-seats`; the key is a course's slug, or * for every course. The buyer's team gets as
    many seats as were bought, and gives them out itself. Seats know no end, so they are paid at once."""

    kind = TEAM_SEATS
    begin = "Give out the seats"
    sells_many = True

    def describe(self, key: str) -> dict:
        if key == EVERYTHING:
            return {"title": "Team seats: every course of the school", "url": "/teams/"}
        course = access.course_named(key)
        return {"title": f"Team seats: {course.title}"[:200], "url": "/teams/"}

    def refuse(self, person, key: str, quantity: int) -> None:
        """Raises BadSeatNumber, NoSuchCourse, NotPublished, CourseIsFree."""
        if not 1 <= quantity <= 1000:
            raise BadSeatNumber
        if key == EVERYTHING:
            return
        course = access.course_named(key)
        if course.published_edition is None:
            raise NotPublished
        if course.is_free:
            raise CourseIsFree("This course is free. Everybody can start it from its page.")

    def hold(self, line, until: datetime) -> None:
        """Nothing to keep: a team may have any number of seats."""

    def release(self, line) -> None:
        """Nothing was kept."""

    def deliver(self, line) -> None:
        add_seats(line=line)

    def keep(self, line, pieces: int) -> None:
        keep_seats(line=line, seats=pieces)

    def withdraw(self, line) -> None:
        withdraw_seats(line=line)
