"""What every test gets: no network beyond this machine, a clean counter store, no leftover slots."""

import socket

import pytest
from django.core.cache import cache
from django.db.backends.base.operations import BaseDatabaseOperations

from engineroom import clock

LOCAL = {"127.0.0.1", "::1", "localhost"}


class NetworkUsed(AssertionError):
    """A test tried to leave the machine."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Sockets reach this machine only."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise NetworkUsed(f"A test tried to reach {address[0]}.")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def steady_clock():
    """The stored clock of a test school is read only by tests that move it."""
    clock.follow(None)
    yield
    clock.follow(None)


@pytest.fixture(autouse=True)
def fresh_counters():
    """Throttles start at zero in every test."""
    cache.clear()
    yield
    cache.clear()


def _without_guards(flush):
    """Guarded tables refuse to be emptied, also after a test: their triggers step aside for it."""

    def flushed(self, statements):
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "sqlite":
                cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                triggers = cursor.fetchall()
                before = [f"DROP TRIGGER {name}" for name, _ in triggers]
                after = [sql for _, sql in triggers]
            else:
                cursor.execute(
                    "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
                )
                tables = [table for (table,) in cursor.fetchall()]
                before = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
                after = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables]
        return flush(self, [*before, *statements, *after])

    return flushed


@pytest.fixture(autouse=True, scope="session")
def guarded_tables_can_be_emptied():
    flush = BaseDatabaseOperations.execute_sql_flush
    BaseDatabaseOperations.execute_sql_flush = _without_guards(flush)
    yield
    BaseDatabaseOperations.execute_sql_flush = flush
