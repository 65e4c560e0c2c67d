"""Rows that are kept for ever cannot be overwritten by inserting another with the same key."""

import pytest
from django.db import DatabaseError, connection, models, transaction

from engineroom.audit import record
from engineroom.models import AuditEntry
from payments.models import Invoice, InvoiceSeries, LedgerEntry
from tests.factories.invoices import make_invoice
from tests.factories.payments import make_paid_order

pytestmark = pytest.mark.django_db
# What somebody would like to write into a row of each table.
WANTED = {
    LedgerEntry: ("amount_minor", 1),
    Invoice: ("total_minor", 1),
    InvoiceSeries: ("last_number", 0),
    AuditEntry: ("action", "nothing"),
}


def unique_keys(model) -> list[tuple[str, ...]]:
    """The columns of every key of a table, also of those that hold for some rows only."""
    alone = [(field.column,) for field in model._meta.concrete_fields if field.unique]
    together = [
        tuple(model._meta.get_field(name).column for name in one.fields)
        for one in model._meta.constraints
        if isinstance(one, models.UniqueConstraint)
    ]
    return alone + together


def columns_of(model) -> list[str]:
    return [field.column for field in model._meta.concrete_fields]


def read(cursor, model) -> dict:
    columns = columns_of(model)
    names = ", ".join(columns)
    cursor.execute(f"SELECT {names} FROM {model._meta.db_table} ORDER BY id")  # noqa: S608 - ours
    return dict(zip(columns, cursor.fetchone(), strict=True))


def insert(cursor, model, row: dict, key=(), *, replacing=False) -> None:
    """`replacing` in the words of the database at hand."""
    wanted, _ = WANTED[model]
    is_lite = connection.vendor == "sqlite"
    where = " WHERE kind = 'invoice'" if key == ("order_id",) else ""
    where = " WHERE dispute_id IS NOT NULL" if key == ("dispute_id",) else where
    over = f" ON CONFLICT ({', '.join(key)}){where} DO UPDATE SET {wanted} = EXCLUDED.{wanted}"
    verb = "INSERT OR REPLACE INTO" if replacing and is_lite else "INSERT INTO"
    values = f"({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
    over = over if replacing and not is_lite else ""
    cursor.execute(f"{verb} {model._meta.db_table} {values}{over}", list(row.values()))


def another(model, row: dict, number: int) -> dict:
    """A row like it that has none of its keys."""
    fresh = {"id": row["id"] + number, "refund_id": number, "dispute_id": number}
    fresh |= {"order_id": number, "sequence": number}
    fresh |= dict.fromkeys(("ref", "prefix", "public_id", "number"), f"another-{number}")
    return row | {name: value for name, value in fresh.items() if name in row}


@pytest.mark.parametrize(
    ("model", "key"),
    [(model, key) for model in WANTED for key in unique_keys(model)],
    ids=lambda part: part.__name__ if isinstance(part, type) else "+".join(part),
)
def test_no_key_lets_a_row_be_replaced(model, key, settings, dummy):
    make_paid_order()
    settings.SELLER_COUNTRY = "DE"
    make_invoice()
    record("test.kept", "thing:1")
    wanted, value = WANTED[model]

    # Rows of nobody stand in for refunds and disputes: all of it is taken back at the end.
    with transaction.atomic(), connection.cursor() as cursor:
        kept = another(model, read(cursor, model), 1000)
        insert(cursor, model, kept)
        clash = another(model, kept, 2000) | {name: kept[name] for name in key} | {wanted: value}
        with pytest.raises(DatabaseError, match="append-only|follow one another"):
            with transaction.atomic():
                insert(cursor, model, clash, key, replacing=True)
        found = model.objects.filter(pk=kept["id"]).values_list(wanted, flat=True)
        assert list(found) == [kept[wanted]]
        transaction.set_rollback(True)


def test_without_the_guard_a_row_of_the_books_is_replaced(dummy):
    if connection.vendor != "sqlite":
        pytest.skip("other databases have no such statement")
    make_paid_order()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER payments_ledgerentry_no_replace")
        kept = read(cursor, LedgerEntry)
        insert(cursor, LedgerEntry, kept | {"amount_minor": 1}, replacing=True)
        assert read(cursor, LedgerEntry)["amount_minor"] == 1
        transaction.set_rollback(True)
