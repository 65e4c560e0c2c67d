"""What order lines have given here: for the till's self-check, which knows lines but no grants."""

from django.db.models import Q

from engineroom.models import AuditEntry
from learning.models import Grant, Seat, SeatBatch
from learning.queries.cohorts import KIND as COHORT_SEAT
from payments.models import OrderLine

KINDS = {"course", "membership", "cohort-seat", "team-seats"}
GRANT_ENDED = "learning.grant_ended"
BOUGHT = (Grant.Source.ORDER, Grant.Source.GIFT, Grant.Source.MEMBERSHIP)


def holdings() -> dict:
    """Slot `payments.holdings`: {"kinds", "given", "ended", "held", "partly"}, sets of public ids of
    order lines but for the kinds of things this room gives.

    `given` opens something now, `partly` of it lacks a part: a seat that opens nothing, or what was
    opened without the seat; `ended` was closed by somebody, or its period is over; `held` keeps a
    place that is not paid yet. Five queries.
    """
    bought = Grant.objects.filter(source__in=BOUGHT)
    valid = set(bought.valid().values_list("source_key", flat=True))
    over = bought.exclude(pk__in=bought.valid().values("pk"))
    closed = AuditEntry.objects.filter(action=GRANT_ENDED, target__in=over.values("public_id"))
    # A course that was bought has no end: where one has passed and nobody set it, something is wrong.
    is_closed = Q(public_id__in=closed.values("target")) | Q(source=Grant.Source.MEMBERSHIP)
    every = set(over.filter(is_closed).values_list("source_key", flat=True))
    seats, held, forgotten = set(), set(), set()
    rows = Seat.objects.exclude(line=None).values_list("line", "state", "person")
    for line, state, person in rows:
        if state == Seat.State.TAKEN:
            seats.add(line)
            # What an erased person had open is gone; the seat stays theirs in the count.
            forgotten |= set() if person else {line}
        if state == Seat.State.HELD:
            held.add(line)
    of_cohorts = OrderLine.objects.filter(kind=COHORT_SEAT).values_list("public_id", flat=True)
    partly = ((valid & set(of_cohorts)) - seats) | (seats - valid - every - forgotten)
    live, gone = set(), set()
    for line, withdrawn_at in SeatBatch.objects.values_list("line", "withdrawn_at"):
        (gone if withdrawn_at else live).add(line)
    given = valid | seats | live
    return {
        "kinds": KINDS,
        "given": given,
        "ended": (every | gone) - given,
        "held": held,
        "partly": partly,
    }
