"""Checkouts: who may see them, what is in them, what they cost."""

from dataclasses import replace

from engineroom import clock
from payments import pricing, states, taxes
from payments.models import Checkout, CheckoutLine, Coupon, Order, Payment
from payments.pricing import CouponTerms, Part, Quote, TaxTerms, Wanted
from payments.queries.terms import coupon_terms
from payments.queries.trials import trial_days


def checkout_of(public_id: str, person) -> Checkout | None:
    """The checkout if this person (None: a guest) may see it: one query."""
    return (
        Checkout.objects.visible_to(person)
        .select_related("person", "coupon")
        .filter(public_id=public_id)
        .first()
    )


def lines_of(checkout: Checkout) -> list[CheckoutLine]:
    """The lines with their offers: one query."""
    return list(checkout.lines.select_related("offer"))


def instalments_of(lines: list[CheckoutLine]) -> int:
    """In how many parts it can be paid; 1: at once only. Parts are for one offer that stands alone."""
    return lines[0].offer.instalments if len(lines) == 1 and not lines[0].gift else 1


def tax_terms(checkout: Checkout) -> TaxTerms:
    """How its buyer would be taxed today."""
    territory = checkout.evidence.get("territory", "")
    return taxes.terms(checkout.country, checkout.vat_id, clock.now().date(), territory)


def quote_of(checkout: Checkout, lines: list[CheckoutLine]) -> Quote:
    """What the lines cost now: two queries at most, for the scope of the coupon and for a trial."""
    coupon = checkout.coupon
    return quote_for(
        lines,
        checkout.currency,
        coupon=coupon_terms(coupon, checkout.currency) if coupon and coupon.is_valid_now else None,
        tax=tax_terms(checkout),
        in_instalments=checkout.in_instalments,
        buyer=checkout,
    )


def quote_for(
    lines: list[CheckoutLine],
    currency: str,
    *,
    coupon: CouponTerms | None,
    tax: TaxTerms,
    in_instalments: bool,
    buyer: Checkout | None = None,
) -> Quote:
    """What such lines cost, saved or not: the one way from lines to a price. `buyer` is the checkout
    that says who pays; who has had a trial pays from the first day."""
    days = {
        line.offer: trial_days(buyer, line) if buyer else line.offer.trial_days for line in lines
    }
    wanted = [
        Wanted(
            offer=line.offer.public_id,
            title=line.offer.title,
            amount_minor=line.unit_minor,
            list_minor=line.offer.list_minor,
            trial_days=days[line.offer],
            gift=line.gift,
            currency=line.offer.currency,
            tax_class=line.offer.tax_class,
            parts=[Part(**part) for part in line.parts],
            quantity=line.quantity,
        )
        for line in lines
    ]
    quote = pricing.price(
        wanted,
        currency,
        coupon=coupon,
        tax=tax,
        instalments=instalments_of(lines) if in_instalments else 1,
    )
    if all(days[line.offer] == line.offer.trial_days for line in lines):
        return quote
    said = {"step": "no_trial", "label": "No free days: you have had a trial", "amount_minor": 0}
    return replace(quote, steps=[*quote.steps, said])


def later_minor(checkout: Checkout, lines: list[CheckoutLine]) -> int:
    """What a later period of a membership costs: a coupon of the first one is not in it."""
    coupon = checkout.coupon
    lasts = coupon and coupon.is_valid_now and coupon.duration == Coupon.Duration.ALWAYS
    return quote_for(
        lines,
        checkout.currency,
        coupon=coupon_terms(coupon, checkout.currency) if lasts else None,
        tax=tax_terms(checkout),
        in_instalments=False,
    ).period_minor


def live_order_of(checkout: Checkout) -> Order | None:
    """The order that this checkout stands for: one query."""
    return (
        Order.objects.filter(checkout=checkout, state__in=states.LIVE_ORDERS)
        .select_related("person")
        .first()
    )


def last_payment_of(order: Order) -> Payment | None:
    """The latest attempt: one query."""
    return order.payments.first()
