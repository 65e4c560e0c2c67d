"""Orders as their owners, guests and staff see them."""

from datetime import timedelta

from django.db.models import Count, Q, Sum, prefetch_related_objects

from engineroom import clock
from payments import states
from payments.models import GatewayEvent, Order, OrderLine, Refund


def orders_of(person):
    """The person's orders with their lines, newest first: two queries."""
    return Order.objects.of(person).prefetch_related("lines").order_by("-pk")


def orders_with_gifts(person):
    """The same with what their gifts became: three queries."""
    return orders_of(person).prefetch_related("lines__claim")


def shown_lines(order: Order) -> list[OrderLine]:
    """The lines with what their gifts became: one query at most when they are read already."""
    lines = list(order.lines.all())
    prefetch_related_objects([line for line in lines if line.gift], "claim")
    return lines


def order_for(number: str, person, checkout_ids: list[str]) -> Order | None:
    """The order if the person owns it, or a guest's session knows its checkout: two queries."""
    mine = Q(pk__in=[])
    if person is not None:
        mine |= Q(person=person)
    if checkout_ids:
        mine |= Q(checkout__public_id__in=checkout_ids, was_guest=True)
    return (
        Order.objects.filter(mine, number=number.upper())
        .exclude(state=states.DRAFT)
        .select_related("person", "checkout")
        .prefetch_related("lines")
        .first()
    )


def order_for_staff(number: str) -> Order | None:
    orders = Order.objects.select_related("person", "subscription").prefetch_related("lines")
    return orders.filter(number=number.upper()).first()


def orders_for_staff(*, state: str = "", email: str = "", number: str = ""):
    """Everybody's orders with their lines, newest first, each filter in whole: two queries."""
    asked = {"state": state, "email__iexact": email, "number": number.upper()}
    return (
        Order.objects.filter(**{name: value for name, value in asked.items() if value})
        .select_related("person", "subscription")
        .prefetch_related("lines")
        .order_by("-pk")
    )


def refunds_of(order: Order) -> list:
    """Refunds with their lines, oldest first: three queries at most."""
    return list(order.refunds.prefetch_related("lines__line").order_by("pk"))


def refund_by_key(order: Order, key: str) -> Refund | None:
    """The refund that this form or call has made already: one query, none without a key."""
    return order.refunds.filter(key=key).first() if key and key.isprintable() else None


def sales_since(moment) -> list[dict]:
    """Orders paid since then, by currency and mode: one query."""
    return list(
        Order.objects.settled()
        .filter(paid_at__gte=moment)
        .values("currency", "mode")
        .annotate(count=Count("pk"), sum_minor=Sum("total_minor"), back_minor=Sum("refunded_minor"))
        .order_by("mode", "currency")
    )


def worries() -> dict:
    """What staff should look at: two queries."""
    late = clock.now() - timedelta(minutes=5)
    return {
        "attention": Order.objects.exclude(attention="").count(),
        "events": GatewayEvent.objects.filter(processed_at=None, received_at__lt=late).count(),
    }


def export_rows(person) -> list[dict]:
    """Everything the till holds about a person, as plain values."""
    return [
        {
            "number": order.number,
            "email": order.email,
            "state": order.state,
            "currency": order.currency,
            "total_minor": order.total_minor,
            "refunded_minor": order.refunded_minor,
            "placed_at": order.placed_at.isoformat(),
            "paid_at": order.paid_at.isoformat() if order.paid_at else None,
            "lines": [
                {
                    "title": line.title,
                    "kind": line.kind,
                    "key": line.key,
                    "total_minor": line.total_minor,
                }
                for line in order.lines.all()
            ],
        }
        for order in Order.objects.filter(person=person).prefetch_related("lines").order_by("pk")
    ]
