"""The till's rows against one another: each check answers what contradicts, and says where.

Nothing is trusted that can be counted again: totals, refunds, uses and sums are recomputed from the
rows they stand for. Each check takes a fixed number of queries.
"""

from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce

from payments import pricing, states
from payments.models import (
    Dispute,
    Invoice,
    InvoiceSeries,
    LedgerEntry,
    Order,
    OrderLine,
    Payment,
    Payout,
    Refund,
    RefundLine,
)
from payments.queries import counter_checks
from payments.queries.problems import Problem, differ, sums

CUSTOMERS = ":customers"


def _numbers() -> dict[int, str]:
    return dict(Order.objects.order_by().values_list("pk", "number"))


def orders_add_up() -> list[Problem]:
    """Totals, tax, discounts and refunds of an order are those of its lines."""
    numbers = _numbers()
    pairs = {
        "total_minor": "its lines do not add up to its total",
        "tax_minor": "its lines do not add up to its tax",
        "discount_minor": "its lines do not add up to its discount",
        "refunded_minor": "its refunded lines do not add up",
    }
    found = []
    for column, text in pairs.items():
        own = {
            pk: amount
            for pk, amount in Order.objects.order_by().values_list("pk", column)
            if amount
        }
        for pk, _, _ in differ(own, sums(OrderLine.objects.all(), "order_id", column)):
            text_ = f"order {numbers[pk]}: {text}"
            found.append(Problem(subject=numbers[pk], text=text_, repair="recount"))
    return found


def orders_are_paid() -> list[Problem]:
    """Settled means captured in full, captured means settled, all in one currency and mode."""
    captured = sums(Payment.objects.filter(state=states.CAPTURED), "order_id")
    found = []
    for order in Order.objects.settled().order_by().values("pk", "number", "total_minor"):
        if captured.get(order["pk"], 0) < order["total_minor"]:
            text = f"order {order['number']}: called paid, but less was captured"
            found.append(Problem(subject=order["number"], text=text))
    unsettled = Order.objects.exclude(state__in=states.SETTLED_ORDERS).filter(pk__in=captured)
    for number in unsettled.values_list("number", flat=True):
        found.append(Problem(subject=number, text=f"order {number}: captured, but not paid"))
    mixed = Payment.objects.filter(~Q(currency=F("order__currency")) | ~Q(mode=F("order__mode")))
    for name, number in mixed.values_list("public_id", "order__number"):
        text = f"payment {name}: not in its order's currency and mode"
        found.append(Problem(subject=number, text=text))
    return found


def refunds_add_up() -> list[Problem]:
    """What a payment and a line say went back is what their refunds and lost disputes say."""
    live = Refund.objects.exclude(state=states.FAILED)
    own = sums(Payment.objects.all(), "public_id", "refunded_minor")
    found = [
        Problem(
            subject=name,
            text=f"payment {name}: {said} called refunded, {real} in refunds",
            repair="recount",
        )
        for name, said, real in differ(own, sums(live, "payment__public_id"))
    ]
    # A refund without lines sends back what was paid too much.
    with_lines = Refund.objects.filter(pk__in=RefundLine.objects.values("refund"))
    parts = sums(RefundLine.objects.all(), "refund__public_id")
    found += [
        Problem(subject=name, text=f"refund {name}: {said} moved, its lines say {real}")
        for name, said, real in differ(sums(with_lines, "public_id"), parts)
    ]
    disputed = Dispute.objects.filter(state=states.LOST).values("payment__order_id")
    lines = OrderLine.objects.exclude(order__in=disputed)
    own = sums(lines, "public_id", "refunded_minor")
    real = sums(
        RefundLine.objects.exclude(refund__state=states.FAILED).exclude(refund__order__in=disputed),
        "line__public_id",
    )
    found += [
        Problem(
            subject=name,
            text=f"line {name}: {said} called refunded, {back} in refunds",
            repair="recount",
        )
        for name, said, back in differ(own, real)
    ]
    return found


def moved(prefix: str, account: str = CUSTOMERS) -> dict[int, int]:
    """What entries with this prefix gave to an account (above zero) or took, by order: one query."""
    given, taken = Q(credit__contains=account), Q(debit__contains=account)
    rows = LedgerEntry.objects.filter(given | taken, ref__startswith=prefix)
    rows = rows.order_by().values("order_id")
    rows = rows.annotate(
        given=Coalesce(Sum("amount_minor", filter=given), 0),
        taken=Coalesce(Sum("amount_minor", filter=taken), 0),
    )
    return {
        row["order_id"]: row["given"] - row["taken"] for row in rows if row["given"] - row["taken"]
    }


