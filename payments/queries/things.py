"""Offers by the thing they give."""

from django.db.models import Count, Q

from engineroom import freshness
from payments import states
from payments.models import Offer, OfferItem, OrderLine


def offers_of(kind: str, keys: list[str]) -> dict[str, Offer]:
    """The cheapest open offer that gives nothing but the thing, by its key: one query.
    What is on sale later is read too, so that pages are not kept past its beginning."""
    alone = OfferItem.objects.values("offer").annotate(count=Count("pk")).filter(count=1)
    items = (
        OfferItem.objects.filter(kind=kind, key__in=keys, offer__in=alone.values("offer"))
        .filter(offer__in=Offer.objects.open_or_coming().order_by().values("pk"))
        .select_related("offer")
        .order_by("-offer__amount_minor", "-pk")
    )
    found = {}
    for item in items:
        freshness.changes_at(item.offer.changes_at)
        if item.offer.is_open:
            found[item.key] = item.offer
    return found


def is_sold(kind: str, keys: list[str]) -> bool:
    """Whether an offer on sale, an order on its way or a running subscription gives one of these:
    two queries."""
    on_sale = Offer.objects.open_or_coming().order_by().values("pk")
    if OfferItem.objects.filter(kind=kind, key__in=keys, offer__in=on_sale).exists():
        return True
    coming = Q(order__state__in=[states.DRAFT, states.AWAITING, states.PROCESSING])
    running = Q(order__subscription__state__in=sorted(states.RUNNING_SUBSCRIPTIONS))
    return OrderLine.objects.filter(coming | running, kind=kind, key__in=keys).exists()
