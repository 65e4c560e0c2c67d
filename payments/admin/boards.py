"""What the till shows on the admin's front page."""

from datetime import timedelta

from engineroom import clock
from payments import money
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