def _expected_returns() -> dict[str, dict[int, int]]:
    """By prefix and order what refunds that are done take back of net, tax and rounding."""
    wanted: dict[str, dict[int, int]] = {"": {}, "-tax": {}, "-rounding": {}}
    disputed = Dispute.objects.filter(state=states.LOST).values("payment__order_id")
    done = RefundLine.objects.filter(refund__state=states.DONE).exclude(line__order__in=disputed)
    columns = ("line__total_minor", "line__tax_minor", "line__rounding_minor")
    rows = done.order_by().values("line", "line__order_id", *columns)
    for row in rows.annotate(sum=Sum("amount_minor")):
        parts = pricing.part_back(0, row["sum"], *(row[name] for name in columns))
        for kind, amount in zip(wanted, parts, strict=True):
            by_order = wanted[kind]
            by_order[row["line__order_id"]] = by_order.get(row["line__order_id"], 0) + amount
    return wanted


def ledger_says_the_same() -> list[Problem]:
    """Every capture, sale, fee, refund and dispute is in the books with its amount, and no other."""
    settled = OrderLine.objects.filter(order__state__in=states.SETTLED_ORDERS)
    disputes = {state: Dispute.objects.filter(state=state) for state in (states.WON, states.LOST)}
    lost = disputes[states.LOST].values("payment__order_id")
    pairs = [
        ("capture", sums(Payment.objects.filter(state=states.CAPTURED), "order_id"), 1),
        ("sale", sums(settled, "order_id", "net_minor"), -1),
        ("sale-tax", sums(settled, "order_id", "tax_minor"), -1),
        ("sale-rounding", sums(settled, "order_id", "rounding_minor"), -1),
        ("refund", sums(Refund.objects.filter(state=states.DONE), "order_id"), -1),
        ("dispute-lost", sums(disputes[states.LOST], "payment__order_id"), -1),
    ]
    numbers = _numbers()
    found = []

    def compare(what, wanted, written):
        for pk, moved, booked in differ(wanted, written):
            number = numbers.get(pk, "none")
            text = f"{what} of order {number}: {moved} moved, {booked} in the books"
            found.append(Problem(subject=number, text=text, repair="rebook"))

    for what, wanted, sign in pairs:
        written = moved(f"{what}:")
        compare(what, wanted, {pk: sign * amount for pk, amount in written.items()})
    disputed = set(lost.values_list("payment__order_id", flat=True))
    for kind, wanted in _expected_returns().items():
        written = moved(f"return{kind}:")
        compare(
            f"return{kind}",
            {pk: amount for pk, amount in wanted.items() if amount},
            {pk: amount for pk, amount in written.items() if pk not in disputed},
        )
    others = (
        ("fee", ":fees:", -1, sums(Payment.objects.all(), "order_id", "fee_minor")),
        ("dispute", ":disputes:", -1, sums(Dispute.objects.all(), "payment__order_id")),
        (
            "dispute-fee",
            ":fees:",
            -1,
            sums(Dispute.objects.all(), "payment__order_id", "fee_minor"),
        ),
        ("dispute-won", ":disputes:", 1, sums(disputes[states.WON], "payment__order_id")),
    )
    for what, account, sign, wanted in others:
        written = moved(f"{what}:", account)
        compare(what, wanted, {pk: sign * amount for pk, amount in written.items()})
    return found


def _lost_beyond() -> dict[int, int]:
    """What banks have kept for good and nothing was taken off a line for, by order: it had been paid
    too much, or was back with the buyer already."""
    lost = sums(Dispute.objects.filter(state=states.LOST), "payment__order_id")
    live = RefundLine.objects.exclude(refund__state=states.FAILED).filter(refund__order__in=lost)
    sent = sums(live, "refund__order_id")
    orders = Order.objects.filter(pk__in=lost).order_by().values_list("pk", "refunded_minor")
    return {pk: lost[pk] - (back - sent.get(pk, 0)) for pk, back in orders}


