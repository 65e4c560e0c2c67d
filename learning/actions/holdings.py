"""Taking back what an order line has given, for the till's self-check."""

from types import SimpleNamespace

from django.db import transaction

from learning.actions.access import end_grant
from learning.actions.cohort_seats import release_seat
from learning.queries.holdings import BOUGHT


@transaction.atomic
def end_holding(line: str) -> int:
    """Slot `payments.end_holding`: end every grant that hangs on the line of this public id, and let
    go of a place held for it; returns how many things ended."""
    let_go = release_seat(line=SimpleNamespace(public_id=line))
    ended = sum(end_grant(source=source, source_key=line, reason="self-check") for source in BOUGHT)
    return ended + int(let_go)
