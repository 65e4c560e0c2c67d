"""The seats of a cohort, from held to taken and back. The last one is sold once.

Every change begins with the cohort's row, then its seats: two buyers never wait for each other in a
circle. A seat is counted back only by who moved its state, so that it goes back once.
"""

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from engineroom import audit, clock
from engineroom.retrying import retried
from learning.actions.access import end_grant, give_grant, start_course
from learning.actions.cohorts import give_one_back, take_one
from learning.models import Cohort, Grant, Seat, WaitingEntry
from learning.queries.cohorts import cohort_named
from learning.refusals import AlreadySeated, CohortClosed, SeatHeld, SeatsGone

BATCH = 100
HELD, TAKEN, RELEASED, EXPIRED = (
    Seat.State.HELD,
    Seat.State.TAKEN,
    Seat.State.RELEASED,
    Seat.State.EXPIRED,
)


def _locked(cohort_id: int) -> Cohort:
    # The weaker lock: rows that name the cohort may be written meanwhile.
    rows = Cohort.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("course").get(pk=cohort_id)


def lock_cohorts(keys: list[str]) -> None:
    """Lock several cohorts by their ids, before a seat of any of them moves."""
    if connection.features.has_select_for_update:
        rows = Cohort.objects.filter(public_id__in=keys).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))


def _is_paid_gift(line) -> bool:
    return bool(line.gift) and "gift" in line.gift


@transaction.atomic
def hold_seat(*, line, until: datetime) -> Seat:
    """Keep a seat for the order line before money moves, until then; a paid gift's until it is
    claimed. Asked again, it is kept longer.

    Raises SeatsGone, CohortClosed, SeatHeld (the person holds one by another order).
    """
    lock_cohorts([line.key])
    cohort = cohort_named(line.key)
    is_gift = _is_paid_gift(line)
    seat = Seat.objects.filter(line=line.public_id).first()
    if seat and seat.state == TAKEN:
        return seat
    if seat and _prolong(seat, until):
        return seat
    if kept := _claim_offer(cohort, line, until):
        return kept
    if not cohort.is_selling and not is_gift:
        raise CohortClosed
    if not take_one(cohort):
        raise SeatsGone
    return _write(cohort, line, seat, state=HELD, expires_at=until)


def _prolong(seat: Seat, lasts: datetime) -> bool:
    lasts = max(lasts, seat.expires_at) if seat.expires_at else lasts
    return bool(Seat.objects.filter(pk=seat.pk, state=HELD).update(expires_at=lasts))


def _claim_offer(cohort: Cohort, line, lasts: datetime) -> Seat | None:
    """The seat that is kept for the buyer because they waited, now theirs by this line."""
    who = Q(entry__email__iexact=line.order.email)
    if line.order.person_id:
        who |= Q(entry__person=line.order.person_id)
    kept = (
        Seat.objects.filter(who, cohort=cohort, state=HELD, line=None)
        .select_related("entry")
        .first()
    )
    if kept is None:
        return None
    Seat.objects.filter(line=line.public_id).update(line=None)
    mine = Seat.objects.filter(pk=kept.pk, state=HELD, line=None)
    person = None if line.gift else line.order.person_id
    until = max(lasts, kept.expires_at)
    if not mine.update(line=line.public_id, person=person, expires_at=until):
        return None
    kept.refresh_from_db()
    return kept


def _write(cohort: Cohort, line, seat: Seat | None, **fields) -> Seat:
    """The line's seat, new or again. A second live seat of one person is refused by the database."""
    fields |= {"person_id": line.person.pk if line.person else None}
    try:
        with transaction.atomic():
            if seat is None:
                return Seat.objects.create(cohort=cohort, line=line.public_id, **fields)
            back = Seat.objects.filter(pk=seat.pk, state__in=[RELEASED, EXPIRED])
            if not back.update(entry=None, **fields):
                raise SeatHeld
    except IntegrityError as error:
        raise SeatHeld from error
    seat.refresh_from_db()
    return seat


@transaction.atomic
def release_seat(*, line) -> bool:
    """The line will not be paid: the seat is free again, or goes back to the offer it came from."""
    seat = Seat.objects.filter(line=line.public_id, state=HELD).select_related("entry").first()
    if seat is None:
        return False
    cohort = _locked(seat.cohort_id)
    held = Seat.objects.filter(pk=seat.pk, state=HELD)
    entry = seat.entry
    if entry and entry.state == WaitingEntry.State.OFFERED and entry.offered_until > clock.now():
        return bool(held.update(line=None, person=entry.person_id, expires_at=entry.offered_until))
    if not held.update(state=RELEASED):
        return False
    _lapse(seat)
    give_one_back(cohort)
    return True


