"""Offers as pages and lists show them."""

from django.db.models import Count

from engineroom import freshness
from payments.models import Offer, OfferItem, Order

COURSE = "course"


def course_reference(slug: str) -> str:
    """The name of the offer that a course's own price makes."""
    return f"{COURSE}:{slug}"


def open_offers():
    """Everything on sale now, newest first, with its items: two queries."""
    return Offer.objects.open().prefetch_related("items")


def all_offers():
    """Every offer, on sale or not, newest first, with its items: two queries."""
    return Offer.objects.prefetch_related("items").order_by("-pk")


def offers_by_ids(public_ids: list[str]) -> list[Offer]:
    """Those of the offers that there are: one query."""
    return list(Offer.objects.filter(public_id__in=public_ids).order_by("pk"))


def offer_by_id(public_id: str) -> Offer | None:
    """The offer, on sale or not: one query."""
    return Offer.objects.filter(public_id=public_id).first()


def ended_by(order: Order, moment) -> str:
    """What the order is made of and was over at that moment, an offer or its coupon, as words; empty
    when nothing was. Two queries at most."""
    over = order.lines.filter(offer__ends_at__lte=moment).order_by("pk")
    if title := over.values_list("offer__title", flat=True).first():
        return f"“{title}”"
    coupon = order.coupon
    is_over = coupon is not None and coupon.ends_at is not None and coupon.ends_at <= moment
    return f"coupon {coupon.code}" if is_over else ""


def course_prices(slugs: list[str]) -> dict[str, dict]:
    """What each course costs alone, by slug: one query. Courses without an open offer are absent.
    What is on sale later is read too, so that pages are not kept past its beginning.

    A course's own price comes first, then the cheapest offer that gives nothing but the course.
    """
    alone = (
        OfferItem.objects.values("offer")
        .annotate(count=Count("pk"))
        .filter(count=1)
        .values("offer")
    )
    items = (
        OfferItem.objects.filter(kind=COURSE, key__in=slugs, offer__in=alone)
        .filter(offer__in=Offer.objects.open_or_coming().order_by().values("pk"))
        .select_related("offer")
        .order_by("-offer__amount_minor", "-pk")
    )
    prices = {}
    for item in items:
        freshness.changes_at(item.offer.changes_at)
        if not item.offer.is_open:
            continue
        is_own = item.offer.reference == course_reference(item.key)
        if is_own or not prices.get(item.key, {}).get("is_own"):
            prices[item.key] = _price(item.offer) | {"is_own": is_own}
    for price in prices.values():
        del price["is_own"]
    return prices


def offers_giving(kind: str, keys: list[str]) -> list[dict]:
    """Offers on sale that give one of these things, cheapest first: one query. What is on sale later
    is read too, so that pages are not kept past its beginning."""
    giving = OfferItem.objects.filter(kind=kind, key__in=keys).values("offer")
    coming = Offer.objects.open_or_coming().filter(pk__in=giving)
    found = []
    for offer in coming.order_by("currency", "amount_minor", "pk"):
        freshness.changes_at(offer.changes_at)
        if offer.is_open and not offer.is_gone:
            rhythm = f" every {offer.period}" if offer.period else ""
            text = f"{offer.text}{rhythm}"
            found.append(
                _price(offer) | {"title": offer.title, "text": text, "period": offer.period}
            )
    return found


def _price(offer: Offer) -> dict:
    return {
        "amount_minor": offer.amount_minor,
        "currency": offer.currency,
        "text": offer.text,
        "offer": offer.public_id,
        "url": offer.get_absolute_url(),
    }
