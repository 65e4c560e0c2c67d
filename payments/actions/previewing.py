"""A price preview: the rules of a checkout on a cart that is never written."""

from payments import sellables, taxes
from payments.actions.checkouts import refuse_twice
from payments.actions.details import check_amount, check_coupon
from payments.models import CheckoutLine, Offer
from payments.pricing import Quote
from payments.queries.previews import Wish, empty_checkout, preview
from payments.queries.terms import coupon_by_code
from payments.refusals import (
    InstalmentsNotOffered,
    OfferClosed,
    OtherCurrency,
    QuantityNotValid,
    StandsAlone,
)


def _wish(offer: Offer, quantity: int, amount_minor: int | None) -> Wish:
    if not offer.is_open:
        raise OfferClosed(f"“{offer.title}” is not on sale now.", field="offer")
    if not 1 <= quantity <= 1000:
        raise QuantityNotValid
    if amount_minor is not None:
        check_amount(offer, amount_minor)
    parts = []
    for item in offer.items.all():
        thing = sellables.of(item.kind)
        thing.refuse(None, item.key, quantity)
        title = thing.describe(item.key)["title"][:200]
        parts.append({"kind": item.kind, "key": item.key, "title": title, "weight": item.weight})
    if not parts:
        raise OfferClosed
    return Wish(offer=offer, quantity=quantity, amount_minor=amount_minor, parts=parts)


def preview_price(
    *,
    lines: list[tuple[Offer, int, int | None]],
    coupon: str = "",
    country: str = "",
    postal_code: str = "",
    vat_id: str = "",
    in_instalments: bool = False,
    person=None,
) -> Quote:
    """What these (offer, quantity, chosen amount) would cost this person (None: a guest) now. Writes
    nothing.

    Raises what a checkout would raise of the same wishes.
    """
    wishes = [_wish(*line) for line in lines]
    offers = [wish.offer for wish in wishes]
    parts = (part for wish in wishes for part in wish.parts)
    refuse_twice((part["kind"], part["key"], part["title"]) for part in parts)
    if len({offer.currency for offer in offers}) > 1:
        raise OtherCurrency
    if len(offers) > 1 and (in_instalments or any(offer.period for offer in offers)):
        raise StandsAlone
    if in_instalments and offers[0].instalments < 2:
        raise InstalmentsNotOffered
    country = taxes.check_country(country)
    vat_id = taxes.check_vat_id(vat_id, country)
    found = coupon_by_code(coupon)
    if coupon.strip():
        unsaved = [CheckoutLine(offer=offer) for offer in offers]
        check_coupon(found, empty_checkout(offers[0].currency), unsaved)
    return preview(
        wishes,
        coupon=found,
        country=country,
        postal_code=postal_code,
        vat_id=vat_id,
        in_instalments=in_instalments,
        person=person,
    )
