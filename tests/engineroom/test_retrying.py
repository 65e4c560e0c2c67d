"""A change that the database gave up begins again, as a whole, and not for ever."""

import pytest
from django.db import DatabaseError, OperationalError, transaction

from engineroom import audit, retrying
from engineroom.models import AuditEntry
from engineroom.retrying import retried

pytestmark = pytest.mark.django_db(transaction=True)


class Deadlock(Exception):
    sqlstate = "40P01"


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    """How long was waited between the tries; nobody really waits."""
    waited = []
    monkeypatch.setattr(retrying.time, "sleep", waited.append)
    return waited


def failing(times: int, error):
    """A change that writes a row, then fails so many times; and the numbers of its tries."""
    tries = []

    @retried
    @transaction.atomic
    def change():
        tries.append(len(tries) + 1)
        audit.record("try", str(len(tries)))
        if len(tries) <= times:
            raise error
        return len(tries)

    return change, tries


@pytest.mark.parametrize("error", [deadlock(), OperationalError("database is locked")])
def test_a_change_that_lost_twice_is_made_the_third_time(error, pauses):
    change, tries = failing(2, error)

    assert change() == 3

    assert [entry.target for entry in AuditEntry.objects.filter(action="try")] == ["3"]
    assert len(pauses) == 2
    assert all(0.02 <= pause <= 0.2 for pause in pauses)


def test_after_three_tries_the_error_is_told():
    change, tries = failing(9, deadlock())

    with pytest.raises(OperationalError):
        change()

    assert tries == [1, 2, 3]
    assert not AuditEntry.objects.filter(action="try").exists()


@pytest.mark.parametrize(
    "error",
    [OperationalError("no such table"), DatabaseError("database is locked"), ValueError("locked")],
)
def test_what_will_not_pass_is_tried_once(error):
    change, tries = failing(9, error)

    with pytest.raises(type(error)):
        change()

    assert tries == [1]


def test_inside_an_open_transaction_nothing_is_tried_again():
    """What came before in the transaction is lost with it: only its owner can begin again."""
    change, tries = failing(1, deadlock())

    with pytest.raises(OperationalError), transaction.atomic():
        change()

    assert tries == [1]


def test_the_owner_of_the_transaction_begins_again_for_what_it_calls():
    inner, tries = failing(1, deadlock())

    @retried
    @transaction.atomic
    def outer():
        return inner()

    assert outer() == 2
    assert tries == [1, 2]


def test_who_has_waited_long_is_told_at_once(monkeypatch):
    monkeypatch.setattr(retrying, "PATIENCE_SECONDS", -1)
    change, tries = failing(9, OperationalError("database is locked"))

    with pytest.raises(OperationalError):
        change()

    assert tries == [1]
