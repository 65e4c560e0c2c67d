"""What order lines have given here: for the till's self-check, which knows lines but no grants."""

from learning.models import Grant, Seat, SeatBatch

KINDS = {"course", "membership", "cohort-seat", "team-seats"}
BOUGHT = (Grant.Source.ORDER, Grant.Source.GIFT, Grant.Source.MEMBERSHIP)


def holdings() -> dict:
    """Slot `payments.holdings`: {"kinds", "given", "ended", "held"}, sets of public ids of order lines
    but for the kinds of things this room gives.

    `given` opens something now, `ended` did so once, `held` keeps a place that is not paid yet. Four
    queries.
    """
    bought = Grant.objects.filter(source__in=BOUGHT)
    valid = set(bought.valid().values_list("source_key", flat=True))
    every = set(bought.values_list("source_key", flat=True))
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
