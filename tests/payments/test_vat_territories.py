"""Parts of member states where EU VAT does not hold: told by postal code, and charged none."""

from datetime import date

import pytest

from payments import vat
from payments.actions.details import set_billing
from payments.actions.ordering import place_order, start_payment
from payments.models import Invoice
from payments.queries.books import audit_books
from payments.queries.checkouts import lines_of, quote_of
from payments.vat import Seller, decide, territory_of
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, pay

DAY = date(2026, 11, 24)
GERMAN = Seller(country="DE")


@pytest.mark.parametrize(
    ("country", "postal_code", "name"),
    [
        ("ES", "35001", "Canary Islands"),
        ("ES", "38660", "Canary Islands"),
        ("ES", "51001", "Ceuta"),
        ("ES", "52001", "Melilla"),
        ("ES", "28001", ""),
        ("ES", "07001", ""),
        ("FI", "22100", "Åland"),
        ("FI", "FI-22100", "Åland"),
        ("FI", "20100", ""),
        ("DE", "78266", "Büsingen am Hochrhein"),
        ("DE", "27498", "Heligoland"),
        ("DE", "78262", ""),
        ("IT", "23041", "Livigno"),
        ("IT", "22061", "Campione d'Italia"),
        ("IT", "23030", ""),
        ("GR", "630 86", "Mount Athos"),
        ("EL", "63086", "Mount Athos"),
        ("GR", "63075", ""),
        ("FR", "97110", "Guadeloupe, Saint-Barthélemy and Saint-Martin"),
        ("FR", "97200", "Martinique"),
        ("FR", "97300", "French Guiana"),
        ("FR", "97400", "Réunion"),
        ("FR", "97600", "Mayotte"),
        ("FR", "75001", ""),
        ("FR", "20000", ""),  # Corsica has lower rates, and is taxed
        ("MC", "98000", ""),
        ("PT", "9000-001", ""),  # so has Madeira
        ("AT", "6691", ""),
        ("GB", "BT1 5GS", ""),  # Northern Ireland is treated as a member state for goods only
        ("ES", "3500", ""),
        ("ES", "", ""),
        ("", "35001", ""),
    ],
)
def test_a_territory_is_told_by_country_and_postal_code(country, postal_code, name):
    assert territory_of(country, postal_code) == name


@pytest.mark.parametrize("is_business", [True, False])
@pytest.mark.parametrize("one", vat.territories(), ids=lambda one: one.name)
def test_no_eu_vat_is_charged_there(one, is_business):
    for home in sorted(vat.EU):
        terms = decide(
            Seller(country=home), one.country, is_business=is_business, on=DAY, territory=one.name
        )
        assert (terms.kind, terms.country, terms.rates) == ("outside", one.country, {})


def test_the_mainland_is_taxed_as_before():
    assert decide(GERMAN, "ES", is_business=False, on=DAY).rates["standard"] == 2100
    assert decide(GERMAN, "DE", is_business=False, on=DAY).rates["standard"] == 1900


def test_a_swiss_school_charges_swiss_vat_in_büsingen():
    terms = decide(
        Seller(country="CH"), "DE", is_business=False, on=DAY, territory="Büsingen am Hochrhein"
    )

    assert (terms.kind, terms.country, terms.rates["standard"]) == ("standard", "CH", 810)


def test_a_school_without_a_country_taxes_nobody_anywhere():
    assert decide(Seller(), "ES", is_business=False, on=DAY, territory="Ceuta").kind == "none"


def test_every_row_says_its_source_and_is_a_member_state():
    assert len(vat.territories()) >= 15
    for one in vat.territories():
        assert one.country in vat.EU
        assert "article" in one.source
        assert one.postal_codes
        assert all(code.isdigit() and 2 <= len(code) <= 5 for code in one.postal_codes)
    names = [one.name for one in vat.territories()]
    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_a_buyer_on_the_canary_islands_pays_no_vat_from_checkout_to_invoice(settings):
    settings.SELLER_COUNTRY = "DE"
    checkout = make_checkout(person=make_user(), amount_minor=12100)
    billing = {"name": "Ana", "street": "Calle 1", "city": "Las Palmas", "postal_code": "35001"}

    set_billing(
        checkout=checkout, billing=billing | {"postal_code": "28001"}, country="ES", vat_id=""
    )
    checkout.refresh_from_db()
    assert quote_of(checkout, lines_of(checkout)).tax_minor == 2100
    set_billing(checkout=checkout, billing=billing, country="ES", vat_id="")
    checkout.refresh_from_db()
    assert quote_of(checkout, lines_of(checkout)).tax_minor == 0
    order = pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))

    assert (order.tax_kind, order.tax_minor) == ("outside", 0)
    assert order.evidence["territory"] == "Canary Islands"
    document = Invoice.objects.get(order=order).document
    assert [line["category"] for line in document["lines"]] == ["O"]
    assert audit_books()["ok"]


@pytest.mark.django_db
def test_who_moves_to_the_mainland_is_taxed_again(settings):
    settings.SELLER_COUNTRY = "DE"
    checkout = make_checkout(person=make_user())
    for code in ("35001", "28001"):
        set_billing(checkout=checkout, billing={"postal_code": code}, country="ES", vat_id="")
        checkout.refresh_from_db()

    assert checkout.evidence == {"address": "ES"}
