"""Seats counted anew: what the till's self-check offers where a counter and its rows differ."""

from django.db import transaction

from engineroom import audit
from learning.actions.access import end_grant, give_grant
from learning.actions.cohorts import offer_free_seats
from learning.actions.terms import move_end
from learning.models import Cohort, Grant, SeatBatch, SeatPool, WaitingEntry
from learning.queries.seat_counts import (
    batches_that_differ,
    closed_claims,
    counted_cohorts,
    counted_pools,
    empty_offers,
    seatless_grants,
)
from learning.refusals import SeatsOverdrawn


@transaction.atomic
def recount_seats(subject: str, actor=None) -> bool:
    """Slot `payments.recount`: whether the subject is one of ours, such as "cohort cohort_1". Under
    the row's lock, so that who takes a seat meanwhile is counted.

    Raises SeatsOverdrawn where more seats are given than there are: somebody must choose who stays.
    """
    kind, _, name = subject.partition(" ")
    recount = RECOUNTS.get(kind)
    if recount is None:
        return False
    recount(name, actor)
    return True


def _cohort(name: str, actor) -> None:
    cohort = Cohort.objects.select_for_update(no_key=True).filter(public_id=name).first()
    if cohort is None:
        return
    live = counted_cohorts(pk=cohort.pk).get().live
    if live > cohort.capacity:
        raise SeatsOverdrawn(
            f"{live} seats are given and the cohort has {cohort.capacity}: add seats to it, or"
            " refund some."
        )
    before = cohort.seats_taken
    Cohort.objects.filter(pk=cohort.pk).update(seats_taken=live)
    empty_offers(cohort=cohort).update(state=WaitingEntry.State.LAPSED)
    audit.record("cohort.recounted", name, actor=actor, before=before, seats=live)
    offer_free_seats(cohort)


def _pool(name: str, actor) -> None:
    pool = SeatPool.objects.select_for_update(no_key=True).filter(public_id=name).first()
    if pool is None:
        return
    counted = counted_pools(pk=pool.pk).get()
    if counted.given > counted.paid:
        raise SeatsOverdrawn(
            f"{counted.given} seats are given out and {counted.paid} are paid: take some back."
        )
    SeatPool.objects.filter(pk=pool.pk).update(seats=counted.paid, taken=counted.given)
    before = {"seats": pool.seats, "taken": pool.taken}
    audit.record(
        "team.recounted", name, actor=actor, before=before, seats=counted.paid, taken=counted.given
    )


def _batch(name: str, actor) -> None:
    batch = SeatBatch.objects.filter(line=name).select_related("pool").first()
    if batch is None:
        return
    SeatPool.objects.select_for_update(no_key=True).get(pk=batch.pool_id)
    for found, paid in batches_that_differ(pk=batch.pk):
        SeatBatch.objects.filter(pk=batch.pk).update(seats=paid)
        audit.record("team.batch_recounted", name, actor=actor, before=found.seats, seats=paid)
    _pool(batch.pool.public_id, actor)


def _claim(name: str, actor) -> None:
    for grant in seatless_grants(source_key=name):
        end_grant(
            source=Grant.Source.SEAT, source_key=name, public_id=grant.public_id, actor=actor,
            reason="self-check",
        )  # fmt: skip
    claim = closed_claims(public_id=name).select_related("pool", "person").first()
    if claim is None:
        return
    grant = give_grant(
        person=claim.person,
        scope=claim.pool.scope,
        scope_key=claim.pool.scope_key,
        source=Grant.Source.SEAT,
        source_key=name,
        actor=actor,
    )
    if not grant.is_valid:
        # Nobody ended it: a seat has no end of its own.
        move_end(source=Grant.Source.SEAT, source_key=name, until=None, reason="self-check")
    audit.record("team.seat_opened_again", name, actor=actor)


RECOUNTS = {"cohort": _cohort, "team-seats": _pool, "seats-of": _batch, "seat": _claim}
