"""The self-check: what orders, gateway, books and access say, held against one another.

Each thing that is wrong is a Found with a kind of `KINDS`, the row it is about, and the name of the
action that repairs it (payments.actions.repairing). Nothing is changed here.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from engineroom import clock, slots
from payments import money, states
from payments.models import (
    Dispute,
    GatewayEvent,
    Order,
    OrderKind,
    OrderLine,
    Payment,
    Refund,
)
from payments.queries import book_checks
from payments.queries.doubles import paid_twice

# What can be wrong, and what staff are offered to do about it.
KINDS = {
    "paid_without_access": "Paid without access",
    "access_without_payment": "Access without payment",
    "double_charge": "Charged twice",
    "amount_mismatch": "Amounts differ",
    "unbalanced_books": "Books do not agree",
    "stuck_processing": "Stuck on its way",
    "missing_webhook": "News never arrived",
    "orphan_seat": "Place held for nobody",
    "unknown_payment": "Payment without an order",
}
REPAIRS = {
    "deliver_again": "Deliver the line again",
    "withdraw": "End the access it gave",
    "refund_surplus": "Refund what was paid too much",
    "match_refunds": "Write what was refunded at the gateway",
    "refund_double": "Refund the second line",
    "restore_payment": "Bring the payment back to what gateway and books say",
    "rebook": "Write the missing and correcting entries",
    "ask_gateway": "Ask the gateway and act on its answer",
    "finish_refund": "Finish the refund",
    "process_event": "Act on the event now",
    "expire": "Let the order run out",
    "release": "Give the place back",
    "recount": "Count again",
}
SOON, LATE = timedelta(minutes=10), timedelta(days=4)


@dataclass(frozen=True, kw_only=True)
class Found:
    """`subject` and `kind` together name it: found again, it is the same finding."""

    kind: str
    subject: str
    detail: str
    repair: str = ""
    data: dict = field(default_factory=dict)


def _expected_lines():
    """Lines that must be giving something now: paid, not returned, their own period running."""
    now = clock.now()
    by_period = Q(order__subscription__isnull=False)
    return (
        OrderLine.objects.filter(
            order__state__in=(states.PAID, states.PARTLY_REFUNDED),
            withdrawn_at=None,
            order__person__isnull=False,
            order__paid_at__lt=now - timedelta(seconds=5),
        )
        .filter(Q(gift__isnull=True) | Q(recipient__isnull=False))
        .exclude(by_period & ~Q(order__subscription__state__in=states.RUNNING_SUBSCRIPTIONS))
        .exclude(by_period & Q(order__subscription__kind="instalments"))
        .exclude(by_period & Q(order__period_ends_at__lt=now))
        .exclude(by_period & Q(order__period_starts_at__gt=now))
        .exclude(order__kind=OrderKind.CHANGE)
    )


def access(kinds_of_many: Collection[str] = ()) -> list[Found]:
    """Lines against what the rooms above have given for them. Nobody above: nothing to compare."""
    rooms = slots.gather("payments.holdings")
    kinds, given, ended, held, partly = (
        set().union(*(room[name] for room in rooms))
        for name in ("kinds", "given", "ended", "held", "partly")
    )
    found = []
    # What was bought twice is given once: see `twice`.
    double = [line.pk for line in paid_twice(kinds_of_many) if not line.delivered_at]
    lines = _expected_lines().filter(kind__in=kinds).exclude(pk__in=double)
    for line in lines.select_related("order").order_by("pk"):
        if line.public_id in partly or line.public_id not in given | ended:
            lacks = "only part of it is there" if line.public_id in partly else "was not given"
            found.append(
                Found(
                    kind="paid_without_access",
                    subject=line.public_id,
                    detail=f"Order {line.order.number}: “{line.title}” is paid and {lacks}.",
                    repair="deliver_again",
                    data={"order": line.order.number},
                )
            )
    return found + _unpaid(given) + _orphans(held)


def _unpaid(given: set[str]) -> list[Found]:
    """Access that hangs on a line which is not paid, or not paid any more."""
    paid = OrderLine.objects.filter(
        order__state__in=states.SETTLED_ORDERS, withdrawn_at=None
    ).values_list("public_id", flat=True)
    wrong = sorted(given - set(paid))
    orders = dict(
        OrderLine.objects.filter(public_id__in=wrong).values_list("public_id", "order__number")
    )
    return [
        Found(
            kind="access_without_payment",
            subject=name,
            detail=f"Access was given for line {name} of order {orders.get(name, 'unknown')},"
            " which is not paid.",
            repair="withdraw",
            data={"order": orders.get(name, "")},
        )
        for name in wrong
    ]


def _orphans(held: set[str]) -> list[Found]:
    """Places that are kept for lines of orders which nobody will pay."""
    waiting = OrderLine.objects.filter(order__state__in=states.LIVE_ORDERS)
    orphans = held - set(waiting.values_list("public_id", flat=True))
    return [
        Found(
            kind="orphan_seat",
            subject=name,
            detail=f"A place is held for line {name}, whose order is over or does not exist.",
            repair="release",
        )
        for name in sorted(orphans)
    ]


def doubles() -> list[Found]:
    """Orders for which more was captured than they cost and than banks took back for good."""
    lost = Dispute.objects.filter(state=states.LOST).order_by().values("payment__order__number")
    gone = dict(lost.annotate(sum=Sum("amount_minor")).values_list("payment__order__number", "sum"))
    rows = (
        Payment.objects.filter(state=states.CAPTURED)
        .order_by()
        .values("order__number", "order__total_minor", "order__currency", "order__refunded_minor")
        .annotate(sum=Sum("amount_minor"), back=Sum("refunded_minor"), count=Count("pk"))
    )
    found = []
    for row in rows:
        number = row["order__number"]
        due = row["order__total_minor"] - row["order__refunded_minor"]
        surplus = row["sum"] - row["back"] - gone.get(number, 0) - due
        if row["count"] > 1 and surplus > 0:
            found.append(
                Found(
                    kind="double_charge",
                    subject=number,
                    detail=f"Order {number} was paid {row['count']} times.",
                    repair="refund_surplus",
                )
            )
    return found


def twice(kinds_of_many: Collection[str] = ()) -> list[Found]:
    """Lines by which somebody paid for what they had bought before."""
    return [
        Found(
            kind="double_charge",
            subject=line.public_id,
            detail=f"“{line.title}” of order {line.order.number} was paid by the same person before.",
            repair="refund_double",
            data={"order": line.order.number},
        )
        for line in paid_twice(kinds_of_many)
    ]


def stuck() -> list[Found]:
    """Payments, orders and refunds that should have moved on long ago."""
    now, found = clock.now(), []
    waits = Payment.objects.filter(
        Q(state=states.UNDERWAY, created_at__lt=now - LATE)
        | Q(order__state=states.PROCESSING, state=states.STARTED, created_at__lt=now - LATE)
    )
    for name, number in waits.values_list("public_id", "order__number"):
        detail = f"Payment {name} of order {number} has been on its way for days."
        found.append(
            Found(kind="stuck_processing", subject=name, detail=detail, repair="ask_gateway")
        )
    lost = Order.objects.filter(state=states.PROCESSING, placed_at__lt=now - SOON).exclude(
        payments__state__in=states.OPEN_PAYMENTS
    )
    overdue = Order.objects.filter(state=states.AWAITING, expires_at__lt=now - timedelta(hours=1))
    for rows, text, repair in (
        (lost, "is called processing, and no payment is.", "ask_gateway"),
        (overdue, "should have run out.", "expire"),
    ):
        for number in rows.values_list("number", flat=True):
            detail = f"Order {number} {text}"
            found.append(
                Found(kind="stuck_processing", subject=number, detail=detail, repair=repair)
            )
    pending = Refund.objects.filter(state=states.PENDING, created_at__lt=now - SOON)
    for name, number in pending.values_list("public_id", "order__number"):
        detail = f"Refund {name} of order {number} is not finished."
        found.append(
            Found(kind="stuck_processing", subject=name, detail=detail, repair="finish_refund")
        )
    events = GatewayEvent.objects.filter(processed_at=None, received_at__lt=now - SOON)
    for name, error in events.values_list("event_id", "error"):
        detail = f"Event {name} was kept and not acted on. {error}".strip()
        found.append(
            Found(
                kind="stuck_processing", subject=name, detail=detail[:500], repair="process_event"
            )
        )
    return found


def books() -> list[Found]:
    """What verify_books says, one finding a row it is about."""
    by_subject: dict[str, list] = {}
    for problem in book_checks.problems():
        by_subject.setdefault(problem.subject, []).append(problem)
    return [
        Found(
            kind="unbalanced_books",
            subject=subject or "ledger",
            detail="; ".join(problem.text for problem in problems)[:500],
            repair=problems[0].repair,
        )
        for subject, problems in by_subject.items()
    ]


def gateway(readings: list, name: str) -> list[Found]:
    """Payments as the gateway tells them (its Readings) against ours: one query."""
    ours = {
        payment.public_id: payment
        for payment in Payment.objects.filter(
            gateway=name, public_id__in=[reading.key for reading in readings]
        ).select_related("order")
    }
    found = []
    back = _came_back(ours.values())
    for reading in readings:
        payment = ours.get(reading.key)
        found += _refunds_differ(payment, reading, back) if payment else []
        if payment is None:
            found += _unknown(reading)
        elif (payment.amount_minor, payment.currency) != (reading.amount_minor, reading.currency):
            detail = (
                f"Payment {payment.public_id} of order {payment.order.number}:"
                f" {reading.amount_minor} {reading.currency} at the gateway,"
                f" {payment.amount_minor} {payment.currency} here."
            )
            found.append(
                Found(
                    kind="amount_mismatch",
                    subject=payment.public_id,
                    detail=detail,
                    repair="restore_payment",
                    data={"amount_minor": reading.amount_minor, "currency": reading.currency},
                )
            )
        elif reading.status == "captured" and payment.state != states.CAPTURED:
            detail = f"Payment {payment.public_id} of order {payment.order.number} is paid at the gateway."
            found.append(
                Found(
                    kind="missing_webhook",
                    subject=payment.public_id,
                    detail=detail,
                    repair="ask_gateway",
                )
            )
        elif payment.state == states.CAPTURED and reading.status != "captured":
            detail = (
                f"Payment {payment.public_id} is captured here and {reading.status} at the gateway."
                " Compare both by hand; if the money never came, refund the order's lines here."
            )
            found.append(Found(kind="amount_mismatch", subject=payment.public_id, detail=detail))
    return found


def _unknown(reading) -> list[Found]:
    if reading.status != "captured":
        return []
    detail = (
        f"The gateway took money for {reading.reference}, which is no payment of ours."
        " Look it up there; what nobody can explain is refunded there."
    )
    return [Found(kind="unknown_payment", subject=reading.reference, detail=detail)]


def _came_back(payments) -> dict[int, int | None]:
    """By payment what was sent another way; None while a refund is on its way: one query."""
    rows = Refund.objects.filter(payment__in=[payment.pk for payment in payments]).order_by()
    rows = rows.values("payment").annotate(
        sent=Coalesce(Sum("amount_minor", filter=Q(resent_at__isnull=False)), 0),
        waiting=Count("pk", filter=Q(state=states.PENDING)),
    )
    return {row["payment"]: None if row["waiting"] else row["sent"] for row in rows}


def _refunds_differ(payment: Payment, reading, back: dict) -> list[Found]:
    sent = back.get(payment.pk, 0)
    if payment.state != states.CAPTURED or sent is None:
        return []
    more = reading.refunded_minor - payment.refunded_minor + sent
    if not more:
        return []
    text = money.text(abs(more), payment.currency)
    said = (
        f"{text} of payment {payment.public_id} was refunded at the gateway, not here."
        if more > 0
        else f"{text} of payment {payment.public_id} was refunded and came back to the gateway."
        " Send it another way, then say so in the list of refunds."
    )
    return [
        Found(
            kind="amount_mismatch",
            subject=payment.public_id,
            detail=said,
            repair="match_refunds" if more > 0 else "",
        )
    ]


def from_rows(kinds_of_many: Collection[str] = ()) -> list[Found]:
    """Everything that can be said without asking a gateway. Of the kinds named one person may have
    many."""
    return access(kinds_of_many) + doubles() + twice(kinds_of_many) + stuck() + books()
