"""Offers by the thing they give."""

from django.db.models import Count

from payments.models import Offer, OfferItem


def offers_of(kind: str, keys: list[str]) -> dict[str, Offer]:
    """The cheapest open offer that gives nothing but the thing, by its key: one query."""
    alone = OfferItem.objects.values("offer").annotate(count=Count("pk")).filter(count=1)
    items = (
        OfferItem.objects.filter(kind=kind, key__in=keys, offer__in=alone.values("offer"))
        .filter(offer__in=Offer.objects.open().order_by().values("pk"))
        .select_related("offer")
        .order_by("-offer__amount_minor", "-pk")
    )
    return {item.key: item.offer for item in items}
