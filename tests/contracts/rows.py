"""Rows of any model, made from its fields alone: for tests that ask every table the same question."""

import itertools
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, connection, models, transaction

from engineroom import clock

_counter = itertools.count(1)
# What the columns alone do not tell: constraints over several of them.
ALSO_FILLED = {
    "catalog.faq": {"course"},
    "catalog.imagereference": {"file"},
    "learning.seat": {"expires_at"},
    "learning.submission": {"enrollment"},
}
EXACTLY = {
    "learning.signingkey": {"is_signing": False, "retired_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "payments.coupon": {"percent": 1000},
    "payments.ledgerentry": {"debit": "live:cash", "credit": "live:sales"},
    "payments.orderline": {"net_minor": 100, "total_minor": 100},
    "payments.invoice": {"document": {"currency": "EUR", "seller": {"country": "DE"}}},
}


class NoRow(Exception):
    """A row that only its room can make: constraints or triggers want more than plausible values."""


def _text(field, number: int) -> str:
    if field.choices:
        return field.flatchoices[0][0]
    if isinstance(field, models.EmailField):
        return f"row{number}@example.com"
    if isinstance(field, models.URLField):
        return f"https://example.com/{number}"
    longest = field.max_length or 60
    if field.name == "currency":
        return "EUR"
    if longest == 64 and "digest" in field.name:
        return f"{number:064x}"
    return f"t{number}"[:longest]


def _value(field, number: int, deep: int):
    if isinstance(field, models.ForeignKey):
        return make_row(field.related_model, deep=deep + 1)
    if isinstance(field, models.CharField | models.TextField):
        return _text(field, number)
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.FileField):
        return f"{number}.bin"
    if isinstance(field, models.DateTimeField):
        return clock.now() + timedelta(seconds=number)
    if isinstance(field, models.DateField):
        return clock.now().date()
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.IntegerField | models.FloatField):
        return number
    if isinstance(field, models.BinaryField):
        return b"x"
    raise NoRow(f"{field} is of a kind that nobody taught this maker")


def make_row(model, deep: int = 0):
    """A saved row with the least that the columns demand; rows it points to are made with it."""
    if deep > 8:
        raise NoRow(f"{model._meta.label} points to itself in a circle")
    number = next(_counter)
    values = dict(EXACTLY.get(model._meta.label_lower, {}))
    also = ALSO_FILLED.get(model._meta.label_lower, ())
    for field in model._meta.concrete_fields:
        if field.primary_key and not field.is_relation:
            continue
        if field.name in values or field.has_default() or field.generated:
            continue
        is_optional = field.null or (field.blank and not field.unique and not field.is_relation)
        if not is_optional or field.name in also:
            values[field.name] = _value(field, number, deep)
    row = model(**values)
    try:
        with transaction.atomic():
            models.Model.save_base(row, force_insert=True)
    except Exception as error:
        raise NoRow(f"{model._meta.label}: {type(error).__name__}: {error}") from error
    return row


def copies(row, count: int, start: int = 0, **changing) -> None:
    """So many rows like this one in one statement; what must differ, does.

    `changing`: SQL of a column by the number `i`.
    """
    options = type(row)._meta
    for field in options.concrete_fields:
        if field.unique and not field.primary_key and not field.is_relation:
            changing.setdefault(field.column, differing(field))
    for constraint in options.constraints:
        names = (
            getattr(constraint, "fields", ())
            if isinstance(constraint, models.UniqueConstraint)
            else ()
        )
        fields = [options.get_field(name) for name in names]
        if any(isinstance(field, models.DateField) for field in fields):
            continue  # a moment that only some rows have: the copies have none
        if any(isinstance(field, models.BooleanField) for field in fields):
            continue  # a mark that one row has: the copies do not
        if not changing.keys() & {field.column for field in fields}:
            # What tells the rows apart comes last.
            for field in [one for one in fields if not one.is_relation and not one.choices][-1:]:
                changing[field.column] = differing(field)
    columns = [field.column for field in options.concrete_fields if not field.primary_key]
    wanted = ", ".join(changing.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {options.db_table} ({names}) WITH RECURSIVE n(i) AS"  # noqa: S608 - names of our own tables
            " (SELECT %s UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
            f" SELECT {wanted} FROM n, {options.db_table} t WHERE t.{options.pk.column} = %s",
            [start, start + count - 1, row.pk],
        )


def differing(field) -> str:
    """SQL of a value that no other copy has, no longer than the column."""
    if isinstance(field, models.IntegerField):
        return "i + 100"
    kept = min(20, (field.max_length or 60) - 6)
    return f"substr({field.column}, 1, {kept}) || '-' || i"


def make_rows(model, count: int) -> list:
    """So many rows: a tenth each with its own neighbors, the others like the last of these."""
    made = [make_row(model) for _ in range(max(1, count // 10))]
    try:
        with transaction.atomic():
            copies(made[-1], count - len(made))
    except IntegrityError:  # each needs a neighbor of its own
        made += [make_row(model) for _ in range(count - len(made))]
    return made
