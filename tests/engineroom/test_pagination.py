"""Paging by key: each row once, in order, at the cost of the first page; damaged places are refused."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from engineroom.models import Worker
from engineroom.pagination import BadCursor, KeyPagination, key_page

pytestmark = pytest.mark.django_db
ORDER = ["-seen_at", "pk"]


@pytest.fixture
def workers():
    """Twenty-five, five of them seen at each of five moments."""
    start = datetime(2026, 11, 24, tzinfo=UTC)
    return [
        Worker.objects.create(seen_at=start + timedelta(hours=number % 5)) for number in range(25)
    ]


def walk(queryset, size):
    pages, after = [], ""
    while True:
        page = key_page(queryset, ORDER, after=after, size=size)
        pages.append(page.rows)
        if page.next_cursor is None:
            return pages
        after = page.next_cursor


@pytest.mark.parametrize("size", [1, 7, 25, 100])
def test_the_pages_hold_every_row_once_and_in_order(workers, size):
    rows = [row for page in walk(Worker.objects.all(), size) for row in page]

    assert rows == list(Worker.objects.order_by(*ORDER))


def test_it_pages_plain_rows_too(workers):
    rows = [row for page in walk(Worker.objects.values("pk", "seen_at"), 10) for row in page]

    assert [row["pk"] for row in rows] == [row.pk for row in Worker.objects.order_by(*ORDER)]


def test_a_page_is_one_query_and_reads_one_row_more_than_it_shows(workers):
    first = key_page(Worker.objects.all(), ORDER, size=10)
    with CaptureQueriesContext(connection) as seen:
        key_page(Worker.objects.all(), ORDER, after=first.next_cursor, size=10)

    assert len(seen) == 1
    assert "LIMIT 11" in seen[0]["sql"]
    assert "OFFSET" not in seen[0]["sql"]


def test_a_row_that_is_added_meanwhile_moves_nothing(workers):
    first = key_page(Worker.objects.all(), ORDER, size=10)
    Worker.objects.create(seen_at=workers[4].seen_at + timedelta(days=1))
    second = key_page(Worker.objects.all(), ORDER, after=first.next_cursor, size=10)

    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}


def cursor(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "ümlaut",
        "A" * 5000,
        cursor([]),
        cursor(None),
        cursor(5),
        cursor({"a": 1}),
        cursor(["2026-11-24T00:00:00+00:00"]),
        cursor(["not a time", 1]),
        cursor([None, None]),
        cursor([[1], 2]),
        cursor(["2026-11-24T00:00:00+00:00", "one"]),
        cursor(["2026-11-24T00:00:00+00:00", 2**70]),
        cursor(["\u0000", 1]),
    ],
)
def test_a_damaged_place_is_refused(workers, after):
    with pytest.raises(BadCursor):
        key_page(Worker.objects.all(), ORDER, after=after)


@pytest.mark.parametrize("text", ["p=1", "p=nonsense", "r=1&p=%00"])
def test_a_damaged_cursor_of_the_api_is_refused(workers, text):
    class BySeen(KeyPagination):
        ordering = ["-seen_at", "-pk"]

    place = base64.b64encode(text.encode()).decode()
    request = Request(APIRequestFactory().get("/", {"cursor": place}))

    with pytest.raises(BadCursor) as refusal:
        BySeen().paginate_queryset(Worker.objects.all(), request)
    assert refusal.value.field == "cursor"


def test_the_cursor_of_the_api_walks_the_whole_list(workers):
    seen, place = [], None
    while place is None or place:
        pages = KeyPagination()
        request = Request(APIRequestFactory().get(place or "/", {} if place else {"page_size": 7}))
        seen += pages.paginate_queryset(Worker.objects.all(), request)
        place = pages.get_next_link() or ""

    assert [row.pk for row in seen] == sorted((row.pk for row in workers), reverse=True)
