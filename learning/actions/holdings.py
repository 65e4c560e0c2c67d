"""Taking back what an order line has given, for the till's self-check."""

from types import SimpleNamespace

from django.db import transaction

from learning.actions.access import end_grant
from learning.actions.cohort_seats import give_up_seat, release_seat
from learning.actions.seats import withdraw_seats
from learning.queries.holdings import BOUGHT


@transaction.atomic
def end_holding(line: str) -> int:
    """Slot `payments.end_holding`: end every grant that hangs on the line of this public id, let go
    of a place held or taken by it, and take its team's seats back; returns how many things ended."""
    named = SimpleNamespace(public_id=line)
    ended = sum(end_grant(source=source, source_key=line, reason="self-check") for source in BOUGHT)
    let_go = release_seat(line=named) or give_up_seat(line=named)
    return ended + int(let_go) + len(withdraw_seats(line=named))
