"""The three forms of an invoice: page, PDF/UA-1, EN 16931 XML; and who may see them."""

import io
from decimal import ROUND_HALF_UP, Decimal

import pypdf
import pytest
from django.core import mail
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from accounts.actions import issue_device
from accounts.roles import SUPPORT
from engineroom import outbox
from engineroom.addresses import visitor_country
from payments import einvoice, invoicing, pricing, printing, vies
from payments.actions.evidence import UNCHECKED, note_evidence, note_network, note_vat_id_check
from payments.actions.invoices import resend_invoice
from payments.actions.people import forget_buyer
from payments.models import Invoice
from payments.views.visitors import SESSION_KEY
from tests.factories.accounts import make_user
from tests.factories.invoices import credit, make_invoice, make_taxable_order, tax_order
from tests.factories.payments import make_checkout

RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
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


@pytest.fixture(autouse=True)
def german(settings):
    settings.SELLER_COUNTRY = "DE"
    settings.SELLER_NAME = "The School"
    settings.SELLER_VAT_ID = "DE136695976"
    settings.SELLER_ADDRESS = ["Long Street 1", "10115 Berlin"]
    return settings


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


def amounts(xml: bytes) -> dict[str, Decimal]:
    """The sums of the document by the name of their element."""
    root = etree.fromstring(xml)
    sums = root.find(f".//{RAM}SpecifiedTradeSettlementHeaderMonetarySummation")
    return {child.tag.removeprefix(RAM): Decimal(child.text) for child in sums}


def hold_to_the_rules(xml: bytes) -> None:
    """BR-CO-10, 13, 14, 15, 16, 17 of EN 16931, recomputed from the XML alone."""
    root, sums = etree.fromstring(xml), amounts(xml)
    lines = [
        Decimal(one.text)
        for one in root.findall(
            f".//{RAM}SpecifiedTradeSettlementLineMonetarySummation/{RAM}LineTotalAmount"
        )
    ]
    groups = [
        {child.tag.removeprefix(RAM): child.text for child in tax}
        for tax in root.findall(f".//{RAM}ApplicableHeaderTradeSettlement/{RAM}ApplicableTradeTax")
    ]
    assert sums["LineTotalAmount"] == sum(lines)
    assert sums["TaxBasisTotalAmount"] == (
        sums["LineTotalAmount"] - sums["AllowanceTotalAmount"] + sums["ChargeTotalAmount"]
    )
    assert sums["TaxTotalAmount"] == sum(Decimal(group["CalculatedAmount"]) for group in groups)
    assert sums["GrandTotalAmount"] == sums["TaxBasisTotalAmount"] + sums["TaxTotalAmount"]
    assert sums["DuePayableAmount"] == (
        sums["GrandTotalAmount"] - sums["TotalPrepaidAmount"] + sums.get("RoundingAmount", 0)
    )
    for group in groups:
        exact = Decimal(group["BasisAmount"]) * Decimal(group.get("RateApplicablePercent", 0)) / 100
        cents = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert Decimal(group["CalculatedAmount"]) == cents


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


FORMS = ("/", ".pdf", ".xml")


