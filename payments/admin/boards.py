"""What the till shows on the admin's front page."""

from datetime import timedelta

from django.conf import settings

from engineroom import clock
from payments import money
from payments.admin.books import DAYS, recurring_words, revenue_words
from payments.queries import statement
from payments.queries.orders import sales_since, worries


def orders_today(request) -> dict | None:
    """Slot `admin.board`: orders since midnight (UTC) by currency, and what needs attention."""
    if not request.user.has_perm("payments.view_order"):
        return None
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [
        {
            "count": row["count"],
            "sum": money.text(row["sum_minor"], row["currency"]),
            "refunded": money.text(row["back_minor"], row["currency"]) if row["back_minor"] else "",
            "is_test": row["mode"] == "test",
        }
        for row in sales_since(midnight)
    ]
    return {
        "title": "Orders today",
        "template": "admin/payments/board.html",
        "context": {
            "rows": rows,
            "count": sum(row["count"] for row in rows),
            "since": midnight,
            "until": midnight + timedelta(days=1),
            **worries(),
        },
        "size": 4,
    }


def revenue(request) -> dict | None:
    """Slot `admin.board`: 30 days of revenue, memberships, refunds, failures, disputes, findings."""
    if not request.user.has_perm("payments.view_ledgerentry"):
        return None
    mode = "test" if settings.TEST_SCHOOL else "live"
    parts = revenue_words(mode, "day")
    return {
        "title": "Revenue",
        "template": "admin/payments/books/board.html",
        "context": {
            "part": parts[0] if parts else None,
            "mode": mode,
            "recurring": recurring_words(mode),
            "worries": statement.money_worries(clock.now() - timedelta(days=DAYS), mode),
            "days": DAYS,
        },
        "size": 8,
    }
