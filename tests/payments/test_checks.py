"""A school that charges VAT is told what its invoices lack."""

import pytest
from django.core.checks import run_checks

from payments.checks import seller_is_complete


@pytest.fixture
def german(settings):
    settings.SELLER_COUNTRY = "DE"
    settings.SELLER_NAME = "Example School GmbH"
    settings.SELLER_ADDRESS = ["Long Street 1", "10115 Berlin"]
    settings.SELLER_VAT_ID = "DE136695976"
    settings.SELLER_SMALL_BUSINESS = False
    return settings


def ids() -> list[str]:
    return [one.id for one in seller_is_complete(None)]


def test_a_complete_seller_hears_nothing(german):
    assert ids() == []


def test_without_a_country_nothing_is_asked(german):
    german.SELLER_COUNTRY = german.SELLER_VAT_ID = ""
    german.SELLER_ADDRESS = []

    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SELLER_VAT_ID", "", "payments.W001"),
        ("SELLER_VAT_ID", "DE136695975", "payments.W002"),
        ("SELLER_VAT_ID", "FR40303265045", "payments.W002"),
        ("SELLER_ADDRESS", [], "payments.W003"),
        ("SELLER_ADDRESS", [" "], "payments.W003"),
        ("SELLER_NAME", "", "payments.W004"),
    ],
)
def test_what_is_missing_or_wrong_is_said(german, name, value, complaint):
    setattr(german, name, value)

    assert ids() == [complaint]
    assert complaint in [one.id for one in run_checks()]


def test_the_name_of_the_school_alone_is_no_name_of_a_business(german):
    german.SELLER_NAME = german.SCHOOL_NAME

    assert ids() == ["payments.W004"]


def test_a_small_business_needs_no_vat_id(german):
    german.SELLER_VAT_ID, german.SELLER_SMALL_BUSINESS = "", True

    assert ids() == []


def test_ids_of_countries_we_cannot_check_are_taken_as_they_are(german):
    german.SELLER_COUNTRY, german.SELLER_VAT_ID = "JP", "T1234567890123"

    assert ids() == []