@pytest.mark.django_db
def test_the_owner_reads_page_pdf_and_xml():
    person = make_user()
    invoice = make_invoice(person=person)
    client = client_of(person)

    page, pdf, xml = (client.get(f"/invoices/{invoice.public_id}{form}") for form in FORMS)

    assert invoice.number in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"
    assert pdf.content.startswith(b"%PDF")
    assert pdf["Content-Disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    hold_to_the_rules(xml.content)
    assert xml["Content-Type"] == "application/xml"


@pytest.mark.django_db
def test_a_foreign_invoice_is_not_there():
    invoice = make_invoice(person=make_user())

    for client in (Client(), client_of(make_user()), client_of(make_user(is_staff=True))):
        for form in FORMS:
            assert client.get(f"/invoices/{invoice.public_id}{form}").status_code == 404
    assert Client().get("/invoices/none/").status_code == 404


@pytest.mark.django_db
def test_staff_who_may_see_invoices_see_all():
    invoice = make_invoice(person=make_user())
    client = client_of(make_user(is_staff=True, roles=[SUPPORT]))

    assert client.get(f"/invoices/{invoice.public_id}/").status_code == 200


@pytest.mark.django_db
def test_a_guest_sees_it_in_the_browser_that_paid():
    invoice = make_invoice(email="guest@example.com")
    checkout = invoice.order.checkout
    guest = Client()
    session = guest.session
    session[SESSION_KEY] = [checkout.public_id]
    session.save()
    guest.cookies["session"] = session.session_key

    assert guest.get(f"/invoices/{invoice.public_id}/").status_code == 200
    assert Client().get(f"/invoices/{invoice.public_id}/").status_code == 404


@pytest.mark.django_db
def test_the_receipt_links_to_it_on_page_and_in_mail():
    person = make_user()
    invoice = make_invoice(person=person)
    note = credit(invoice, [100])
    outbox.drain()

    page = client_of(person).get(invoice.order.get_absolute_url()).content.decode()

    assert invoice.get_absolute_url() in page
    assert note.get_absolute_url() in page
    receipt = next(sent for sent in mail.outbox if "receipt" in sent.subject.lower())
    refund = next(sent for sent in mail.outbox if "refund" in sent.subject.lower())
    for sent, document in ((receipt, invoice), (refund, note)):
        assert document.number in sent.body
        assert document.get_absolute_url() in sent.alternatives[0][0]


@pytest.mark.django_db
def test_staff_can_send_it_once_more():
    invoice = make_invoice(person=make_user(email="buyer@example.com"))

    resend_invoice(invoice=invoice, actor=make_user(is_staff=True))
    outbox.drain()

    assert mail.outbox[-1].subject == f"Your invoice {invoice.number}"
    assert mail.outbox[-1].to == ["buyer@example.com"]


@pytest.mark.django_db
def test_the_page_of_an_erased_buyer_still_says_what_was_sold():
    person = make_user(name="Leaving Person")
    invoice = make_invoice(person=person)
    forget_buyer(person=person)
    staff = client_of(make_user(is_staff=True, roles=[SUPPORT]))

    assert staff.get(f"/invoices/{invoice.public_id}/").status_code == 200
    assert Invoice.objects.get().document["buyer"]["name"]


# ---- VIES


def answer(status, body):
    return lambda _question: (status, body)


def asleep(_question):
    raise TimeoutError


@pytest.mark.parametrize(
    ("call", "known"),
    [
        (answer(200, b'{"valid": true}'), True),
        (answer(200, b'{"valid": false}'), False),
        (answer(200, b'{"actionSucceed": false, "errorWrappers": []}'), None),
        (answer(503, b'{"valid": false}'), None),
        (answer(200, b"<html>"), None),
        (answer(200, b"[" * 60_000), None),
        (asleep, None),
    ],
)
def test_vies_says_yes_no_or_nothing(call, known):
    assert vies.is_known("DE136695976", call=call) is known


@pytest.mark.django_db
def test_an_order_says_that_its_vat_id_is_unchecked_until_vies_answers(german):
    order = tax_order(make_taxable_order(), kind="reverse", country="FR", vat_id="FR40303265045")

    note_evidence(order, "FR")
    order.refresh_from_db()
    assert order.evidence["vat_id_check"] == UNCHECKED

    note_vat_id_check(order=order, outcome="unknown")
    order.refresh_from_db()
    assert order.evidence["vat_id_check"] == "unknown"
    assert "VIES" in order.attention


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "said", "kept"),
    [(1, "fr", "FR"), (0, "FR", ""), (1, "XX", ""), (1, "T1", ""), (1, "France", "")],
)
def test_a_trusted_proxys_country_is_kept_as_evidence(settings, rf, proxies, said, kept):
    settings.GEO_COUNTRY_HEADER, settings.TRUSTED_PROXIES = "X-Country", proxies
    checkout = make_checkout()

    country = visitor_country(rf.get("/", headers={"X-Country": said}))
    note_network(checkout=checkout, country=country)

    checkout.refresh_from_db()
    assert checkout.evidence.get("network", "") == kept
