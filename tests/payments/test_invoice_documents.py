"""The three forms of an invoice: page, PDF/UA-1, EN 16931 XML; and who may see them."""

import io

import pypdf
import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from accounts.actions import issue_device
from payments import einvoice, invoicing, pricing, printing
from tests.factories.accounts import make_user
from tests.factories.invoices import make_invoice
from tests.payments.en16931 import hold_to_the_rules

pytestmark = pytest.mark.usefixtures("german_seller")

SELLER = {
    "name": "School & Söhne GmbH",
    "address": ["Long Street 1", "10115 Berlin"],
    "country": "DE",
    "vat_id": "DE136695976",
    "register": "HRB 1 B",
    "email": "bills@school.example",
    "url": "https://school.example",
}


BUYER = {
    "name": "Ada <b>Buyer</b>",
    "company": "",
    "street": "Rue 1",
    "postal_code": "75002",
    "city": "Paris",
    "region": "",
    "country": "FR",
    "vat_id": "",
    "email": "ada@example.com",
}


def make_line(number, gross, rate, category="S", quantity=1) -> dict:
    net, tax, rounding = pricing.tax_within(gross, rate)
    return {
        "id": f"item_{number}",
        "title": f"Course {number}",
        "kind": "course",
        "quantity": quantity,
        "rate": rate,
        "category": category,
        "net_minor": net,
        "tax_minor": tax,
        "rounding_minor": rounding,
        "total_minor": gross,
    }


def make_document(*lines, kind="invoice", currency="EUR", buyer=BUYER, **fields) -> dict:
    lines = list(lines) or [make_line(1, 4900, 1900)]
    return invoicing.document(
        kind=kind,
        number="2026-000001",
        issued_on="2026-11-24",
        order={
            "number": "7QF2-M9XK-4TBW",
            "currency": currency,
            "tax_kind": "standard",
            "coupon": "",
            "discount_minor": 0,
            "supplied_on": "2026-11-23",
            "from": "",
            "until": "",
        },
        seller=SELLER,
        buyer=buyer,
        lines=lines,
        payment={"method": "Visa ending 4242", "gateway": "stripe", "on": "2026-11-23"},
        is_test=False,
        **{"paid_minor": sum(line["total_minor"] for line in lines), **fields},
    )


def test_the_xml_keeps_the_sums_rules_of_the_standard():
    xml = einvoice.xml(make_document(make_line(1, 4900, 1900), make_line(2, 9999, 700, quantity=3)))

    hold_to_the_rules(xml)
    root = etree.fromstring(xml)
    assert root.findtext(".//{*}ExchangedDocument/{*}TypeCode") == "380"
    assert root.findtext(".//{*}SellerTradeParty/{*}PostalTradeAddress/{*}PostcodeCode") == "10115"
    assert root.findtext(".//{*}BuyerTradeParty/{*}Name") == "Ada <b>Buyer</b>"


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(1, 10**7), st.sampled_from([2500, 1900, 2550, 550, 810, 0]))
def test_the_rules_hold_for_any_price(gross, rate):
    hold_to_the_rules(einvoice.xml(make_document(make_line(1, gross, rate, "S" if rate else "Z"))))


@pytest.mark.parametrize("category", ["AE", "O", "E", "Z"])
def test_a_document_without_tax_says_why(category):
    xml = einvoice.xml(
        make_document(make_line(1, 4900, 0, category), buyer=BUYER | {"vat_id": "FR40303265045"})
    )

    hold_to_the_rules(xml)
    tax = etree.fromstring(xml).find(".//{*}ApplicableHeaderTradeSettlement/{*}ApplicableTradeTax")
    assert tax.findtext("{*}CategoryCode") == category
    assert bool(tax.findtext("{*}ExemptionReason")) == (category != "Z")
    # BR-O-02: no VAT id where nothing is subject to VAT.
    assert (b'schemeID="VA"' in xml) == (category != "O")


@pytest.mark.parametrize("currency", ["JPY", "EUR", "HUF"])
def test_any_currency_of_up_to_two_decimals_gives_a_valid_document(currency):
    xml = einvoice.xml(make_document(currency=currency))

    # BR-DEC: no amount has more than two decimals.
    amounts = [
        node.text for node in etree.fromstring(xml).iter() if str(node.tag).endswith("Amount")
    ]
    assert len(amounts) > 5
    assert all(len(amount.partition(".")[2]) <= 2 for amount in amounts), amounts


