"""Bookkeeping: the sales register, the One Stop Shop return, and who may take them."""

import csv
import io
from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import MANAGER, SUPPORT
from engineroom import clock, outbox
from engineroom.models import AuditEntry
from payments import oss, tables
from payments.models import Order
from payments.oss import Sale
from payments.queries.sales import oss_return, register_csv
from tests.factories.accounts import make_user
from tests.factories.invoices import credit, make_invoice

SALES = "/admin/payments/invoice/sales/"


@pytest.fixture(autouse=True)
def german(settings):
    settings.SELLER_COUNTRY = "DE"
    return settings


def sale(**fields) -> Sale:
    return Sale(
        **{
            "quarter": "2026Q4",
            "of_quarter": "2026Q4",
            "country": "FR",
            "rate": 2000,
            "currency": "EUR",
            "net_minor": 1000,
            "tax_minor": 200,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 1, 1), "2026Q1"),
        (date(2026, 3, 31), "2026Q1"),
        (date(2026, 4, 1), "2026Q2"),
        (date(2026, 12, 31), "2026Q4"),
    ],
)
def test_a_day_lies_in_its_quarter(day, quarter):
    start, end = oss.days_of(quarter)

    assert oss.quarter_of(day) == quarter
    assert start <= day < end


def test_the_fourth_quarter_ends_with_the_year():
    assert oss.days_of("2026Q4") == (date(2026, 10, 1), date(2027, 1, 1))


@pytest.mark.parametrize("text", ["2026Q5", "26Q1", "2026", "", "2026Q1; drop", "²⁰26Q1"])
def test_other_texts_are_no_quarter(text):
    with pytest.raises(ValueError):
        oss.days_of(text)


def test_a_return_sums_by_country_rate_and_currency():
    lines, corrections = oss.totals(
        [
            sale(),
            sale(net_minor=500, tax_minor=100),
            sale(net_minor=-1000, tax_minor=-200),
            sale(country="IE", rate=2300, net_minor=1000, tax_minor=230),
            sale(currency="USD", net_minor=10832, tax_minor=2166),
            sale(quarter="2026Q3", of_quarter="2026Q3"),
            sale(of_quarter="2026Q2", net_minor=-100, tax_minor=-20),
        ],
        "2026Q4",
        oss.parse_rates("USD 1.0832"),
    )

    assert [(line.country, line.currency, line.net_minor, line.tax_eur) for line in lines] == [
        ("FR", "EUR", 500, 100),
        ("FR", "USD", 10832, 2000),
        ("IE", "EUR", 1000, 230),
    ]
    assert [(row.of_quarter, row.country, row.tax_eur) for row in corrections] == [
        ("2026Q2", "FR", -20)
    ]


def test_without_a_rate_a_currency_is_not_converted():
    lines, _ = oss.totals([sale(currency="USD")], "2026Q4", oss.parse_rates(""))

    assert (lines[0].net_minor, lines[0].net_eur, lines[0].tax_eur) == (1000, None, None)


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "cents"),
    [
        (500, "JPY", "160", 313),  # 3.125 euro
        (12_345, "KWD", "0.3300", 3741),
        (-500, "JPY", "160", -313),
        (0, "USD", "2", 0),
    ],
)
def test_sums_are_converted_in_whole_cents(amount, currency, rate, cents):
    assert oss.in_euro(amount, currency, {currency: Fraction(rate)}) == cents


@pytest.mark.parametrize("text", ["USD", "USD -1", "USD 1,08", "XXX 1.2", "USD 0", "USD 1e9"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError):
        oss.parse_rates(text)


def test_rates_may_stand_in_lines_or_after_commas():
    assert oss.parse_rates("usd 1.08\nGBP=0.85") == oss.parse_rates("USD 1.08; gbp 0.85")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "\n=1", "＝1"])
def test_no_word_becomes_a_formula(start):
    text = tables.csv_text(["a"], [[f'{start}HYPERLINK("x")']])

    cell = list(csv.reader(io.StringIO(text)))[1][0]
    assert cell.startswith("'")


@given(st.lists(st.text(max_size=20), min_size=2, max_size=3))
def test_any_words_make_a_table_that_reads_back(words):
    text = tables.csv_text(["a"] * len(words), [words])

    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [cell.removeprefix("'") for cell in rows[1]] == [
        word.replace("\0", "").removeprefix("'") for word in words
    ]


@pytest.mark.parametrize("text", ["-", "1e5", "=1", "1.2.3", "--1", "²"])
def test_only_numbers_are_numbers(text):
    with pytest.raises(ValueError):
        tables.number(text)


@pytest.mark.django_db
def test_the_register_has_a_row_for_each_rate_and_negative_credit_notes():
    invoice = make_invoice(offers=2, amount_minor=4900, rates=(2000, 550), country="FR")
    note = credit(invoice, [1200])
    today = clock.now().date()

    text = register_csv(today, today + timedelta(days=1), "test")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["number"], row["rate_percent"], row["total"]) for row in rows] == [
        (invoice.number, "5.50", "49.00"),
        (invoice.number, "20.00", "49.00"),
        (note.number, "20.00", "-12.00"),
    ]
    assert rows[2]["corrects"] == invoice.number
    assert rows[0]["tax_country"] == "FR"
    assert "address FR" in rows[0]["evidence"]
    assert len(list(csv.DictReader(io.StringIO(register_csv(today, today, "test"))))) == 0
    assert "\n" not in register_csv(today, today + timedelta(days=1), "live").strip()


