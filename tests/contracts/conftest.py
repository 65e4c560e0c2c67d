"""The small school, built once a module inside a transaction that is never kept."""

import pytest
from django.db import transaction

from payments import sellables
from tests.contracts.world import build


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker):
    """Each test's own transaction lies inside this one."""
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True  # actions that must be outermost may run inside it
        block.__enter__()
        world = build()
    yield world
    sellables.forget("dummy")
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


@pytest.fixture
def world(built, db):
    """The school; what the test changes is taken back."""
    return built
