"""The books: balances, and whether everything that moved is written in them."""

from collections import defaultdict

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from payments import states
from payments.models import LedgerEntry, Order, OrderLine, Payment, Refund


def balances() -> dict[tuple[str, str], int]:
    """Debits minus credits by (account, currency): two queries."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for side, sign in (("debit", 1), ("credit", -1)):
        rows = LedgerEntry.objects.values(side, "currency").annotate(sum=Sum("amount_minor"))
        for row in rows.order_by():
            found[row[side], row["currency"]] += sign * row["sum"]
    return dict(found)


def _ledger_by_order(prefix: str) -> dict[int, int]:
    rows = LedgerEntry.objects.filter(ref__startswith=prefix).values("order_id")
    return {
        row["order_id"]: row["sum"] for row in rows.annotate(sum=Sum("amount_minor")).order_by()
    }


def _compare(what: str, expected: dict, written: dict) -> list[str]:
    return [
        f"{what} of order {key}: {expected.get(key, 0)} moved, {written.get(key, 0)} in the books"
        for key in sorted(set(expected) | set(written), key=str)
        if expected.get(key, 0) != written.get(key, 0)
    ]


def _by_order(queryset, column: str, owner: str = "order_id") -> dict[int, int]:
    rows = queryset.values(owner).annotate(sum=Coalesce(Sum(column), 0)).order_by()
    return {row[owner]: row["sum"] for row in rows if row["sum"]}


def _problems_of_orders() -> list[str]:
    """Orders that contradict their own rows."""
    found = []
    settled = Order.objects.settled()
    sums = _by_order(OrderLine.objects.all(), "total_minor")
    back = _by_order(OrderLine.objects.all(), "refunded_minor")
    paid = _by_order(Payment.objects.filter(state=states.CAPTURED), "amount_minor")
    for order in Order.objects.values("pk", "number", "total_minor", "refunded_minor"):
        if sums.get(order["pk"], 0) != order["total_minor"]:
            found.append(f"order {order['number']}: its lines do not add up to its total")
        if back.get(order["pk"], 0) != order["refunded_minor"]:
            found.append(f"order {order['number']}: its refunded lines do not add up")
    for order in settled.values("pk", "number", "total_minor"):
        if paid.get(order["pk"], 0) < order["total_minor"]:
            found.append(f"order {order['number']}: called paid, but less was captured")
    lost = Order.objects.filter(payments__state=states.CAPTURED).exclude(
        state__in=states.SETTLED_ORDERS
    )
    found += [
        f"order {number}: captured, but not paid"
        for number in lost.values_list("number", flat=True)
    ]
    mixed = Payment.objects.filter(~Q(currency=F("order__currency")) | ~Q(mode=F("order__mode")))
    found += [
        f"payment {name}: not in its order's currency and mode"
        for name in mixed.values_list("public_id", flat=True)
    ]
    return found


def _problems_of_ledger() -> list[str]:
    captured = _by_order(Payment.objects.filter(state=states.CAPTURED), "amount_minor")
    sold = _by_order(
        OrderLine.objects.filter(order__state__in=states.SETTLED_ORDERS), "total_minor"
    )
    refunded = _by_order(Refund.objects.filter(state=states.DONE), "amount_minor")
    pairs = (
        ("capture", captured, "capture:"),
        ("sale", sold, "sale:"),
        ("refund", refunded, "refund:"),
        ("return", refunded, "return:"),
    )
    found = []
    for what, expected, prefix in pairs:
        found += _compare(what, expected, _ledger_by_order(prefix))
    stray = LedgerEntry.objects.exclude(order=None).exclude(currency=F("order__currency"))
    found += [
        f"entry {ref}: not in its order's currency" for ref in stray.values_list("ref", flat=True)
    ]
    crossed = LedgerEntry.objects.filter(
        Q(order__mode="test", debit__startswith="live:")
        | Q(order__mode="live", debit__startswith="test:")
    )
    found += [
        f"entry {ref}: in the books of the other mode"
        for ref in crossed.values_list("ref", flat=True)
    ]
    return found


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
    problems += _problems_of_orders() + _problems_of_ledger()
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
