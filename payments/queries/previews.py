"""What a cart would cost, without writing anything: the checkout's own way to its price."""

from dataclasses import dataclass

from engineroom import clock
from payments import taxes, vat
from payments.models import Checkout, CheckoutLine, Coupon, Offer
from payments.pricing import Quote
from payments.queries.checkouts import quote_for
from payments.queries.terms import coupon_terms


@dataclass(frozen=True, kw_only=True)
class Wish:
    """So many of an offer, for so much when its price is open. `parts` as a checkout keeps them."""

    offer: Offer
    parts: list[dict]
    quantity: int = 1
    amount_minor: int | None = None


def preview(
    wishes: list[Wish],
    *,
    coupon: Coupon | None = None,
    country: str = "",
    postal_code: str = "",
    vat_id: str = "",
    in_instalments: bool = False,
    person=None,
) -> Quote:
    """The quote of these wishes, all in one currency, now. `vat_id` is a checked one, `person` who
    asks (None: a guest); the postal code says whether the address lies where other taxes hold.

    Raises MixedCurrencies.
    """
    currency = wishes[0].offer.currency
    lines = [
        CheckoutLine(
            offer=wish.offer,
            quantity=wish.quantity,
            amount_minor=wish.amount_minor,
            parts=wish.parts,
        )
        for wish in wishes
    ]
    return quote_for(
        lines,
        currency,
        coupon=coupon_terms(coupon, currency) if coupon and coupon.is_valid_now else None,
        tax=taxes.terms(
            country, vat_id, clock.now().date(), vat.territory_of(country, postal_code)
        ),
        in_instalments=in_instalments,
        buyer=Checkout(person=person),
    )


def empty_checkout(currency: str) -> Checkout:
    """An unsaved checkout, for rules that ask one for its currency."""
    return Checkout(currency=currency)
