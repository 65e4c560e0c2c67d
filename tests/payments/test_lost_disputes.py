"""What a lost dispute undoes: a credit note, the books, the return, and the access of its lines."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from engineroom import clock, outbox
from engineroom.models import AuditEntry
from payments import invoicing, oss, periods, sellables, states
from payments.actions.disputes import settle_dispute
from payments.actions.dunning import sweep_subscriptions
from payments.actions.selfcheck import check_everything
from payments.models import Invoice, LedgerEntry, Order, OrderKind
from payments.queries.books import audit_books, balances
from payments.queries.sales import oss_return
from tests.factories.accounts import make_user
from tests.factories.invoices import credit, make_invoice
from tests.factories.payments import make_offer
from tests.factories.subscriptions import PeriodicSellable, subscribe, use_fake_gateway
from tests.payments.test_disputes import reading_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def german(settings):
    settings.SELLER_COUNTRY = "DE"
    settings.SELLER_NAME = "The School"
    return settings


def decide(order: Order, end=states.LOST, amount_minor=None, reference="simdispute_a"):
    """The bank takes the money of the order's payment back, and decides."""
    payment = order.payments.get()
    changes = {"reference": reference, "amount_minor": amount_minor or payment.amount_minor}
    for status in (states.OPEN, end, end):
        reading = reading_of(payment, status, **changes)
        dispute = settle_dispute(payment=payment, reading=reading, source="webhook")
    outbox.drain()
    order.refresh_from_db()
    return dispute


def test_a_lost_dispute_gives_one_credit_note_over_what_was_taken():
    invoice = make_invoice(offers=2, amount_minor=4900, email="buyer@example.com")

    dispute = decide(invoice.order)

    note = Invoice.objects.get(kind="credit_note")
    assert (note.corrects, note.dispute, note.refund) == (invoice, dispute, None)
    assert (note.net_minor, note.tax_minor, note.total_minor) == (8236, 1564, 9800)
    assert note.document["corrects"]["number"] == invoice.number
    facts = invoicing.printed(note.document)["facts"]
    assert {"label": "Reason", "value": "Your bank took the payment back."} in facts
    assert [one["label"] for one in facts][-1] == "Taken back"
    letters = [one for one in mail.outbox if note.number in one.subject]
    assert [one.to for one in letters] == [["buyer@example.com"]]
    assert audit_books()["ok"], audit_books()["problems"]


def test_the_books_hold_the_dispute_and_nothing_more_for_its_credit_note():
    order = make_invoice(amount_minor=4900).order
    before = set(LedgerEntry.objects.values_list("ref", flat=True))

    decide(order)

    added = set(LedgerEntry.objects.values_list("ref", flat=True)) - before
    assert {ref.partition(":")[0] for ref in added} == {
        "dispute", "dispute-fee", "dispute-lost", "dispute-return", "dispute-return-tax",
    }  # fmt: skip
    assert balances()[("test:tax:DE", "EUR")] == 0
    assert balances()[("test:customers", "EUR")] == 0


def test_a_dispute_that_is_won_credits_nothing():
    order = make_invoice().order

    decide(order, states.WON)

    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_a_dispute_has_one_credit_note_also_in_the_database():
    dispute = decide(make_invoice().order)
    note = Invoice.objects.get(dispute=dispute)

    note.pk, note.public_id, note.number, note.sequence = None, "x", "x", 99
    with pytest.raises(IntegrityError), transaction.atomic():
        note.save(force_insert=True)


