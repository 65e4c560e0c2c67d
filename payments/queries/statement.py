"""Statements of the books and the money that came in, by period."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, TruncDay, TruncMonth

from payments import money, states
from payments.models import Dispute, Finding, LedgerEntry, Payment, Refund


def moments(start: date, until: date) -> tuple[datetime, datetime]:
    """Both days included: from the first second of `start` to that after `until`, in UTC."""
    first = datetime.combine(start, time(), UTC)
    return first, datetime.combine(until + timedelta(days=1), time(), UTC)


def statement(start: date, until: date) -> list[dict]:
    """Per account and currency {"account", "currency", "opening", "debits", "credits", "closing"}.

    Balances are debits less credits. Two queries.
    """
    first, after = moments(start, until)
    rows: dict[tuple[str, str], dict[str, int]] = defaultdict(
        lambda: {"opening": 0, "debit": 0, "credit": 0}
    )
    for side, sign in (("debit", 1), ("credit", -1)):
        sums = LedgerEntry.objects.filter(created_at__lt=after).order_by().values(side, "currency")
        sums = sums.annotate(
            before=Coalesce(Sum("amount_minor", filter=Q(created_at__lt=first)), 0),
            within=Coalesce(Sum("amount_minor", filter=Q(created_at__gte=first)), 0),
        )
        for row in sums:
            own = rows[row[side], row["currency"]]
            own["opening"] += sign * row["before"]
            own[side] += row["within"]
    return [
        {
            "account": account,
            "currency": currency,
            "opening": own["opening"],
            "debits": own["debit"],
            "credits": own["credit"],
            "closing": own["opening"] + own["debit"] - own["credit"],
        }
        for (account, currency), own in sorted(rows.items())
    ]


def statement_table(rows: list[dict]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows as plain texts, amounts with a point."""
    amounts = ["opening", "debits", "credits", "closing"]
    return ["account", "currency", *amounts], [
        [row["account"], row["currency"]]
        + [money.plain(row[name], row["currency"]) for name in amounts]
        for row in rows
    ]


def revenue(start: datetime, mode: str, by: str = "day") -> dict[str, dict[date, int]]:
    """Net revenue by currency and day or month since then: two queries."""
    cut = TruncMonth("created_at") if by == "month" else TruncDay("created_at")
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for side, sign in (("credit", 1), ("debit", -1)):
        rows = LedgerEntry.objects.filter(
            **{f"{side}__startswith": f"{mode}:revenue:"}, created_at__gte=start
        )
        rows = rows.order_by().annotate(at=cut).values("at", "currency")
        for row in rows.annotate(sum=Sum("amount_minor")):
            found[row["currency"]][row["at"].date()] += sign * row["sum"]
    return {currency: dict(days) for currency, days in sorted(found.items())}


def money_worries(since: datetime, mode: str) -> dict:
    """What the board counts beside the revenue: four queries."""
    refunds = Refund.objects.filter(state=states.DONE, done_at__gte=since, order__mode=mode)
    failed = Payment.objects.filter(state=states.FAILED, created_at__gte=since, mode=mode)
    disputes = Dispute.objects.filter(
        state__in=(states.OPEN, states.UNDER_REVIEW), payment__mode=mode
    )
    sums = refunds.order_by().values("currency").annotate(n=Count("pk"), sum=Sum("amount_minor"))
    return {
        "refunds": [
            {"count": row["n"], "sum": money.text(row["sum"], row["currency"])}
            for row in sums.order_by("currency")
        ],
        "failed": failed.count(),
        "disputes": disputes.count(),
        "findings": Finding.objects.filter(closed_at=None).count(),
    }
