"""Cohorts as pages, staff and the till see them."""

from dataclasses import dataclass

from django.db.models import Q

from accounts.bearers import digest
from engineroom import freshness
from learning.models import Cohort, Seat, WaitingEntry
from learning.refusals import NoSuchCohort
from payments.models import Offer
from payments.queries.things import offers_of

KIND = "cohort-seat"


def cohort_by_id(public_id: str) -> Cohort | None:
    """The cohort with its course: one query."""
    if not public_id.isprintable():
        return None
    return (
        Cohort.objects.select_related("course__published_edition", "course__cover__image")
        .filter(public_id=public_id)
        .first()
    )


def cohort_named(key: str) -> Cohort:
    """The same; raises NoSuchCohort."""
    cohort = cohort_by_id(key)
    if cohort is None:
        raise NoSuchCohort
    return cohort


def coming_cohorts(course) -> list[Cohort]:
    """Cohorts of the course that can be booked or waited for, the next first: one query."""
    found = list(Cohort.objects.coming().filter(course=course).order_by("starts_on", "pk")[:20])
    for cohort in found:
        freshness.changes_at(cohort.sells_until)
    return found


def all_cohorts():
    """For lists: the coming ones of published courses, with their courses."""
    return (
        Cohort.objects.coming()
        .filter(course__published_edition__isnull=False)
        .select_related("course")
        .order_by("-pk")
    )


def seat_of(person, cohort: Cohort) -> Seat | None:
    """The person's live seat: one query, none for a stranger."""
    if person is None:
        return None
    return cohort.seats.filter(person=person, state__in=Seat.LIVE).first()


def may_be_kept(person, cohort: Cohort) -> bool:
    """Whether one of the held seats may be this buyer's: offered to them, or held by a guest whose
    address is not known here. Holding it decides. One query."""
    theirs = Q(person=None)
    if person is None:
        theirs |= Q(line=None)
    else:
        theirs |= Q(entry__person=person) | Q(entry__email__iexact=person.email)
    return cohort.seats.filter(theirs, state=Seat.State.HELD).exists()


def waiting_entry(cohort: Cohort, person, key: str = "") -> WaitingEntry | None:
    """The visitor's place in the line, by who they are or by the key of a mailed link: one query."""
    live = cohort.waiting.filter(state__in=WaitingEntry.LIVE)
    if person is not None:
        mine = live.filter(Q(person=person) | Q(email__iexact=person.email)).first()
        if mine:
            return mine
    return live.filter(key_digest=digest(key)).first() if key else None


def place_in_line(entry: WaitingEntry) -> int:
    """1 for who is asked next: one query."""
    return entry.cohort.waiting.filter(state=WaitingEntry.State.WAITING, pk__lte=entry.pk).count()


@dataclass(frozen=True)
class CohortRow:
    """A cohort with the offer that sells its seats, or None."""

    cohort: Cohort
    offer: Offer | None


def with_offers(cohorts: list[Cohort]) -> list[CohortRow]:
    """One query for all offers, none for no cohort."""
    keys = [cohort.public_id for cohort in cohorts]
    offers = offers_of(KIND, keys) if keys else {}
    return [CohortRow(cohort, offers.get(cohort.public_id)) for cohort in cohorts]
