"""Who reads an invoice, by page, file, mail and admin."""

import pytest
from django.core import mail
from django.test import Client

from accounts.roles import SUPPORT
from engineroom import outbox
from payments.actions.invoices import resend_invoice
from payments.actions.people import forget_buyer
from payments.models import Invoice
from payments.views.visitors import SESSION_KEY
from tests.factories.accounts import make_user
from tests.factories.invoices import credit, make_invoice
from tests.payments.en16931 import hold_to_the_rules

pytestmark = pytest.mark.usefixtures("german_seller")


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
