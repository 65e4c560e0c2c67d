"""Work in the database that is taken back when the block ends: for what a whole module measures once."""

from contextlib import contextmanager

from django.db import transaction


@contextmanager
def unkept(blocker):
    """`blocker`: the fixture django_db_blocker. Actions that must be outermost may run inside."""
    with blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True
        with block:
            yield
            transaction.set_rollback(True)
