"""Invoices and credit notes: one each, numbered without a gap, frozen, adding up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from engineroom import clock
from payments import invoicing
from payments.actions import invoices
from payments.actions.evidence import note_evidence
from payments.actions.invoices import issue_credit_note, issue_invoice, next_number
from payments.actions.people import forget_buyer
from payments.actions.refunding import refund_lines
from payments.invoicing import Part
from payments.models import Invoice, InvoiceSeries, Order
from payments.queries.invoices import export_rows
from tests.factories.accounts import make_user
from tests.factories.invoices import credit, make_invoice, make_taxable_order, tax_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def german(settings):
    settings.SELLER_COUNTRY = "DE"
    settings.SELLER_NAME = "The School"
    return settings


def test_a_paid_order_has_one_invoice_with_everything_on_it():
    invoice = make_invoice(offers=2, amount_minor=4900)

    said = invoice.document
    assert invoice.number == f"TEST-{clock.now().year}-000001"
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (8236, 1564, 9800)
    assert said["seller"]["name"] == "The School"
    assert said["buyer"]["city"] == "Paris"
    assert said["groups"] == [
        {
            "category": "S",
            "rate": 1900,
            "net_minor": 8236,
            "tax_minor": 1564,
            "rounding_minor": 0,
        }
    ]
    assert said["totals"]["due_minor"] == 0
    assert said["payment"]["method"]
    assert invoicing.TEST_NOTE in said["notes"]
    assert issue_invoice(invoice.order) == invoice
    assert Invoice.objects.count() == 1


def test_an_order_that_is_not_paid_yet_can_be_invoiced_with_its_total_due():
    order = tax_order(make_taxable_order())

    invoice = issue_invoice(order)

    assert invoice.document["totals"]["due_minor"] == order.total_minor
    assert invoice.document["payment"]["on"] == ""


def test_an_order_without_money_has_no_invoice():
    order = make_taxable_order()
    Order.objects.filter(pk=order.pk).update(total_minor=0)
    order.refresh_from_db()

    assert issue_invoice(order) is None
    assert not InvoiceSeries.objects.exists()


def test_modes_kinds_and_years_are_numbered_apart():
    assert invoices.prefix_of("invoice", "live", 2026) == "2026-"
    assert invoices.prefix_of("credit_note", "live", 2026) == "CN-2026-"
    assert invoices.prefix_of("invoice", "test", 2027) == "TEST-2027-"
    assert invoices.prefix_of("credit_note", "test", 2027) == "TEST-CN-2027-"


def test_numbers_follow_one_another_and_an_undone_sale_leaves_no_gap():
    first = make_invoice()
    with transaction.atomic():
        next_number(first.series.prefix)
        transaction.set_rollback(True)
    second = make_invoice()

    assert [first.sequence, second.sequence] == [1, 2]


def test_a_credit_note_takes_net_and_tax_back_in_proportion():
    invoice = make_invoice(amount_minor=11900)

    note = credit(invoice, [5950])

    assert note.number == f"TEST-CN-{clock.now().year}-000001"
    assert (note.net_minor, note.tax_minor, note.total_minor) == (5000, 950, 5950)
    assert note.corrects == invoice
    assert note.country == invoice.country == "DE"
    assert note.document["corrects"]["number"] == invoice.number
    assert note.document["corrects"]["reason"] == "Asked for it"
    assert issue_credit_note(note.refund) == note


def test_credit_notes_add_up_to_the_invoice():
    invoice = make_invoice(offers=2, amount_minor=4900, rates=(1900, 700))

    for amounts in ([1, 3333], [1234], [None, None]):
        credit(invoice, amounts)

    notes = list(invoice.credit_notes.all())
    assert sum(note.tax_minor for note in notes) == invoice.tax_minor
    assert sum(note.net_minor for note in notes) == invoice.net_minor
    assert invoices.credited_minor(invoice) == invoice.total_minor


def test_an_order_from_before_there_were_invoices_gets_one_with_its_refund():
    order = make_invoice().order
    with connection.cursor() as cursor:
        _without_guard(cursor, "payments_invoice", "DELETE FROM payments_invoice")
    assert not Invoice.objects.exists()

    line = order.lines.first()
    refund = refund_lines(order=order, amounts={line.public_id: None}, reason="x", key="late")

    assert Invoice.objects.get(refund=refund).corrects.order == order


def _without_guard(cursor, table, statement):
    if connection.vendor == "sqlite":
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table]
        )
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(statement)
        for _, sql in triggers:
            cursor.execute(sql)
    else:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    "change",
    [
        lambda invoice: Invoice.objects.filter(pk=invoice.pk).update(total_minor=1),
        lambda invoice: Invoice.objects.filter(pk=invoice.pk).update(document={}),
        lambda invoice: invoice.delete(),
        lambda invoice: InvoiceSeries.objects.filter(pk=invoice.series_id).update(last_number=0),
        lambda invoice: InvoiceSeries.objects.filter(pk=invoice.series_id).update(last_number=7),
        lambda invoice: InvoiceSeries.objects.filter(pk=invoice.series_id).update(prefix="X-"),
        lambda invoice: InvoiceSeries.objects.create(prefix="Y-").delete(),
    ],
)
def test_the_database_refuses_to_change_what_was_issued(change):
    invoice = make_invoice()

    with pytest.raises(DatabaseError), transaction.atomic():
        change(invoice)

    invoice.refresh_from_db()
    assert invoice.series.last_number == 1


def test_the_year_of_the_number_is_that_of_the_schools_time_zone(settings, monkeypatch):
    settings.TIME_ZONE = "Pacific/Auckland"
    new_year = clock.now().replace(year=2027, month=1, day=1, hour=0) - timedelta(hours=5)
    monkeypatch.setattr(clock, "now", lambda: new_year)

    invoice = issue_invoice(tax_order(make_taxable_order()))

    assert invoice.number.startswith("TEST-2027-")
    assert invoice.document["issued_on"] == "2027-01-01"


def test_a_credit_note_stands_as_its_invoice_does_whatever_the_settings_say_by_now(german):
    german.SELLER_SMALL_BUSINESS = True
    german.SELLER_VAT_ID = "DE136695976"
    german.SELLER_ADDRESS = ["Long Street 1", "10115 Berlin"]
    invoice = make_invoice(offers=2, kind="none")
    german.SELLER_SMALL_BUSINESS = False
    german.SELLER_COUNTRY, german.SELLER_NAME, german.SELLER_VAT_ID = "FR", "Another", "FR1"
    german.SELLER_ADDRESS = ["Rue 1"]

    note = credit(invoice, [None, 1000])

    said, before = note.document, invoice.document
    assert said["seller"] == before["seller"]
    assert [row["category"] for row in said["lines"]] == ["E", "E"]
    assert [row["title"] for row in said["lines"]] == [row["title"] for row in before["lines"]]
    assert [row["total_minor"] for row in said["lines"]] == [4900, 1000]
    assert said["notes"] == before["notes"]


def test_reverse_charge_and_exemption_are_said_on_the_invoice(german):
    reverse = make_invoice(kind="reverse", country="FR", vat_id="FR40303265045")
    outside = make_invoice(kind="outside", country="US")
    german.SELLER_SMALL_BUSINESS = True
    exempt = make_invoice(kind="none", country="DE")

    assert invoicing.REVERSE_NOTE in reverse.document["notes"]
    assert [group["category"] for group in reverse.document["groups"]] == ["AE"]
    assert invoicing.OUTSIDE_NOTE in outside.document["notes"]
    assert invoicing.EXEMPT_NOTE in exempt.document["notes"]
    assert reverse.country == "FR"


def test_a_card_of_another_country_is_put_before_staff_and_refuses_nothing():
    order = tax_order(make_taxable_order(), country="DE")

    assert note_evidence(order, "DE") == ""
    assert "card says FR" in note_evidence(order, "FR")
    order.refresh_from_db()
    assert order.evidence == {"address": "DE", "card": "FR"}


def test_invoices_outlive_the_account_and_are_in_the_export():
    person = make_user(email="leaving@example.com", name="Leaving Person")
    invoice = make_invoice(person=person)

    rows = export_rows(person)
    forget_buyer(person=person)
    invoice.refresh_from_db()

    assert [row["number"] for row in rows] == [invoice.number]
    assert rows[0]["document"]["buyer"]["email"] == "leaving@example.com"
    assert invoice.document["buyer"]["email"] == "leaving@example.com"
    assert invoice.order.person is None


def test_a_deleted_buyers_invoice_cannot_be_sent_again():
    person = make_user()
    invoice = make_invoice(person=person)
    forget_buyer(person=person)
    invoice = Invoice.objects.get(pk=invoice.pk)

    with pytest.raises(invoices.InvoiceHasNoAddress):
        invoices.resend_invoice(invoice=invoice, actor=make_user())


amounts = st.lists(st.integers(1, 4000), max_size=12)


@given(
    net=st.integers(0, 9000), tax=st.integers(0, 2500), rounding=st.integers(-1, 1), takes=amounts
)
def test_credit_notes_never_take_more_than_the_line_has(net, tax, rounding, takes):
    whole = Part(net=net, tax=tax, rounding=rounding)
    if whole.gross < 0 or (rounding < 0 and net == 0):
        return
    left = whole
    for take in [*takes, None]:
        amount = left.gross if take is None else min(take, left.gross)
        part = invoicing.share(left, amount)
        assert part.gross == amount
        assert 0 <= part.net <= left.net
        assert 0 <= part.tax <= left.tax
        left = left.less(part)
    assert left == Part(net=0, tax=0, rounding=0)


@pytest.mark.parametrize("amount", [-1, 101])
def test_more_than_is_left_cannot_be_credited(amount):
    with pytest.raises(ValueError):
        invoicing.share(Part(net=84, tax=16), amount)


def _number_with(count_up, threads=50):
    """Fifty threads take a number each and write it down; what they wrote, and what failed."""

    def one(_):
        try:
            with transaction.atomic():
                series, number = count_up("RACE-")
                # A moment between taking the number and the end of the transaction.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                return number
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


@pytest.mark.django_db(transaction=True)
def test_fifty_threads_take_fifty_numbers_without_a_gap():
    assert sorted(_number_with(next_number)) == list(range(1, 51))


def _unlocked(prefix):
    """The control: read, add one, write. The guard steps aside, for it would refuse the repeat."""
    series = InvoiceSeries.objects.get(prefix=prefix)
    number = series.last_number + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.01)")
    InvoiceSeries.objects.filter(pk=series.pk).update(last_number=number)
    return series, number


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's writers are serial anyway")
def test_without_the_lock_numbers_are_given_twice():
    InvoiceSeries.objects.create(prefix="RACE-")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_invoiceseries DISABLE TRIGGER USER")
    try:
        taken = _number_with(_unlocked)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE payments_invoiceseries ENABLE TRIGGER USER")

    assert len(set(taken)) < 50
