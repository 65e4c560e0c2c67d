"""The demo school, planted once for the whole package inside a transaction that is never kept."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from config import demo
from tests import prepared


def open_demo_school() -> None:
    """A copy of the database in which it was planted before, if with the same code (SQLite)."""
    here = Path(connection.settings_dict["NAME"]).with_name("demo.db")
    files = here.with_name("demo-files")

    def plant():
        with override_settings(MEDIA_ROOT=files):
            demo.plant()

    # It is planted in a database without other tests' rows, where it has to be planted.
    prepared.prepared("migrated", prepared.migrated_key(), pytest.fail, here)
    prepared.prepared("demo", prepared.demo_key(), plant, here, (files, settings.MEDIA_ROOT))


@pytest.fixture(scope="package")
def planted(django_db_setup, django_db_blocker):
    """The demo school in the test database. Each test's own transaction lies inside this one."""
    is_embedded, usual = connection.vendor == "sqlite", connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        if is_embedded:
            open_demo_school()
        block = transaction.atomic()
        block._from_testcase = True  # actions that must be outermost may run inside it
        block.__enter__()
        if not is_embedded:
            demo.plant()
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        block.__exit__(None, None, None)
        if is_embedded:
            prepared.open_database(usual)


@pytest.fixture
def school(planted, db):
    """The demo school; what the test changes is taken back."""