def customers_are_even() -> list[Problem]:
    """Nobody is owed anything but what was paid too much, and nobody owes anything but what a bank
    gave back a second time: per order, given and taken are the same."""
    captured = sums(Payment.objects.filter(state=states.CAPTURED), "order_id")
    returned = sums(Refund.objects.filter(state=states.DONE, lines=None), "order_id")
    beyond, written = _lost_beyond(), moved("")
    found = []
    for order in Order.objects.order_by().values("pk", "number", "state", "total_minor"):
        pk = order["pk"]
        surplus = captured.get(pk, 0) - returned.get(pk, 0) - beyond.get(pk, 0)
        if order["state"] in states.SETTLED_ORDERS:
            surplus -= order["total_minor"]
        if written.get(pk, 0) != surplus:
            text = f"order {order['number']}: the buyer's account is not even"
            # Which lines a lost dispute was taken from is only in the books: nothing to write by.
            repair = "" if pk in beyond else "rebook"
            found.append(Problem(subject=order["number"], text=text, repair=repair))
    return found


def entries_stand_where_they_belong() -> list[Problem]:
    """An entry of an order is in that order's currency and mode."""
    of_orders = LedgerEntry.objects.exclude(order=None)
    stray = of_orders.exclude(currency=F("order__currency"))
    found = [
        Problem(subject=ref, text=f"entry {ref}: not in its order's currency")
        for ref in stray.values_list("ref", flat=True)
    ]
    crossed = of_orders.filter(
        Q(order__mode="test", debit__startswith="live:")
        | Q(order__mode="live", debit__startswith="test:")
    )
    return found + [
        Problem(subject=ref, text=f"entry {ref}: in the books of the other mode")
        for ref in crossed.values_list("ref", flat=True)
    ]


def invoices_add_up() -> list[Problem]:
    """Numbers of a series have no gap; an invoice is its order's total, a credit note what its refund
    or lost dispute took back."""
    found = []
    rows = InvoiceSeries.objects.order_by("prefix").annotate(
        count=Count("invoices"), last=Coalesce(Max("invoices__sequence"), 0)
    )
    for row in rows:
        if not row.count == row.last == row.last_number:
            text = f"invoices {row.prefix}: {row.count} documents, the last number is {row.last_number}"
            found.append(Problem(subject=row.prefix, text=text))
    wrong = Invoice.objects.filter(
        Q(kind="invoice") & ~Q(total_minor=F("order__total_minor"))
        | Q(kind="credit_note", dispute=None) & ~Q(total_minor=F("refund__amount_minor"))
        # Less when refunds had taken a part of it before.
        | Q(kind="credit_note", dispute__isnull=False)
        & Q(total_minor__gt=F("dispute__amount_minor"))
        | ~Q(currency=F("order__currency"))
        | ~Q(mode=F("order__mode"))
    )
    for number, order in wrong.values_list("number", "order__number"):
        text = f"invoice {number}: not the amount of what it stands for"
        found.append(Problem(subject=order, text=text))
    return found


def payouts_are_booked() -> list[Problem]:
    """A payout is the sum of its parts, and in the books with its amount."""
    booked = {}
    entries = LedgerEntry.objects.filter(ref__startswith="payout:").order_by()
    for ref, debit, amount in entries.values_list("ref", "debit", "amount_minor"):
        booked[ref.partition(":")[2]] = amount if debit.endswith(":bank") else -amount
    found = []
    for payout in Payout.objects.order_by("pk"):
        parts = sum(part["amount_minor"] - part["fee_minor"] for part in payout.parts)
        if payout.parts and parts != payout.amount_minor:
            text = f"payout {payout.public_id}: its parts add up to {parts}"
            found.append(Problem(subject=payout.public_id, text=text))
        if booked.get(payout.public_id, 0) != payout.amount_minor:
            text = f"payout {payout.public_id}: not in the books with its amount"
            found.append(Problem(subject=payout.public_id, text=text, repair="rebook"))
    return found


CHECKS = (
    orders_add_up,
    orders_are_paid,
    refunds_add_up,
    ledger_says_the_same,
    customers_are_even,
    entries_stand_where_they_belong,
    counter_checks.coupons_are_counted,
    counter_checks.offers_are_counted,
    counter_checks.subscriptions_are_counted,
    counter_checks.rooms_are_counted,
    invoices_add_up,
    payouts_are_booked,
)


def problems() -> list[Problem]:
    """What every check found, in the order of the checks."""
    return [problem for check in CHECKS for problem in check()]
