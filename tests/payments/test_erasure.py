"""After an account is deleted, nothing in the database says who it was, but for its invoices."""

import json

import pytest
from django.db import connection

from accounts.actions.erasure import erase_person
from accounts.models import User
from engineroom import outbox
from payments.actions.coupons import make_coupon
from payments.actions.details import set_billing, set_coupon
from payments.actions.giving import set_gift
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.models import Checkout, Invoice, Order
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, pay

pytestmark = pytest.mark.django_db

EMAIL = "quimby.vanishing@example.com"
BILLING = {
    "name": "Erasmus Quimby",
    "company": "Quimby Vanishing Ltd",
    "street": "Vanishing Lane 77",
    "postal_code": "QV7 7QV",
    "city": "Quimbyton",
    "region": "Quimbyshire",
}
VAT_ID = "FR40303265045"
TRACES = [EMAIL, VAT_ID, *BILLING.values()]
# What an invoice keeps of its buyer: Directive 2006/112/EC Art. 226 wants name, address and VAT id.
KEPT = {"name", "company", "street", "postal_code", "city", "region", "vat_id", "email"}


@pytest.fixture(autouse=True)
def german(settings):
    settings.SELLER_COUNTRY = "DE"
    settings.SELLER_NAME = "The School"


def fill(checkout, *, coupon: str = ""):
    set_billing(checkout=checkout, billing=BILLING, country="FR", vat_id=VAT_ID)
    if coupon:
        set_coupon(checkout=checkout, code=coupon)
    checkout.refresh_from_db()
    return checkout


def buy(checkout, email: str = "") -> Order:
    order = place_order(checkout=checkout, has_consented=True, email=email)
    return pay(start_payment(order=order))


def traces() -> dict[str, list[str]]:
    """Table by table, the rows of the whole database that name the person."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own tables
            rows = [json.dumps(row, default=str, ensure_ascii=False) for row in cursor.fetchall()]
            named = [row for row in rows if any(trace.lower() in row.lower() for trace in TRACES)]
            if named:
                found[table] = named
    return found


def a_whole_life() -> User:
    """Orders as a guest and signed in: paid, refunded, unpaid, left; a coupon, a gift."""
    make_coupon(code="TEN", kind="percent", percent=1000)
    buy(fill(make_checkout(), coupon="TEN"), email=EMAIL)
    person = User.objects.get(email=EMAIL)
    User.objects.filter(pk=person.pk).update(name=BILLING["name"])
    person.refresh_from_db()
    refunded = buy(fill(make_checkout(person=person), coupon="TEN"))
    refund_lines(
        order=refunded,
        amounts={refunded.lines.get().public_id: 100},
        reason="Asked for it",
        key="part",
    )
    checkout = make_checkout(person=person)
    said = {"email": "friend@example.com", "sender": BILLING["name"], "note": BILLING["city"]}
    set_gift(checkout=checkout, line_id=checkout.lines.get().public_id, gift=said)
    buy(fill(checkout))
    place_order(checkout=fill(make_checkout()), has_consented=True, email=EMAIL.upper())
    place_order(checkout=fill(make_checkout(person=person)), has_consented=True)
    fill(make_checkout(person=person))
    return person


@pytest.mark.parametrize("has_left", [True, False], ids=["mails sent", "mails queued"])
def test_a_deleted_account_leaves_its_name_in_invoices_only(has_left):
    person = a_whole_life()
    if has_left:
        outbox.drain()
    assert len(traces()) > 5, "the search must find them while they are here"

    erase_person(person=person, actor=person)
    outbox.drain()

    left = traces()
    assert set(left) == {"payments_invoice"}, left
    for invoice in Invoice.objects.all():
        said = invoice.document
        kept = {name for name in said["buyer"] if said["buyer"][name]} - {"country"}
        assert kept <= KEPT
        rest = json.dumps({**said, "buyer": {}}, ensure_ascii=False)
        assert not [trace for trace in TRACES if trace in rest]
    assert audit_books()["ok"]


def test_what_the_tax_follows_stays_with_the_order():
    person = make_user(email=EMAIL)
    order = buy(fill(make_checkout(person=person)))
    before = (order.country, order.tax_kind, order.total_minor, order.evidence)

    erase_person(person=person, actor=person)

    order.refresh_from_db()
    assert (order.country, order.tax_kind, order.total_minor, order.evidence) == before
    assert (order.email, order.billing, order.vat_id, order.person) == ("", {}, "", None)
    assert not Checkout.objects.exclude(billing={}).exists()


def test_a_credit_note_after_the_account_is_gone_names_the_buyer_of_its_invoice():
    person = make_user(email=EMAIL)
    order = buy(fill(make_checkout(person=person)))
    erase_person(person=person, actor=person)

    refund_lines(
        order=order,
        amounts={order.lines.get().public_id: None},
        reason="By law",
        key="late",
    )

    invoice, note = Invoice.objects.order_by("pk")
    assert note.kind == "credit_note"
    assert note.document["buyer"] == invoice.document["buyer"]
    assert note.document["buyer"]["street"] == BILLING["street"]


def test_somebody_elses_orders_keep_their_names():
    other = buy(fill(make_checkout(person=make_user(email="other@example.com"))))
    person = make_user(email=EMAIL)

    erase_person(person=person, actor=person)

    other.refresh_from_db()
    assert other.billing["street"] == BILLING["street"]
    assert other.email == "other@example.com"
