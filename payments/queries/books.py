"""The books: balances, and whether everything that moved is written in them."""

from collections import defaultdict

from django.db.models import Sum

from payments.models import LedgerEntry, Order
from payments.queries import book_checks


def balances() -> dict[tuple[str, str], int]:
    """Debits minus credits by (account, currency): two queries."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for side, sign in (("debit", 1), ("credit", -1)):
        rows = LedgerEntry.objects.values(side, "currency").annotate(sum=Sum("amount_minor"))
        for row in rows.order_by():
            found[row[side], row["currency"]] += sign * row["sum"]
    return dict(found)


def audit_books() -> dict:
    """Everything recomputed: {"ok", "orders", "entries", "currencies", "balances", "problems"}.

    `currencies` holds per currency the sum over all accounts, which is 0 in sound books.
    """
    held = balances()
    currencies: dict[str, int] = defaultdict(int)
    for (_, currency), amount in held.items():
        currencies[currency] += amount
    problems = [
        f"{currency}: the books do not balance" for currency, sum_ in currencies.items() if sum_
    ]
    problems += [problem.text for problem in book_checks.problems()]
    return {
        "ok": not problems,
        "orders": Order.objects.count(),
        "entries": LedgerEntry.objects.count(),
        "currencies": dict(sorted(currencies.items())),
        "balances": {
            f"{account} {currency}": amount for (account, currency), amount in sorted(held.items())
        },
        "problems": problems,
    }
