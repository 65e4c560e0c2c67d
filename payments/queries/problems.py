"""What a check of the books answers, and how two ways of counting are compared."""

from dataclasses import dataclass

from django.db.models import Sum
from django.db.models.functions import Coalesce


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`subject` is an order's number or another row's public id; empty: the books as a whole.

    `repair` names what would set it right (payments.actions.repairing); empty: somebody must look.
    """

    subject: str
    text: str
    repair: str = ""


def sums(queryset, owner: str, column: str = "amount_minor") -> dict:
    """The column's sum by owner, zeros left out: one query."""
    rows = queryset.order_by().values(owner).annotate(sum=Coalesce(Sum(column), 0))
    return {row[owner]: row["sum"] for row in rows if row["sum"]}


def differ(found: dict, wanted: dict):
    for key in sorted(set(found) | set(wanted), key=str):
        if found.get(key, 0) != wanted.get(key, 0):
            yield key, found.get(key, 0), wanted.get(key, 0)
