"""Seats against what they are counted from: for the till's check of everything.

A cohort's counter, a team's two, and each seat of a team against what it opens. Eight queries at most.
"""

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from engineroom.models import AuditEntry
from learning.models import Cohort, Grant, Seat, SeatBatch, SeatClaim, SeatPool, WaitingEntry
from learning.queries.holdings import GRANT_ENDED
from payments import states
from payments.models import Dispute, OrderLine, RefundLine
from payments.queries.problems import Problem

RECOUNT = "recount"


def counted_cohorts(**which) -> QuerySet[Cohort]:
    """Cohorts with `live`: how many of their seats are held or taken."""
    live = Count("seats", filter=Q(seats__state__in=Seat.LIVE))
    return Cohort.objects.filter(**which).annotate(live=live).order_by("pk")


def counted_pools(**which) -> QuerySet[SeatPool]:
    """Pools with `paid`: the seats of their batches, and `given`: those invited to or claimed."""
    batches = SeatBatch.objects.filter(pool=OuterRef("pk"), withdrawn_at=None).order_by()
    claims = SeatClaim.objects.filter(pool=OuterRef("pk"), state__in=SeatClaim.LIVE).order_by()
    paid = batches.values("pool").annotate(sum=Sum("seats")).values("sum")
    given = claims.values("pool").annotate(number=Count("pk")).values("number")
    return (
        SeatPool.objects.filter(**which)
        .annotate(
            paid=Coalesce(Subquery(paid, output_field=IntegerField()), 0),
            given=Coalesce(Subquery(given, output_field=IntegerField()), 0),
        )
        .order_by("pk")
    )


def empty_offers(**which) -> QuerySet[WaitingEntry]:
    """Who was offered a seat that is not kept for them any more."""
    kept = Seat.objects.filter(entry=OuterRef("pk"), state=Seat.State.HELD)
    offered = WaitingEntry.objects.filter(state=WaitingEntry.State.OFFERED, **which)
    return offered.exclude(Exists(kept)).order_by("pk")


def closed_claims(**which) -> QuerySet[SeatClaim]:
    """Claimed seats of a team that open nothing, though nobody ended what they opened."""
    own = Grant.objects.filter(source=Grant.Source.SEAT, source_key=OuterRef("public_id"))
    by_somebody = AuditEntry.objects.filter(action=GRANT_ENDED).values("target")
    claimed = SeatClaim.objects.filter(state=SeatClaim.State.CLAIMED, person__isnull=False, **which)
    return claimed.exclude(
        Exists(own.valid()) | Exists(own.filter(public_id__in=by_somebody))
    ).order_by("pk")


def seatless_grants(**which) -> QuerySet[Grant]:
    """What a seat of a team opens still, though the seat was taken back or never was."""
    claimed = SeatClaim.objects.filter(state=SeatClaim.State.CLAIMED).values("public_id")
    grants = Grant.objects.valid().filter(source=Grant.Source.SEAT, **which)
    return grants.exclude(source_key__in=claimed).order_by("pk")


def _problem(subject: str, text: str) -> Problem:
    return Problem(subject=subject, text=f"{subject}: {text}", repair=RECOUNT)


def _cohorts() -> list[Problem]:
    return [
        _problem(
            f"cohort {cohort.public_id}",
            f"“{cohort.title}” counts {cohort.seats_taken} seats as taken, {cohort.live} are",
        )
        for cohort in counted_cohorts().exclude(seats_taken=F("live"))
    ]


def _offers() -> list[Problem]:
    names = empty_offers().values_list("cohort__public_id", "cohort__title")
    return [
        _problem(
            f"cohort {name}",
            f"“{title}” calls a seat offered to somebody, and none is kept for them",
        )
        for name, title in names
    ]


def _pools() -> list[Problem]:
    found = []
    for pool in counted_pools().select_related("team", "course"):
        subject = f"team-seats {pool.public_id}"
        whose = f"“{pool.title}” of {pool.team.name}"
        if pool.seats != pool.paid:
            found.append(_problem(subject, f"{whose} has {pool.seats} seats, {pool.paid} are paid"))
        if pool.taken != pool.given:
            text = f"{whose} counts {pool.taken} seats as taken, {pool.given} are given out"
            found.append(_problem(subject, text))
    return found


def _claims() -> list[Problem]:
    closed = closed_claims().values_list("public_id", flat=True)
    found = [_problem(f"seat {name}", "its person has it, and it opens nothing") for name in closed]
    names = seatless_grants().values_list("source_key", flat=True)
    return found + [
        _problem(f"seat {name}", "it was taken back, and opens still") for name in names
    ]


def batches_that_differ(**which) -> list[tuple[SeatBatch, int]]:
    """Batches with another number of seats than their line pays for, and that number. Lines whose
    money is on its way back or in dispute are left out: their seats go when it has gone."""
    rows = SeatBatch.objects.filter(withdrawn_at=None, **which)
    batches = {batch.line: batch for batch in rows.select_related("pool__course")}
    on_its_way = RefundLine.objects.filter(line=OuterRef("pk"), refund__state=states.PENDING)
    disputed = Dispute.objects.filter(payment__order=OuterRef("order"))
    lines = OrderLine.objects.filter(public_id__in=rows.values("line"), withdrawn_at=None)
    # A gift is given whole, or not at all.
    lines = lines.exclude(gift__isnull=False, refunded_minor__gt=0)
    found = []
    for line in lines.exclude(Exists(on_its_way) | Exists(disputed)).order_by("pk"):
        paid = line.left_pieces if line.total_minor else line.quantity
        if batches[line.public_id].seats != paid:
            found.append((batches[line.public_id], paid))
    return found


def _batches() -> list[Problem]:
    return [
        _problem(
            f"seats-of {batch.line}",
            f"“{batch.pool.title}” got {batch.seats} seats by this line, {paid} are paid",
        )
        for batch, paid in batches_that_differ()
    ]


def seats_are_counted() -> list[Problem]:
    """Slot `payments.counters`: what is wrong with seats, in plain words."""
    return _cohorts() + _offers() + _batches() + _pools() + _claims()
