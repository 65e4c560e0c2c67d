"""The books in the admin: statement, revenue, findings with repairs that ask once more."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engineroom import clock
from payments import charts
from payments.actions.payouts import record_payout
from payments.actions.refunding import refund_lines
from payments.actions.selfcheck import check_everything
from payments.gateways.base import PayoutPart, PayoutReading
from payments.models import Finding, Order, Payout
from payments.queries.books import audit_books, balances
from payments.queries.statement import statement
from tests.factories.accounts import make_user
from tests.factories.payments import make_paid_order

pytestmark = pytest.mark.django_db
LEDGER = "/admin/payments/ledgerentry/"


@pytest.fixture
def staff():
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_a_statement_goes_from_opening_to_closing_balance():
    make_paid_order(amount_minor=4900)
    today = clock.now().date()
    tomorrow = today + timedelta(days=1)

    first = {row["account"]: row for row in statement(today, today)}
    later = {row["account"]: row for row in statement(tomorrow, tomorrow)}

    assert first["test:revenue:dummy"]["opening"] == 0
    assert first["test:revenue:dummy"]["closing"] == -4900
    assert later["test:revenue:dummy"]["opening"] == -4900
    assert (later["test:revenue:dummy"]["debits"], later["test:revenue:dummy"]["credits"]) == (0, 0)


def test_the_statement_is_shown_and_downloaded(staff):
    make_paid_order(amount_minor=4900)

    page = staff.get(f"{LEDGER}statement/")
    file = staff.get(f"{LEDGER}statement/?start=2020-01-01&until=2040-01-01&csv=1")

    assert page.status_code == 200
    assert "They agree" in page.content.decode()
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert "test:revenue:dummy,EUR,0.00,0.00,49.00,-49.00" in file.content.decode()


@pytest.mark.parametrize("said", ["start=x&until=y", "start=2026-02-01&until=2026-01-01", "start="])
def test_a_period_that_is_none_is_said_so(staff, said):
    assert staff.get(f"{LEDGER}statement/?{said}").status_code == 200


def test_revenue_is_drawn_and_said_in_a_table_with_test_money_apart(staff):
    order = make_paid_order(amount_minor=4900)
    refund_lines(order=order, amounts={order.lines.get().public_id: 900}, reason="x", key="k")

    test_money = staff.get(f"{LEDGER}revenue/?mode=test").content.decode()
    live = staff.get(f"{LEDGER}revenue/?mode=live&by=month").content.decode()

    assert "<svg" in test_money
    assert "€40.00" in test_money
    assert "€9.00 refunded" in test_money
    assert "Nothing was sold" in live


def test_boards_take_the_same_queries_however_much_was_sold(staff):
    def count():
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(f"{LEDGER}revenue/?mode=test").status_code == 200
            assert staff.get("/admin/").status_code == 200
        return len(captured)

    make_paid_order()
    count()
    of_one = count()
    for _ in range(4):
        make_paid_order()

    assert count() == of_one


def test_a_finding_is_repaired_after_asking_once_more(staff):
    order = make_paid_order()
    Order.objects.filter(pk=order.pk).update(refunded_minor=1)
    check_everything()
    finding = Finding.objects.get(closed_at=None)
    address = f"/admin/payments/finding/{finding.pk}/"

    assert "Count again" in staff.get(f"{address}change/").content.decode()
    assert staff.get(f"{address}repair/").status_code == 200
    assert Order.objects.get(pk=order.pk).refunded_minor == 1, "asking changes nothing"
    staff.post(f"{address}repair/")

    assert Order.objects.get(pk=order.pk).refunded_minor == 0
    finding.refresh_from_db()
    assert finding.actor is not None


def test_the_check_is_run_by_hand(staff):
    order = make_paid_order()
    Order.objects.filter(pk=order.pk).update(refunded_minor=1)

    assert staff.get("/admin/payments/finding/check/").status_code == 200
    assert not Finding.objects.exists()
    staff.post("/admin/payments/finding/check/")

    assert Finding.objects.count() == 1


def test_without_permission_nothing_is_checked_or_repaired():
    client = Client()
    client.force_login(make_user(is_staff=True))

    for path in ("ledgerentry/statement/", "ledgerentry/revenue/", "finding/check/"):
        assert client.get(f"/admin/payments/{path}").status_code == 403


def test_a_payout_is_booked_once_and_its_fees_with_it():
    order = make_paid_order(amount_minor=4900)
    name = order.payments.get().reference
    before = balances()
    parts = [
        PayoutPart(kind="charge", reference=name, amount_minor=4900, fee_minor=171),
        PayoutPart(kind="fee", reference="monthly", amount_minor=-200),
    ]
    reading = PayoutReading(
        reference="payout-1",
        amount_minor=4900 - 171 - 200,
        currency="EUR",
        arrived_at=clock.now(),
        mode="test",
        account="account",
        parts=parts,
    )

    for _ in range(2):
        record_payout(gateway="simulator", reading=reading)

    after = balances()
    assert Payout.objects.count() == 1
    assert after["test:bank", "EUR"] == 4529
    moved = after["test:gateway:simulator", "EUR"] - before["test:gateway:simulator", "EUR"]
    assert moved == -4729
    assert audit_books()["ok"]


def test_a_chart_fits_what_it_shows():
    chart = charts.bars([("a", 0), ("b", 730), ("c", -120)], str)

    assert all(bar.y >= 0 and bar.y + bar.height <= chart.height for bar in chart.bars)
    assert [bar.is_below for bar in chart.bars] == [False, False, True]
    assert chart.bars[1].height > chart.bars[2].height > chart.bars[0].height == 0
    assert [charts.step(most) for most in (1, 5, 6, 49, 730)] == [1, 1, 2, 10, 200]


def test_findings_are_told_apart_in_words(staff):
    Finding.objects.create(kind="double_charge", subject="A", detail="Order A was paid 2 times.")
    Finding.objects.create(kind="orphan_seat", subject="B", detail="A place is held for B.")

    page = staff.get("/admin/payments/finding/?kind=double_charge&closed_at__isempty=1")

    text = page.content.decode()
    assert "Order A was paid 2 times." in text
    assert "A place is held for B." not in text
    assert ">Charged twice</a>" in text
    assert ">double_charge<" not in text
    assert ">Not empty<" not in text


def test_the_office_writes_dates_with_their_zone(staff):
    order = make_paid_order()

    text = staff.get(f"/admin/payments/order/{order.pk}/change/").content.decode()

    assert f"{order.placed_at:%-d %b %Y, %H:%M} UTC" in text


def test_staff_click_from_the_books_to_the_order(staff):
    order = make_paid_order()
    line = order.lines.get()
    Finding.objects.create(
        kind="paid_without_access",
        subject=line.public_id,
        detail=f"Order {order.number}: it is paid and was not given.",
        data={"order": order.number},
    )
    Finding.objects.create(kind="orphan_seat", subject="line_nowhere", detail="No order.")
    link = f'<a href="/admin/payments/order/?q={order.number}">{order.number}</a>'

    findings = staff.get("/admin/payments/finding/").content.decode()

    assert link in findings
    assert line.public_id not in findings
    assert "line_nowhere" in findings
    assert link in staff.get("/admin/payments/ledgerentry/").content.decode()