@pytest.mark.parametrize("currency", ["KWD", "BHD"])
def test_a_currency_of_three_decimals_has_no_xml_and_says_why(currency):
    """BR-DEC allows two: a document with three would be invalid, a rounded one untrue."""
    document = make_document(currency=currency)

    with pytest.raises(einvoice.NoElectronicInvoice, match=f"{currency} has 3 decimals"):
        einvoice.xml(document)
    assert printing.render(document)


@pytest.mark.django_db
def test_page_file_and_api_say_why_a_dinar_invoice_has_no_xml():
    person = make_user()
    invoice = make_invoice(person=person, currency="KWD", amount_minor=12_345)
    client = client_of(person)
    why = "KWD has 3 decimals"

    page = client.get(f"/invoices/{invoice.public_id}/").content.decode()
    assert why in page
    assert f"{invoice.public_id}.xml" not in page
    assert client.get(f"/invoices/{invoice.public_id}.pdf").status_code == 200
    assert client.get(f"/invoices/{invoice.public_id}.xml").status_code == 404
    _device, token, _refresh = issue_device(person=person, name="Phone")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    said = client.get(f"/api/v1/invoices/{invoice.public_id}").json()
    assert said["xml_url"] is None
    assert why in said["why_no_xml"]
    refused = client.get(f"/api/v1/invoices/{invoice.public_id}/xml")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_electronic_invoice")
    assert why in refused.json()["detail"]


def test_letters_that_xml_cannot_hold_are_left_out():
    xml = einvoice.xml(make_document(buyer=BUYER | {"name": "Ada\x00\x0b\ud800 B"}))

    assert etree.fromstring(xml).findtext(".//{*}BuyerTradeParty/{*}Name") == "Ada B"


def test_a_credit_note_names_its_invoice():
    xml = einvoice.xml(
        make_document(
            kind="credit_note",
            corrects={"number": "2026-000001", "issued_on": "2026-11-01", "reason": "Asked"},
        )
    )

    hold_to_the_rules(xml)
    root = etree.fromstring(xml)
    assert root.findtext(".//{*}ExchangedDocument/{*}TypeCode") == "381"
    reference = root.find(".//{*}InvoiceReferencedDocument")
    assert reference.findtext("{*}IssuerAssignedID") == "2026-000001"


def test_a_school_without_a_country_has_no_xml():
    document = make_document()
    document["seller"]["country"] = ""

    with pytest.raises(einvoice.NoElectronicInvoice):
        einvoice.xml(document)


def test_the_pdf_is_tagged_titled_and_has_its_fonts_inside():
    made = printing.render(make_document(buyer=BUYER | {"name": "Ελένη Łódź Ивана"}))

    reader = pypdf.PdfReader(io.BytesIO(made))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Invoice 2026-000001"
    assert b"pdfuaid:part>1<" in root["/Metadata"].get_data().replace(b" ", b"")
    text = reader.pages[0].extract_text()
    for words in ("Invoice 2026-000001", "Ελένη", "Ивана", "€49.00", "19 %", "Rue 1"):
        assert words in text.replace("\xa0", " "), words
    fonts = reader.pages[0]["/Resources"]["/Font"]
    for font in fonts.values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def test_words_of_a_buyer_are_never_read_as_markup():
    evil = '#panic("x") $ * _ `` \\ // [ ] #import "a" @b <c>'
    made = printing.render(make_document(buyer=BUYER | {"name": evil}))

    assert '#panic("x") $ * _' in pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()


def test_a_name_in_letters_no_font_has_is_printed_all_the_same():
    assert printing.render(make_document(buyer=BUYER | {"name": "\U00010900\U0001f9ff"}))


def test_the_same_document_gives_the_same_bytes_and_is_printed_once(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    document = make_document()

    first = printing.pdf(document)
    kept = list(tmp_path.rglob("*.pdf"))
    kept[0].write_bytes(b"from the file")

    assert printing.render(document) == first
    assert len(kept) == 1
    assert printing.pdf(document) == b"from the file"
    assert printing.digest(document) != printing.digest(make_document(make_line(1, 4901, 1900)))


def test_a_folder_that_cannot_be_written_keeps_nobody_from_the_pdf(settings, tmp_path):
    (tmp_path / "invoices").write_text("in the way")
    settings.DATA_DIR = tmp_path

    assert printing.pdf(make_document()).startswith(b"%PDF")


# ---- who may see it


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client