def _lapse(seat: Seat) -> None:
    """The seat was offered to somebody who did not buy it in time: they may wait anew."""
    offered = WaitingEntry.objects.filter(pk=seat.entry_id, state=WaitingEntry.State.OFFERED)
    offered.update(state=WaitingEntry.State.LAPSED)


@transaction.atomic
def take_seat(*, line) -> Seat:
    """The line is paid: its held seat is taken; one that ran out is taken again if there is room.

    Raises SeatsGone (the money came too late: refund it) and AlreadySeated.
    """
    cohort = _locked(cohort_named(line.key).pk)
    seat = Seat.objects.filter(line=line.public_id).first()
    if seat and seat.state == TAKEN:
        # Delivered again, a seat opens what it must, should that have been lost.
        _open(cohort, line)
        return seat
    if seat is None or seat.state != HELD:
        seat = _claim_offer(cohort, line, clock.now()) or _take_late(cohort, line, seat)
    person = line.person.pk
    try:
        with transaction.atomic():
            moved = Seat.objects.filter(pk=seat.pk, state=HELD).update(
                state=TAKEN, person=person, taken_at=clock.now(), expires_at=None
            )
    except IntegrityError as error:
        raise AlreadySeated from error
    if not moved:
        raise SeatsGone
    _stop_waiting(cohort, line)
    _open(cohort, line)
    audit.record("cohort.seat_taken", cohort.public_id, actor=line.person, line=line.public_id)
    seat.refresh_from_db()
    return seat


def _take_late(cohort: Cohort, line, seat: Seat | None) -> Seat:
    if not take_one(cohort):
        raise SeatsGone("The money came after the seat had run out, and none is left: refund it.")
    try:
        return _write(cohort, line, seat, state=HELD, expires_at=clock.now())
    except SeatHeld as error:
        raise AlreadySeated from error


def _stop_waiting(cohort: Cohort, line) -> None:
    who = Q(person=line.person) | Q(email__iexact=line.person.email)
    live = WaitingEntry.objects.filter(who, cohort=cohort, state__in=WaitingEntry.LIVE)
    for entry in live.order_by("pk"):
        WaitingEntry.objects.filter(pk=entry.pk).update(state=WaitingEntry.State.BOUGHT)
        spare = Seat.objects.filter(entry=entry, state=HELD, line=None)
        if spare.update(state=RELEASED):
            give_one_back(cohort)


def _open(cohort: Cohort, line) -> None:
    grant = give_grant(
        person=line.person,
        scope=Grant.Scope.COURSE,
        scope_key=cohort.course.public_id,
        source=source_of(line),
        source_key=line.public_id,
    )
    if grant.is_valid and cohort.course.published_edition is not None:
        start_course(person=line.person, course=cohort.course)


def source_of(line) -> str:
    return Grant.Source.GIFT if getattr(line, "gift", None) else Grant.Source.ORDER


@transaction.atomic
def give_up_seat(*, line) -> bool:
    """The line is refunded: its seat is free again, and what it opened ends."""
    seat = Seat.objects.filter(line=line.public_id).first()
    cohort = _locked(seat.cohort_id) if seat else None
    end_grant(source=source_of(line), source_key=line.public_id, reason="refunded")
    if seat is None:
        return False
    live = Seat.objects.filter(pk=seat.pk, state__in=Seat.LIVE)
    if not live.update(state=RELEASED, expires_at=None):
        return False
    give_one_back(cohort)
    audit.record("cohort.seat_given_up", cohort.public_id, line=line.public_id)
    return True


@retried
@transaction.atomic
def _expire(seat: Seat) -> bool:
    cohort = _locked(seat.cohort_id)
    over = Seat.objects.filter(pk=seat.pk, state=HELD, expires_at__lte=clock.now())
    if not over.update(state=EXPIRED):
        return False
    _lapse(seat)
    give_one_back(cohort)
    return True


def free_expired_seats() -> int:
    """Seats whose hold or offer ran out are free again; returns how many. Safe to run side by side."""
    over = Seat.objects.filter(state=HELD, expires_at__lte=clock.now()).order_by("expires_at", "pk")
    return sum(_expire(seat) for seat in over[:BATCH])
