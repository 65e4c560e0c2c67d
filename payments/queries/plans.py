"""What a period of a subscription costs, and until when it gives access."""

from dataclasses import replace
from datetime import datetime, timedelta

from payments import money, pricing, states, taxes
from payments.models import CheckoutLine, Coupon, Order, Subscription
from payments.pricing import CouponTerms, Part, Quote, TaxTerms, Wanted
from payments.queries.terms import coupon_terms

# Gateways take an hour or two to ask for a renewal, banks longer: nobody is closed out meanwhile.
LEEWAY = timedelta(days=2)


def frozen_lines(lines: list[CheckoutLine]) -> list[dict]:
    """The lines of a checkout as the terms of a subscription keep them."""
    return [
        {
            "offer": line.offer.public_id,
            "title": line.offer.title,
            "amount_minor": line.unit_minor,
            "list_minor": line.offer.list_minor,
            "tax_class": line.offer.tax_class,
            "quantity": line.quantity,
            "parts": line.parts,
        }
        for line in lines
    ]


def frozen_coupon(coupon: Coupon | None, currency: str) -> dict | None:
    """A coupon as the terms keep it; `always`: it holds for every period."""
    if coupon is None:
        return None
    terms = coupon_terms(coupon, currency)
    if terms is None:
        return None
    return {
        "code": terms.code,
        "label": terms.label,
        "percent": terms.percent,
        "amount_minor": terms.amount_minor,
        "offers": None if terms.offers is None else sorted(terms.offers),
        "always": coupon.duration == Coupon.Duration.ALWAYS,
    }


def _wanted(terms: dict, currency: str) -> list[Wanted]:
    return [
        Wanted(
            offer=line["offer"],
            title=line["title"],
            amount_minor=line["amount_minor"],
            list_minor=line["list_minor"],
            currency=currency,
            tax_class=line["tax_class"],
            quantity=line["quantity"],
            parts=[Part(**part) for part in line["parts"]],
        )
        for line in terms["lines"]
    ]


def _coupon(terms: dict, is_every: bool) -> CouponTerms | None:
    said = terms.get("coupon")
    if not said or not (is_every or said["always"]):
        return None
    return CouponTerms(
        code=said["code"],
        label=said["label"],
        percent=said["percent"],
        amount_minor=said["amount_minor"],
        offers=None if said["offers"] is None else frozenset(said["offers"]),
    )


def later_quote(terms: dict, currency: str, tax: TaxTerms, *, total: int | None, number=2) -> Quote:
    """What a later period costs under these terms. `total`: so many instalments in all, of which
    this is part `number`; a coupon is in each part of them."""
    return pricing.price(
        _wanted(terms, currency),
        currency,
        coupon=_coupon(terms, is_every=total is not None),
        tax=tax,
        instalments=total or 1,
        number=number,
    )


def tax_of(order: Order, on: datetime) -> TaxTerms:
    """How the buyer of this order is taxed that day."""
    territory = order.evidence.get("territory", "")
    return taxes.terms(order.country, order.vat_id, on.date(), territory)


def frozen_rates(tax: TaxTerms) -> dict[str, int]:
    """What reverse charge takes off the price, by tax class, as the terms keep it: the net price is
    agreed on, and stays when a rate changes. Empty for everybody else, who pays the price with tax."""
    return dict(tax.rates) if tax.kind == "reverse" else {}


def renewal_tax(subscription: Subscription, order: Order, on: datetime) -> TaxTerms:
    """How a period that begins that day is taxed, at the net price agreed on."""
    tax = tax_of(order, on)
    frozen = subscription.terms.get("reverse_rates")
    return replace(tax, rates=frozen) if frozen and tax.kind == "reverse" else tax


def scaled(quote: Quote, total_minor: int, tax: TaxTerms, label: str, step: str) -> Quote:
    """The same lines at another total, each in proportion, the tax within it worked out anew."""
    shares = money.split(total_minor, [line.total_minor for line in quote.lines])
    lines = pricing.part_of(quote.lines, shares, tax, label, step)
    return pricing.Quote(
        currency=quote.currency,
        total_minor=total_minor,
        full_minor=quote.total_minor,
        period_minor=quote.period_minor,
        discount_minor=sum(line.discount_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        lines=lines,
        steps=[*quote.steps, {"step": step, "label": label, "amount_minor": total_minor}],
    )


def renewal_quote(subscription: Subscription, order: Order, on: datetime) -> Quote:
    """What the next period costs: the terms agreed on, the buyer's tax of that day, less credit.

    `order` is the one whose address counts.
    """
    tax = renewal_tax(subscription, order, on)
    number = min(subscription.periods_paid + 1, subscription.periods_total or 2)
    quote = later_quote(
        subscription.terms,
        subscription.currency,
        tax,
        total=subscription.periods_total,
        number=max(number, 2) if subscription.periods_total else 2,
    )
    credit = min(subscription.credit_minor, quote.total_minor)
    if not credit:
        return quote
    label = f"After {money.text(credit, quote.currency)} of credit from your plan before"
    return scaled(quote, quote.total_minor - credit, tax, label, "credit")


def access_until(subscription: Subscription) -> datetime | None:
    """When access ends as things stand; None: never."""
    if subscription.state == states.COMPLETED:
        return None
    if subscription.state == states.PAST_DUE:
        return subscription.grace_ends_at
    end = subscription.period_ends_at
    if subscription.state == states.ENDED:
        return min(subscription.ended_at, end) if subscription.ended_at else end
    return end if subscription.cancels_at_period_end else end + LEEWAY
