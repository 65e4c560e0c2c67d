"""The till alone: one dummy kind of thing to sell, no catalog and no learning."""

import pytest

from payments import sellables
from tests.factories.payments import DummySellable


@pytest.fixture(autouse=True)
def dummy():
    """The registered dummy sellable, fresh for every test."""
    thing = DummySellable()
    sellables.register("dummy", thing)
    yield thing
    sellables.forget("dummy")
