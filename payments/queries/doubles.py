"""The same thing paid for twice by the same person, in two orders or in one."""

from collections.abc import Collection

from django.db.models import Count, Q, QuerySet

from payments import states
from payments.models import Order, OrderKind, OrderLine, Subscription

FIRSTS = (OrderKind.PURCHASE, OrderKind.INVOICE)


def _paid_for_good() -> QuerySet[OrderLine]:
    """Paid lines that still give what they gave. A membership is paid anew for each period, and
    `one_running_subscription_per_offer` keeps it from running twice."""
    return (
        OrderLine.objects.filter(
            order__state__in=states.SETTLED_ORDERS, order__kind__in=FIRSTS, withdrawn_at=None
        )
        .exclude(order__subscription__kind=Subscription.Kind.MEMBERSHIP)
        .exclude(order__subscription__state=states.ENDED)
    )


def given_before(line: OrderLine) -> OrderLine | None:
    """Another paid line that has given the same thing to the same person, who needs it once: a query
    at most."""
    order = line.order
    is_period = order.subscription_id and order.subscription.kind == Subscription.Kind.MEMBERSHIP
    if line.gift or is_period or order.kind not in FIRSTS:
        return None
    theirs = Q(order__person=order.person, gift__isnull=True) | Q(recipient=order.person)
    others = _paid_for_good().filter(
        theirs, kind=line.kind, key=line.key, delivered_at__isnull=False
    )
    return others.exclude(pk=line.pk).select_related("order").order_by("pk").first()


def paid_twice(kinds_of_many: Collection[str]) -> list[OrderLine]:
    """Lines that cost something and give what their buyer has by another line, which was delivered
    where one was. Of the kinds named a person may have many. A query, and one more for each such
    thing."""
    lines = _paid_for_good().filter(gift__isnull=True, order__person__isnull=False)
    lines = lines.exclude(kind__in=kinds_of_many)
    doubles = lines.order_by().values("order__person", "kind", "key").annotate(count=Count("pk"))
    found = []
    for double in doubles.filter(count__gt=1).order_by("order__person", "kind", "key"):
        del double["count"]
        same = list(lines.filter(**double).select_related("order").order_by("pk"))
        first = next((line for line in same if line.delivered_at), same[0])
        found += [line for line in same if line is not first and line.left_minor]
    return found


def order_on_its_way(
    *,
    buyer,
    email: str,
    is_guest: bool,
    kind: str,
    key: str,
    is_one_of_many: bool,
    but: Order | None,
) -> Order | None:
    """An unpaid order of the same buyer for the same thing, for which money may still come: one
    query. `buyer` is the account of the address, if there is one.

    It is processing, or has a hosted page or a bank transfer open. The latter counts for somebody
    who is signed in only in orders of their own: anybody can type an address and pay nothing. It counts
    for nobody where one person may have many of it.
    """
    own = Q(order__person=buyer) if buyer else Q(pk__in=[])
    theirs = own | Q(order__email__iexact=email)
    is_open = Q(order__state=states.AWAITING, order__payments__state__in=states.OPEN_PAYMENTS)
    is_open &= Q(order__payments__reference__isnull=False)
    is_open &= Q(pk__in=[]) if is_one_of_many else theirs if is_guest else own
    lines = OrderLine.objects.filter(
        (theirs & Q(order__state=states.PROCESSING)) | is_open,
        kind=kind,
        key=key,
        gift__isnull=True,
    )
    if but is not None:
        lines = lines.exclude(order=but)
    line = lines.select_related("order").order_by("pk").first()
    return line.order if line else None
