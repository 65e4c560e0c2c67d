"""Planning cohorts, and the line of people who wait for a seat."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef

from accounts.bearers import digest, new_token
from catalog.models import Course
from engineroom import audit, clock, mail
from engineroom.addresses import absolute_url
from engineroom.retrying import retried
from learning.models import Cohort, Seat, WaitingEntry
from learning.refusals import AlreadySeated, BadCohort, CohortClosed, NotWaiting, SeatsFree

OFFER_LASTS = timedelta(hours=24)
MOST_SEATS = 100_000


def _checked(
    title: str, starts_on: date, ends_on: date, capacity: int, sells_until: datetime | None
) -> None:
    if not title.strip() or len(title) > 120 or not title.isprintable():
        raise BadCohort("Give the cohort a title of up to 120 characters.", field="title")
    if ends_on < starts_on:
        raise BadCohort("The last day must not come before the first.", field="ends_on")
    if not 1 <= capacity <= MOST_SEATS:
        raise BadCohort(f"A cohort has 1 to {MOST_SEATS} seats.", field="capacity")
    if sells_until is not None and sells_until.date() > ends_on:
        raise BadCohort("Seats cannot be sold after the last day.", field="sells_until")


@transaction.atomic
def plan_cohort(
    *,
    course: Course,
    title: str,
    starts_on: date,
    ends_on: date,
    sells_until: datetime,
    capacity: int,
    is_open: bool = True,
    actor=None,
) -> Cohort:
    """A new cohort of the course. Raises BadCohort."""
    _checked(title, starts_on, ends_on, capacity, sells_until)
    cohort = Cohort.objects.create(
        course=course,
        title=title.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        sells_until=sells_until,
        capacity=capacity,
        is_open=is_open,
    )
    audit.record("cohort.planned", cohort.public_id, actor=actor, seats=capacity)
    return cohort


@retried
@transaction.atomic
def change_cohort(*, cohort: Cohort, actor=None, **fields) -> Cohort:
    """Change title, days, capacity or sale. Seats that come free are offered to who waits.

    Raises BadCohort, also when more seats are taken than the new capacity holds.
    """
    current = Cohort.objects.select_for_update().get(pk=cohort.pk)
    names = ("title", "starts_on", "ends_on", "sells_until", "capacity", "is_open")
    wanted = {name: fields.get(name, getattr(current, name)) for name in names}
    _checked(*(wanted[name] for name in names[:3]), wanted["capacity"], wanted["sells_until"])
    changed = Cohort.objects.filter(pk=cohort.pk, seats_taken__lte=wanted["capacity"])
    if not changed.update(**wanted):
        raise BadCohort(f"{current.seats_taken} seats are taken already.", field="capacity")
    current.refresh_from_db()
    said = {name: str(wanted[name]) for name in fields if name in names}
    audit.record("cohort.changed", cohort.public_id, actor=actor, **said)
    offer_free_seats(current)
    return current


def take_one(cohort: Cohort) -> bool:
    """Count one more seat as taken, if there is one: never more than the capacity."""
    return bool(
        Cohort.objects.filter(pk=cohort.pk, seats_taken__lt=F("capacity")).update(
            seats_taken=F("seats_taken") + 1
        )
    )


def give_one_back(cohort: Cohort) -> None:
    """Count one seat less, and offer it to who waits longest. Call it only for a seat whose state
    this transaction has moved: then it goes back once."""
    Cohort.objects.filter(pk=cohort.pk, seats_taken__gt=0).update(seats_taken=F("seats_taken") - 1)
    offer_free_seats(cohort)


def offer_free_seats(cohort: Cohort) -> int:
    """Keep free seats for the first who wait, one each, and write to them; returns how many."""
    cohort.refresh_from_db()
    offered = 0
    while cohort.is_selling:
        entry = _next_in_line(cohort)
        if entry is None or not take_one(cohort):
            break
        if _offer(cohort, entry):
            offered += 1
        else:
            Cohort.objects.filter(pk=cohort.pk).update(seats_taken=F("seats_taken") - 1)
    return offered


def _next_in_line(cohort: Cohort) -> WaitingEntry | None:
    """Who waits longest. Whoever holds a seat that is not paid yet stays in the line, in case their
    order comes to nothing, and is passed over until then."""
    held = Seat.objects.filter(
        cohort=cohort, person=OuterRef("person"), state=Seat.State.HELD, person__isnull=False
    )
    waiting = WaitingEntry.objects.filter(cohort=cohort, state=WaitingEntry.State.WAITING)
    return waiting.exclude(Exists(held)).order_by("pk").first()


def _offer(cohort: Cohort, entry: WaitingEntry) -> bool:
    until = min(clock.now() + OFFER_LASTS, cohort.sells_until)
    waiting = WaitingEntry.objects.filter(pk=entry.pk, state=WaitingEntry.State.WAITING)
    key = new_token("wait")
    if not waiting.update(
        state=WaitingEntry.State.OFFERED, offered_until=until, key_digest=digest(key)
    ):
        return False
    try:
        with transaction.atomic():
            Seat.objects.create(cohort=cohort, person=entry.person, entry=entry, expires_at=until)
    except IntegrityError:
        # They sit in the cohort by now and wait no longer.
        WaitingEntry.objects.filter(pk=entry.pk).update(state=WaitingEntry.State.BOUGHT)
        return False
    words = {
        "title": f"{cohort.course.title}, {cohort.title}",
        "until": until,
        "email": entry.email,
        "url": absolute_url(f"{cohort.get_absolute_url()}?place={key}"),
    }
    mail.send("seat_offered", entry.email, words, key=f"seat-offered:{entry.public_id}")
    audit.record("cohort.seat_offered", cohort.public_id, entry=entry.public_id)
    return True


def _address(email: str, person) -> str:
    if person is not None:
        return person.email
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise BadCohort(
            "Enter an e-mail address such as name@example.com.", field="email"
        ) from error
    if len(email) > 254 or not email.isprintable():
        raise BadCohort("Enter an e-mail address such as name@example.com.", field="email")
    return email


@retried
@transaction.atomic
def wait_for_seat(*, cohort: Cohort, person=None, email: str = "") -> WaitingEntry:
    """A place at the end of the line. Asked again, the place they have.

    Raises CohortClosed, SeatsFree (there is nothing to wait for), AlreadySeated, BadCohort.
    """
    address = _address(email, person)
    cohort.refresh_from_db()
    if not cohort.is_selling:
        raise CohortClosed
    mine = WaitingEntry.objects.filter(cohort=cohort, email=address, state__in=WaitingEntry.LIVE)
    if found := mine.first():
        return found
    if person and cohort.seats.filter(person=person, state=Seat.State.TAKEN).exists():
        raise AlreadySeated
    if not cohort.is_sold_out:
        raise SeatsFree
    try:
        with transaction.atomic():
            entry = WaitingEntry.objects.create(
                cohort=cohort,
                person=person,
                email=address,
                key_digest=digest(new_token("wait")),
            )
    except IntegrityError:
        return mine.get()
    audit.record("cohort.waiting", cohort.public_id, actor=person, entry=entry.public_id)
    # A seat that came free since the page was drawn goes to who waits longest at once.
    offer_free_seats(Cohort.objects.select_for_update().get(pk=cohort.pk))
    entry.refresh_from_db()
    return entry


@retried
@transaction.atomic
def leave_line(*, entry: WaitingEntry, actor=None) -> None:
    """Wait no longer. A seat that was kept goes to the next. Raises NotWaiting."""
    cohort = Cohort.objects.select_for_update().get(pk=entry.cohort_id)
    mine = WaitingEntry.objects.filter(pk=entry.pk, state__in=WaitingEntry.LIVE)
    if not mine.update(state=WaitingEntry.State.LEFT):
        raise NotWaiting
    audit.record("cohort.left_line", cohort.public_id, actor=actor, entry=entry.public_id)
    kept = Seat.objects.filter(entry=entry, state=Seat.State.HELD, line=None)
    if kept.update(state=Seat.State.RELEASED):
        give_one_back(cohort)
