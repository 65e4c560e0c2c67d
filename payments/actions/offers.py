"""Putting things on sale."""

from datetime import datetime

from django.db import transaction

from engineroom import audit
from payments import money, sellables
from payments.models import Offer, OfferItem
from payments.queries.offers import COURSE, course_reference
from payments.refusals import OfferNotValid, PriceNotYours


def _checked(title: str, amount_minor: int, currency: str) -> None:
    if not title.strip():
        raise OfferNotValid("Give the offer a title.", field="title")
    if currency not in money.EXPONENTS:
        raise OfferNotValid("This currency is not known here.", field="currency")
    if not 0 < amount_minor <= money.MOST_MINOR:
        raise OfferNotValid("The price must be above zero.", field="amount")


def _check_may_price(actor) -> None:
    if actor is not None and not actor.has_perm("payments.change_offer"):
        raise PriceNotYours


@transaction.atomic
def price_course(
    *, slug: str, title: str, amount_minor: int, currency: str, actor=None
) -> Offer | None:
    """Make or change the offer that sells this course alone. Zero takes it off sale.

    Asking for what is already so changes nothing and leaves no audit entry. Without an actor it is
    the school itself (a command) that asks. Raises OfferNotValid, and PriceNotYours for an actor
    who may not change offers.
    """
    reference = course_reference(slug)
    found = Offer.objects.select_for_update().filter(reference=reference).first()
    if not amount_minor:
        if found and found.is_active:
            _check_may_price(actor)
            Offer.objects.filter(pk=found.pk).update(is_active=False)
            audit.record("offer.closed", found.public_id, actor=actor, course=slug)
        return None
    title = title[:200]
    _checked(title, amount_minor, currency)
    wanted = {"title": title, "amount_minor": amount_minor, "currency": currency, "is_active": True}
    if found and all(getattr(found, name) == value for name, value in wanted.items()):
        return found
    _check_may_price(actor)
    offer, created = Offer.objects.update_or_create(reference=reference, defaults=wanted)
    OfferItem.objects.get_or_create(offer=offer, kind=COURSE, key=slug)
    audit.record(
        "offer.made" if created else "offer.changed",
        offer.public_id,
        actor=actor,
        course=slug,
        amount_minor=amount_minor,
        currency=currency,
    )
    return offer


@transaction.atomic
def make_offer(
    *,
    title: str,
    amount_minor: int,
    currency: str,
    items: list[tuple[str, str]],
    tax_class: str = "standard",
    is_active: bool = True,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    actor=None,
) -> Offer:
    """A new offer of one or more (kind, key). Every thing must exist."""
    _checked(title, amount_minor, currency)
    _check_window(starts_at, ends_at)
    offer = Offer.objects.create(
        title=title,
        amount_minor=amount_minor,
        currency=currency,
        tax_class=tax_class,
        is_active=is_active,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    set_items(offer=offer, items=items)
    audit.record(
        "offer.made", offer.public_id, actor=actor, amount_minor=amount_minor, currency=currency
    )
    return offer


def _check_window(starts_at, ends_at) -> None:
    if starts_at and ends_at and ends_at <= starts_at:
        raise OfferNotValid("The end must come after the start.", field="ends_at")


@transaction.atomic
def change_offer(*, offer: Offer, actor=None, **fields) -> Offer:
    """Change what the offer says and costs. Orders already placed keep what they froze."""
    Offer.objects.select_for_update().get(pk=offer.pk)
    for name, value in fields.items():
        setattr(offer, name, value)
    _checked(offer.title, offer.amount_minor, offer.currency)
    _check_window(offer.starts_at, offer.ends_at)
    offer.save(update_fields=list(fields))
    audit.record(
        "offer.changed",
        offer.public_id,
        actor=actor,
        changed=sorted(fields),
        amount_minor=offer.amount_minor,
        currency=offer.currency,
    )
    return offer


@transaction.atomic
def set_items(*, offer: Offer, items: list[tuple[str, str]]) -> None:
    """What the offer gives, in this order. Raises OfferNotValid for things nobody knows."""
    if not items or len(items) > 50 or len(set(items)) != len(items):
        raise OfferNotValid("An offer gives between 1 and 50 different things.", field="items")
    for kind, key in items:
        if kind not in sellables.kinds():
            raise OfferNotValid(f"Nothing of the kind “{kind}” is sold here.", field="items")
        sellables.of(kind).describe(key)
    OfferItem.objects.filter(offer=offer).exclude(
        pk__in=[
            item.pk
            for kind, key in items
            for item in [OfferItem.objects.get_or_create(offer=offer, kind=kind, key=key)[0]]
        ]
    ).delete()