def test_exactly_the_lines_that_were_lost_end(dummy):
    person = make_user()
    other = make_invoice(person=person).order
    invoice = make_invoice(offers=2, amount_minor=4900, person=person)
    first, second = invoice.order.lines.order_by("pk")
    credit(invoice, [None])
    dummy.calls.clear()

    decide(invoice.order, amount_minor=4900)

    assert [call for call in dummy.calls if call[0] == "withdraw"] == [
        ("withdraw", second.public_id)
    ]
    assert other.lines.get().withdrawn_at is None
    notes = Invoice.objects.filter(kind="credit_note").order_by("pk")
    assert [[row["id"] for row in note.document["lines"]] for note in notes] == [
        [first.public_id],
        [second.public_id],
    ]
    assert invoice.order.state == states.REFUNDED
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_part_that_is_lost_credits_every_line_and_ends_none(dummy):
    invoice = make_invoice(offers=2, amount_minor=4900)

    decide(invoice.order, amount_minor=4901)

    note = Invoice.objects.get(kind="credit_note")
    assert sorted(row["total_minor"] for row in note.document["lines"]) == [2450, 2451]
    assert note.total_minor == 4901
    assert dummy.count("withdraw") == 0
    decide(invoice.order, amount_minor=4899, reference="simdispute_b")
    total = sum(one.total_minor for one in Invoice.objects.filter(kind="credit_note"))
    assert (total, dummy.count("withdraw")) == (9800, 2)
    assert audit_books()["ok"], audit_books()["problems"]


@pytest.mark.parametrize("refunded", [1000, 4900])
def test_what_a_bank_takes_a_second_time_is_owed_by_the_buyer_and_the_books_are_even(refunded):
    invoice = make_invoice(amount_minor=4900)
    credit(invoice, [refunded])

    decide(invoice.order)

    order, customers = invoice.order, ("test:customers", "EUR")
    assert (order.state, order.refunded_minor) == (states.REFUNDED, 4900)
    notes = AuditEntry.objects.filter(action="order.needs_attention")
    assert any("more than what was still paid" in str(note.data) for note in notes)
    assert balances()[customers] == refunded
    assert audit_books()["ok"], audit_books()["problems"]
    assert check_everything() == []


def test_a_dispute_of_the_whole_that_is_won_leaves_nothing_owed():
    invoice = make_invoice(amount_minor=4900)
    credit(invoice, [1000])

    decide(invoice.order, states.WON)

    assert invoice.order.state == states.PARTLY_REFUNDED
    assert balances()[("test:customers", "EUR")] == 0
    assert audit_books()["ok"], audit_books()["problems"]


def test_books_that_a_lost_dispute_has_left_uneven_are_still_noticed():
    invoice = make_invoice(amount_minor=4900)
    credit(invoice, [1000])
    decide(invoice.order)
    order = invoice.order
    order.lines.update(refunded_minor=3000)
    Order.objects.filter(pk=order.pk).update(refunded_minor=3000)

    assert audit_books()["problems"] == [f"order {order.number}: the buyer's account is not even"]


def test_what_was_lost_is_not_declared_to_the_one_stop_shop():
    kept = make_invoice(country="FR", rates=(2000,), amount_minor=12000)
    decide(make_invoice(country="FR", rates=(2000,), amount_minor=6000).order)
    quarter = oss.quarter_of(clock.now().date())

    lines, corrections = oss_return(quarter, "test", {"EUR": Fraction(1)})

    assert [(line.country, line.net_minor, line.tax_eur) for line in lines] == [
        ("FR", kept.net_minor, 2000)
    ]
    assert corrections == []


def test_what_is_lost_in_a_later_quarter_is_a_correction():
    order = make_invoice(country="FR", rates=(2000,), amount_minor=12000).order
    earlier = oss.quarter_of(clock.now().date())

    with clock.moved_by(timedelta(days=92)):
        decide(order)
        later = oss.quarter_of(clock.now().date())
        lines, corrections = oss_return(later, "test", {"EUR": Fraction(1)})

    assert lines == []
    assert [(row.of_quarter, row.country, row.tax_eur) for row in corrections] == [
        (earlier, "FR", -2000)
    ]


def test_a_lost_instalment_closes_what_it_paid_for_until_the_next(settings):
    start, thing = datetime(2027, 1, 31, 10, 0, tzinfo=UTC), PeriodicSellable()
    settings.SELLER_COUNTRY = ""
    sellables.register("dummy", thing)
    use_fake_gateway(settings)
    with clock.stopped_at(start):
        subscribe(make_offer(instalments=3), in_instalments=True)
    with clock.stopped_at(periods.after(start, "month")):
        sweep_subscriptions()
        decide(Order.objects.get(kind=OrderKind.RENEWAL))
        assert not thing.is_open()
    with clock.stopped_at(periods.after(start, "month", 2)):
        sweep_subscriptions()
        assert thing.is_open()
