"""The till alone: one dummy kind of thing to sell, no catalog and no learning."""

import pytest

from payments import sellables
from tests.factories.payments import DummySellable
from tests.factories.subscriptions import sell_in_periods, use_fake_gateway


@pytest.fixture(autouse=True)
def dummy():
    """The registered dummy sellable, fresh for every test."""
    thing = DummySellable()
    sellables.register("dummy", thing)
    yield thing
    sellables.forget("dummy")


@pytest.fixture
def gateway(settings):
    """The fake gateway that keeps subscriptions, as the school's own."""
    return use_fake_gateway(settings)


@pytest.fixture
def thing():
    """What is sold for periods, in place of the dummy."""
    return sell_in_periods()


@pytest.fixture
def german_seller(settings):
    """A school in Germany that is registered for VAT."""
    settings.SELLER_COUNTRY = "DE"
    settings.SELLER_NAME = "The School"
    settings.SELLER_VAT_ID = "DE136695976"
    settings.SELLER_ADDRESS = ["Long Street 1", "10115 Berlin"]
    return settings
