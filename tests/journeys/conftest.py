"""The demo school, planted once for the whole package inside a transaction that is never kept."""

import pytest
from django.db import transaction

from config import demo


@pytest.fixture(scope="package")
def planted(django_db_setup, django_db_blocker):
    """The demo school in the test database. Each test's own transaction lies inside this one."""
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True  # actions that must be outermost may run inside it
        block.__enter__()
        demo.plant()
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


@pytest.fixture
def school(planted, db):
    """The demo school; what the test changes is taken back."""
