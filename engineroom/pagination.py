"""Lists page by key, never by offset: page 10,000 costs what page 1 costs."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Q
from rest_framework.pagination import CursorPagination

from engineroom.refusals import Invalid


class BadCursor(Invalid):
    code = "bad_cursor"
    message = "This page address is damaged. Start again from the first page."
    field = "after"


class KeyPagination(CursorPagination):
    """Cursor paging of the API: `?cursor=` and `?page_size=` up to 100, newest row first."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = "-pk"

    def paginate_queryset(self, queryset, request, view=None):
        """Raises BadCursor for a place that does not fit the list's order."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, TypeError, OverflowError) as error:
            if not request.query_params.get(self.cursor_query_param):
                raise
            raise BadCursor(field=self.cursor_query_param) from error


@dataclass(frozen=True)
class KeyPage:
    """One page of a list. `next_cursor` goes into the address of the next page; None at the end."""

    rows: list
    next_cursor: str | None


def _encode(values: list) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(cursor: str, count: int) -> list:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(urlsafe_b64decode(padded.encode("ascii", "strict")))
    except (ValueError, UnicodeError, RecursionError) as error:
        raise BadCursor from error
    if not isinstance(values, list) or len(values) != count:
        raise BadCursor
    plain = all(isinstance(value, str | int | float) and "\0" not in str(value) for value in values)
    whole = all(abs(value) < 2**63 for value in values if isinstance(value, int | float))
    if not plain or not whole:
        raise BadCursor
    return values


def key_page(queryset, order: list[str], *, after: str = "", size: int = 24) -> KeyPage:
    """A page of the queryset in `order` (field names, `-` for descending; the last one unique).

    Works on model querysets and on `.values()`. Raises BadCursor for an address nobody made here.
    """
    names = [name.lstrip("-") for name in order]
    if after:
        values = _decode(after, len(order))
        past = Q()
        for position, name in enumerate(order):
            same = Q(**dict(zip(names[:position], values[:position], strict=True)))
            comparison = "lt" if name.startswith("-") else "gt"
            past |= same & Q(**{f"{names[position]}__{comparison}": values[position]})
        try:
            queryset = queryset.filter(past)
            rows = list(queryset.order_by(*order)[: size + 1])
        except (ValueError, TypeError, LookupError) as error:
            raise BadCursor from error
        except Exception as error:
            if type(error).__name__ in {"ValidationError", "DataError"}:
                raise BadCursor from error
            raise
    else:
        rows = list(queryset.order_by(*order)[: size + 1])
    if len(rows) <= size:
        return KeyPage(rows, None)
    last = rows[size - 1]
    read = last.get if isinstance(last, dict) else lambda name: getattr(last, name)
    return KeyPage(rows[:size], _encode([read(name) for name in names]))
