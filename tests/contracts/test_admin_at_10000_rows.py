"""Long lists of the admin: as many queries at 10,000 rows as at ten, and an answer in a second."""

import time

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from engineroom.models import AuditEntry
from learning.models import Completion, Enrollment
from payments.models import Order
from tests.contracts.rows import make_row

pytestmark = pytest.mark.django_db
User = get_user_model()
MANY = 10_000


def copies(row, count: int, start: int = 0, **changing) -> None:
    """So many rows like this one in one statement; what must differ, does.

    `changing`: SQL of a column by the number `i`.
    """
    options = type(row)._meta
    for field in options.concrete_fields:
        if field.unique and not field.primary_key and not field.is_relation:
            changing.setdefault(field.column, f"substr({field.column}, 1, 20) || '-' || i")
    columns = [field.column for field in options.concrete_fields if not field.primary_key]
    wanted = ", ".join(changing.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {options.db_table} ({names}) WITH RECURSIVE n(i) AS"  # noqa: S608
            " (SELECT %s UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
            f" SELECT {wanted} FROM n, {options.db_table} t WHERE t.{options.pk.column} = %s",
            [start, start + count - 1, row.pk],
        )


def fill(count: int, start: int) -> None:
    """Rows in each of the long tables."""
    copies(make_row(User), count, start, email="'long' || i || '@example.com'")
    copies(make_row(Order), count, start)
    copies(make_row(AuditEntry), count, start)
    person = "(SELECT id FROM accounts_user u WHERE u.email = 'long' || i || '@example.com')"
    copies(make_row(Enrollment), count, start, person_id=person)
    copies(make_row(Completion), count, start, item_key="'key-' || i")


def measure(client, address: str) -> tuple[int, float, list[str]]:
    client.get(address)
    began = time.perf_counter()
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return len(seen), time.perf_counter() - began, [one["sql"] for one in seen]


def addresses() -> list[str]:
    found = []
    for model in (User, Order, AuditEntry, Enrollment, Completion):
        options, entry = model._meta, admin.site._registry[model]
        address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        found += [address, f"{address}?p=3"]
        if entry.search_fields:
            found.append(f"{address}?q=long7")
        for name in entry.list_filter:
            if isinstance(name, str) and options.get_field(name).choices:
                found.append(f"{address}?{name}__exact={options.get_field(name).choices[0][0]}")
    return found


@pytest.fixture(scope="module")
def measured(django_db_setup, django_db_blocker):
    """(at ten rows, at 10,000) by address, measured in a transaction that is never kept."""
    with django_db_blocker.unblock(), transaction.atomic():
        client = Client()
        client.force_login(User.objects.create_superuser("root@example.com", "a-long-password-1"))
        fill(10, 0)
        few = {
            address: measure(client, address) for address in addresses() if "?p=3" not in address
        }
        fill(MANY, 10)
        many = {address: measure(client, address) for address in addresses()}
        transaction.set_rollback(True)
    return few, many


def test_a_long_list_costs_as_many_queries_as_a_short_one(measured):
    few, many = measured
    found = {
        address: (few[address][0], many[address][0])
        for address in few
        if many[address][0] > few[address][0]
    }

    assert found == {}


def test_a_long_list_answers_within_a_second(measured):
    assert {address: took for address, (_, took, _) in measured[1].items() if took > 1} == {}