@pytest.mark.django_db
def test_the_return_has_consumers_abroad_only():
    make_invoice(country="DE")
    make_invoice(country="FR", kind="reverse", vat_id="FR40303265045")
    make_invoice(country="US", kind="outside")
    sold = make_invoice(country="FR", rates=(2000,), amount_minor=12000)
    credit(sold, [6000])
    quarter = oss.quarter_of(clock.now().date())

    lines, corrections = oss_return(quarter, "test", {"EUR": Fraction(1)})

    assert [(line.country, line.rate, line.net_minor, line.tax_eur) for line in lines] == [
        ("FR", 2000, 5000, 1000)
    ]
    assert corrections == []


@pytest.mark.django_db
def test_a_refund_of_an_earlier_quarter_is_a_correction(monkeypatch):
    sold = make_invoice(country="FR", rates=(2000,), amount_minor=12000)
    earlier, now = oss.quarter_of(clock.now().date()), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=92))
    credit(sold, [6000])
    later = oss.quarter_of(clock.now().date())

    lines, corrections = oss_return(later, "test", {"EUR": Fraction(1)})

    assert lines == []
    assert [(row.of_quarter, row.country, row.tax_eur) for row in corrections] == [
        (earlier, "FR", -1000)
    ]


def client_of(**fields) -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, **fields))
    return client


@pytest.mark.django_db
def test_managers_take_both_files_and_the_trail_says_so():
    make_invoice(country="FR", rates=(2000,), amount_minor=12000)
    client, today = client_of(roles=[MANAGER]), clock.now().date()
    quarter = oss.quarter_of(today)

    page = client.get(SALES)
    register = client.post(SALES, {"register": "1", "start": today, "until": today, "mode": "test"})
    shown = client.post(SALES, {"oss": "1", "quarter": quarter, "mode": "test"})
    file = client.post(SALES, {"oss_file": "1", "quarter": quarter, "mode": "test"})

    assert page.status_code == 200
    assert register["Content-Type"].startswith("text/csv")
    assert "TEST-" in register.content.decode()
    assert "VAT to declare: <strong>€20.00" in shown.content.decode()
    assert "FR,20.00,EUR,100.00,20.00,100.00,20.00" in file.content.decode()
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "sales.exported",
        "oss.exported",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        {"register": "1", "start": "2026-02-30", "until": "x", "mode": "test"},
        {"register": "1", "start": "2026-02-02", "until": "2026-02-01", "mode": "test"},
        {"oss": "1", "quarter": "2026Q9", "mode": "test"},
        {"oss_file": "1", "quarter": "2026Q1", "rates": "USD no", "mode": "test"},
        {"oss": "1", "quarter": "2026Q1", "mode": "both"},
        {"nothing": "1"},
    ],
)
def test_what_was_not_understood_comes_back_as_a_page(said):
    page = client_of(roles=[MANAGER]).post(SALES, said)

    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/html")


@pytest.mark.django_db
def test_support_sees_invoices_and_takes_no_sales():
    invoice = make_invoice()
    client = client_of(roles=[SUPPORT])

    assert client.get("/admin/payments/invoice/").status_code == 200
    page = client.get(f"/admin/payments/invoice/{invoice.pk}/change/")
    assert f"/invoices/{invoice.public_id}.pdf" in page.content.decode()
    assert client.get(SALES).status_code == 403
    assert client.post(f"/admin/payments/invoice/{invoice.pk}/resend/").status_code == 403


@pytest.mark.django_db
def test_managers_send_an_invoice_again_after_one_more_question():
    invoice = make_invoice()
    client = client_of(roles=[MANAGER])
    address = f"/admin/payments/invoice/{invoice.pk}/resend/"

    assert "Send it" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    assert outbox.waiting_count() == 1
    Order.objects.filter(pk=invoice.order_id).update(email="", person=None)
    assert client.post(address).status_code == 302
    assert outbox.waiting_count() == 1


@pytest.mark.django_db
def test_the_command_writes_both_files(capsys):
    make_invoice(country="FR", rates=(2000,), amount_minor=12000)
    today = clock.now().date()

    call_command("export_sales", "--from", str(today), "--to", str(today), "--mode", "test")
    register = capsys.readouterr().out
    call_command("export_sales", "--quarter", oss.quarter_of(today), "--mode", "test")

    assert register.count("\r\n") == 2
    assert "FR,20.00,EUR" in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--from", "2026-01-01"],
        ["--from", "2026-01-02", "--to", "2026-01-01"],
        ["--from", "yesterday", "--to", "today"],
        ["--quarter", "2026"],
        ["--quarter", "2026Q1", "--rate", "USD=x"],
    ],
)
def test_the_command_says_what_it_did_not_understand(words):
    with pytest.raises(CommandError):
        call_command("export_sales", *words)
