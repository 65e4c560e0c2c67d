"""Offers by the thing they give."""

from django.db.models import Count

from engineroom import freshness
from payments.models import Offer, OfferItem


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
