"""What order lines have given here: for the till's self-check, which knows lines but no grants."""

from django.db.models import Q

from engineroom.models import AuditEntry
from learning.models import Grant, Seat, SeatBatch

KINDS = {"course", "membership", "cohort-seat", "team-seats"}
GRANT_ENDED = "learning.grant_ended"
BOUGHT = (Grant.Source.ORDER, Grant.Source.GIFT, Grant.Source.MEMBERSHIP)


def holdings() -> dict:
    """Slot `payments.holdings`: {"kinds", "given", "ended", "held"}, sets of public ids of order lines
    but for the kinds of things this room gives.

    `given` opens something now; `ended` was closed by somebody, or its period is over; `held` keeps a
    place that is not paid yet. Five queries.
    """
    bought = Grant.objects.filter(source__in=BOUGHT)
    valid = set(bought.valid().values_list("source_key", flat=True))
    over = bought.exclude(pk__in=bought.valid().values("pk"))
    closed = AuditEntry.objects.filter(action=GRANT_ENDED, target__in=over.values("public_id"))
    # A course that was bought has no end: where one has passed and nobody set it, something is wrong.
    is_closed = Q(public_id__in=closed.values("target")) | Q(source=Grant.Source.MEMBERSHIP)
    every = set(over.filter(is_closed).values_list("source_key", flat=True))
    seats, held = set(), set()
    for line, state in Seat.objects.exclude(line=None).values_list("line", "state"):
        if state == Seat.State.TAKEN:
            seats.add(line)
        if state == Seat.State.HELD:
            held.add(line)
    live, gone = set(), set()
    for line, withdrawn_at in SeatBatch.objects.values_list("line", "withdrawn_at"):
        (gone if withdrawn_at else live).add(line)
    given = valid | seats | live
    return {"kinds": KINDS, "given": given, "ended": (every | gone) - given, "held": held}
