"""What every test gets: no network beyond this machine, a clean counter store, no leftover slots."""

import gc
import socket
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

from engineroom import clock
from payments.gateways import fuse
from tests import prepared

LOCAL = {"127.0.0.1", "::1", "localhost"}


class NetworkUsed(AssertionError):
    """A test tried to leave the machine."""


def pytest_collection_finish(session):
    """What the imports left stays until the end: looking through it again and again for garbage
    took a fifth of the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker):
    """The migrated database: a copy of the one that was made for these migrations, if SQLite."""
    if connection.vendor != "sqlite":
        request.getfixturevalue("django_db_setup")
        yield
        return
    here = Path(settings.DATABASES["default"]["TEST"]["NAME"]).with_name("copy.db")
    with django_db_blocker.unblock():
        whole = prepared.prepared(
            "migrated",
            prepared.migrated_key(),
            lambda: request.getfixturevalue("django_db_setup"),
            here,
        )
    with prepared.emptied_by_copying(whole, here):
        yield


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
def no_waiting(monkeypatch):
    """Only the tests that time sign-ups wait for their answers."""
    monkeypatch.setattr("accounts.steady.STEP_MS", 0)


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


@pytest.fixture(autouse=True)
def whole_fuses():
    """No gateway has failed before the test."""
    fuse.renew()


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
