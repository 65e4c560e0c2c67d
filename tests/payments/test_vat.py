"""VAT: rates by country, class and day; who owes it; VAT ids; where a buyer is."""

from datetime import date

import pytest

from payments import taxes, vat
from payments.refusals import CountryNotValid, VatIdNotValid

DAY = date(2026, 1, 1)


@pytest.fixture
def german(settings):
    settings.SELLER_COUNTRY = "DE"
    return settings


@pytest.mark.parametrize(
    ("country", "on", "rate"),
    [
        ("EE", date(2025, 6, 30), 2200),
        ("EE", date(2025, 7, 1), 2400),
        ("SK", date(2024, 12, 31), 2000),
        ("SK", date(2025, 1, 1), 2300),
        ("FI", date(2024, 8, 31), 2400),
        ("FI", date(2024, 9, 1), 2550),
        ("RO", date(2025, 7, 31), 1900),
        ("RO", date(2025, 8, 1), 2100),
        ("LU", date(2024, 1, 1), 1700),
        ("DE", date(2020, 1, 1), 1900),
        ("CH", DAY, 810),
    ],
)
def test_the_standard_rate_is_that_of_the_day(country, on, rate):
    assert vat.rates_on(country, on)["standard"] == rate


def test_every_member_state_has_a_standard_rate_within_the_directive():
    assert len(vat.EU) == 27
    for country in vat.EU:
        # Article 97: at least 15 %; nobody charges more than 27 %.
        assert 1500 <= vat.rates_on(country, DAY)["standard"] <= 2700, country


def test_every_rate_names_its_source_and_follows_the_one_before():
    seen = set()
    for row in vat.all_rates():
        assert len(row.source) > 20
        assert row.tax_class in vat.CLASSES
        assert (row.country, row.tax_class, row.valid_from) not in seen
        seen.add((row.country, row.tax_class, row.valid_from))


def test_a_class_that_is_not_listed_is_taxed_at_the_standard_rate():
    assert vat.rates_on("HU", DAY)["e-books"] == 2700
    assert vat.rates_on("DE", DAY)["e-books"] == 700
    assert vat.rates_on("US", DAY) == {}


def test_names_of_countries_outside_the_list_are_understood():
    assert vat.rates_on("EL", DAY) == vat.rates_on("GR", DAY)
    assert vat.rates_on("MC", DAY) == vat.rates_on("FR", DAY)


@pytest.mark.parametrize(
    ("buyer", "vat_id", "kind", "place", "rate"),
    [
        ("DE", "", "standard", "DE", 1900),
        ("DE", "DE136695976", "standard", "DE", 1900),
        ("", "", "standard", "DE", 1900),
        ("FR", "", "standard", "FR", 2000),
        ("GR", "", "standard", "GR", 2400),
        ("FR", "FR40303265045", "reverse", "FR", 2000),
        ("CH", "", "outside", "CH", None),
        ("GB", "GB980780684", "outside", "GB", None),
        ("US", "", "outside", "US", None),
    ],
)
def test_terms_follow_from_where_the_buyer_is(german, buyer, vat_id, kind, place, rate):
    terms = taxes.terms(buyer, vat_id, DAY)

    assert (terms.kind, terms.country) == (kind, place)
    assert terms.rates.get("standard") == rate


def test_a_school_without_a_country_charges_no_tax():
    assert taxes.terms("DE", "", DAY).kind == "none"


def test_without_the_one_stop_shop_consumers_abroad_pay_the_home_rate(german):
    german.SELLER_OSS = False

    consumer = taxes.terms("FR", "", DAY)
    business = taxes.terms("FR", "FR40303265045", DAY)

    assert (consumer.kind, consumer.country, consumer.rates["standard"]) == ("standard", "DE", 1900)
    assert (business.kind, business.rates["standard"]) == ("reverse", 1900)


def test_a_small_business_charges_nobody(german):
    german.SELLER_SMALL_BUSINESS = True

    assert [taxes.terms(place, "", DAY).kind for place in ("DE", "FR", "US")] == [
        "none",
        "none",
        "outside",
    ]
    assert taxes.terms("FR", "FR40303265045", DAY).rates == {}


def test_a_school_outside_the_union(settings):
    settings.SELLER_COUNTRY = "CH"
    assert taxes.terms("CH", "", DAY).rates["standard"] == 810
    assert taxes.terms("FR", "", DAY).rates["standard"] == 2000
    settings.SELLER_OSS = False
    assert taxes.terms("FR", "", DAY).kind == "outside"
    settings.SELLER_COUNTRY = "US"
    assert taxes.terms("US", "", DAY).kind == "none"


@pytest.mark.parametrize(
    ("text", "country", "kept"),
    [
        ("", "DE", ""),
        (" de 136 695 976 ", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("EL094259216", "GR", "EL094259216"),
        ("094259216", "EL", "EL094259216"),
        ("FR 40 303 265 045", "FR", "FR40303265045"),
        ("ATU13585627", "AT", "ATU13585627"),
        ("XI980780684", "GB", "XI980780684"),
        ("980780684", "GB", "GB980780684"),
        ("CHE-107.787.577 MWST", "CH", "CHE107787577MWST"),
        ("NO 995 525 828 MVA", "NO", "995525828MVA"),
    ],
)
def test_sound_vat_ids_are_kept_in_one_form(text, country, kept):
    assert taxes.check_vat_id(text, country) == kept


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("DE136695977", "DE"),
        ("DE136695976", "FR"),
        ("DE136695976", ""),
        ("GR094259216", "GR"),
        ("12-3456789", "US"),
        ("DE" + "1" * 40, "DE"),
        ("٠١٢٣٤٥٦٧٨", "DE"),
        ("\0\0DE1", "DE"),
        ("CHE107787578", "CH"),
    ],
)
def test_other_vat_ids_are_refused(text, country):
    with pytest.raises(VatIdNotValid) as refused:
        taxes.check_vat_id(text, country)

    assert refused.value.field == "vat_id"


@pytest.mark.parametrize("text", ["D", "DEU", "1A", "Ä1", "\0\0"])
def test_a_country_is_two_letters(text):
    with pytest.raises(CountryNotValid):
        taxes.check_country(text)


@pytest.mark.parametrize(
    ("evidence", "speaks_against"),
    [
        ({}, False),
        ({"card": "DE"}, False),
        ({"address": "DE", "card": "DE", "network": "FR"}, False),
        ({"address": "DE", "card": "FR"}, True),
        ({"address": "GR", "network": ""}, True),
        ({"address": "DE", "network": ""}, False),
    ],
)
def test_two_pieces_that_agree_say_where_a_buyer_is(evidence, speaks_against):
    assert bool(taxes.contradiction("DE", evidence)) is speaks_against


@pytest.mark.parametrize(
    ("country", "evidence", "is_short"),
    [
        ("HU", {"address": "HU"}, True),
        ("HU", {"address": "HU", "card": "", "network": ""}, True),
        ("US", {"address": "US"}, True),
        ("HU", {"address": "HU", "card": "HU"}, False),
        ("HU", {"address": "HU", "network": "HU"}, False),
        ("GR", {"address": "GR", "card": "EL"}, False),
        ("DE", {"address": "DE"}, False),
        ("", {}, False),
    ],
)
def test_a_consumer_abroad_is_shown_by_two_pieces(german, country, evidence, is_short):
    assert bool(taxes.shortage(country, evidence)) is is_short
