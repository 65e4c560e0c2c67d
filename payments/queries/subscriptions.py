"""Subscriptions as their owners and staff see them, and what they bring in."""

from collections import defaultdict
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q

from payments import money, pricing, states
from payments.models import Offer, OfferItem, Order, OrderKind, Subscription
from payments.queries.receipts import absolute

# Everything but attempts that were never paid.
BEGUN = [state for state in states.SUBSCRIPTION_MOVES if state != states.INCOMPLETE]
TROUBLES = {"trial": 3, "grace": 2}  # days of warning


def subscriptions_of(person):
    """The person's subscriptions, newest first: one query."""
    return (
        Subscription.objects.of(person)
        .filter(state__in=BEGUN)
        .select_related("offer", "person")
        .order_by("-pk")
    )


def subscription_of(person, public_id: str) -> Subscription | None:
    """The person's own; another's does not exist. One query."""
    if not public_id.isprintable():
        return None
    return subscriptions_of(person).filter(public_id=public_id).first()


def subscription_for_staff(public_id: str) -> Subscription | None:
    """Anybody's: one query."""
    rows = Subscription.objects.select_related("offer", "person")
    return rows.filter(public_id=public_id).first() if public_id.isprintable() else None


def orders_in(subscription: Subscription) -> list[Order]:
    """What was paid in it, newest first: one query."""
    return list(subscription.orders.filter(state__in=states.SETTLED_ORDERS).order_by("-pk"))


def plans_for(subscription: Subscription) -> list[Offer]:
    """Plans on sale, and not sold out, to which it could change, of the kinds it gives: one query."""
    fitting = OfferItem.objects.filter(kind__in=kinds_of(subscription)).values("offer")
    return list(
        Offer.objects.open()
        .filter(currency=subscription.currency, pk__in=fitting)
        .filter(Q(most_sold=None) | Q(most_sold__gt=F("sold")))
        .exclude(period="")
        .exclude(pk=subscription.offer_id)
        .order_by("amount_minor", "pk")
    )


def kinds_of(subscription: Subscription) -> set[str]:
    """The kinds of what it gives."""
    return {part["kind"] for line in subscription.terms["lines"] for part in line["parts"]}


def latest_order(subscription: Subscription) -> Order | None:
    """The order of the latest period that was paid for: one query."""
    paid = subscription.orders.filter(
        state__in=states.SETTLED_ORDERS, period_starts_at__isnull=False
    )
    return paid.order_by("-period_starts_at", "-pk").first()


def paying_orders(subscription: Subscription) -> list[Order]:
    """The orders whose money pays for the running stretch of the plan, newest first: its period, the
    changes of plan within it, and the periods before whose credit it was paid with. One query."""
    found = []
    paid = subscription.orders.filter(
        state__in=states.SETTLED_ORDERS, period_starts_at__isnull=False
    )
    for order in paid.order_by("-period_starts_at", "-pk"):
        found.append(order)
        has_credit = any(step.get("step") == "credit" for step in order.steps)
        if order.kind != OrderKind.CHANGE and not has_credit:
            break
    return found


def returned_minor(orders: list[Order]) -> int:
    """What went back of these orders, to the buyer or to the buyer's bank."""
    return sum(order.refunded_minor for order in orders)


def worth_of(subscription: Subscription, orders: list[Order]) -> int:
    """What the running stretch of the plan is paid with, money and credit, less what went back of it
    since. `orders` are its `paying_orders`."""
    terms = subscription.terms
    since = returned_minor(orders) - terms.get("returned_minor", 0)
    return max(terms.get("worth_minor", 0) - max(since, 0), 0)


def address_of(subscription: Subscription) -> str:
    return subscription.person.email if subscription.person else ""


def rhythm(subscription: Subscription) -> str:
    return f"{subscription.text} a {subscription.period}"


def left_to_pay(subscription: Subscription) -> int:
    """How many instalments are still to come."""
    return max((subscription.periods_total or 0) - subscription.periods_paid, 0)


def next_amount(subscription: Subscription) -> int:
    return max(subscription.amount_minor - subscription.credit_minor, 0)


def subscription_words(subscription: Subscription) -> dict:
    """What every mail and page about it says, as plain values. No query."""
    name = getattr(subscription.person, "name", "") or ""
    return {
        "name": name.split()[0] if name.split() else "",
        "title": subscription.title,
        "is_instalments": subscription.kind == Subscription.Kind.INSTALMENTS,
        "price": rhythm(subscription),
        "state": subscription.state,
        "period_ends_at": subscription.period_ends_at,
        "trial_ends_at": subscription.trial_ends_at,
        "grace_ends_at": subscription.grace_ends_at,
        "next_amount": money.text(next_amount(subscription), subscription.currency),
        "paid": subscription.periods_paid,
        "total": subscription.periods_total,
        "left": left_to_pay(subscription),
        "method": subscription.method,
        "url": absolute(subscription.get_absolute_url()),
        "is_test": subscription.mode == "test",
        "grace_days": settings.DUNNING_GRACE_DAYS,
    }


def recurring_revenue(on: datetime, mode: str = "live") -> dict[str, dict]:
    """Per currency {"monthly_minor", "yearly_minor", "count"} of memberships running at `on`.

    Each counts with the price of its periods as it is today, coupons that last taken off; a yearly
    price is a twelfth of it a month. Trials and instalments do not count. One query.
    """
    rows = _running(on, mode).values_list("currency", "period", "amount_minor")
    found: dict[str, dict] = defaultdict(lambda: {"yearly_minor": 0, "count": 0})
    for currency, period, amount in rows:
        found[currency]["yearly_minor"] += amount * (12 if period == "month" else 1)
        found[currency]["count"] += 1
    for sums in found.values():
        sums["monthly_minor"] = pricing.rounded(sums["yearly_minor"], 1, 12)
    return dict(sorted(found.items()))


def _running(on: datetime, mode: str):
    begun = Order.objects.settled().filter(kind=OrderKind.PURCHASE, paid_at__lte=on)
    return Subscription.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=on),
        Q(trial_ends_at=None) | Q(trial_ends_at__lte=on),
        state__in=BEGUN,
        kind=Subscription.Kind.MEMBERSHIP,
        mode=mode,
        pk__in=begun.order_by().values("subscription"),
    )


def churn(start: datetime, end: datetime, mode: str = "live") -> dict:
    """Memberships that were running at `start` and had ended at `end`: {"before", "ended", "rate"},
    the rate in hundredths of a percent. Two queries."""
    before = _running(start, mode)
    count, ended = before.count(), before.filter(ended_at__lte=end).count()
    rate = pricing.rounded(ended, pricing.WHOLE, count) if count else 0
    return {"before": count, "ended": ended, "rate": rate}


def export_subscriptions(person) -> list[dict]:
    """Everything about the person's subscriptions, as plain values: two queries."""
    rows = Subscription.objects.of(person).prefetch_related("orders").order_by("pk")
    return [
        {
            "id": row.public_id,
            "title": row.title,
            "kind": row.kind,
            "state": row.state,
            "amount_minor": row.amount_minor,
            "currency": row.currency,
            "period": row.period,
            "periods_paid": row.periods_paid,
            "periods_total": row.periods_total,
            "period_ends_at": _iso(row.period_ends_at),
            "cancels_at_period_end": row.cancels_at_period_end,
            "method": row.method,
            "created_at": _iso(row.created_at),
            "ended_at": _iso(row.ended_at),
            "orders": [order.number for order in row.orders.all()],
        }
        for row in rows
    ]


def _iso(moment) -> str | None:
    return moment.isoformat() if moment else None
