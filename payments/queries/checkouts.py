"""Checkouts: who may see them, what is in them, what they cost."""

from payments import pricing, states
from payments.models import Checkout, CheckoutLine, Order, Payment
from payments.pricing import Part, Quote, Wanted


def checkout_of(public_id: str, person) -> Checkout | None:
    """The checkout if this person (None: a guest) may see it: one query."""
    return (
        Checkout.objects.visible_to(person)
        .select_related("person")
        .filter(public_id=public_id)
        .first()
    )


def lines_of(checkout: Checkout) -> list[CheckoutLine]:
    """The lines with their offers: one query."""
    return list(checkout.lines.select_related("offer"))


def quote_of(checkout: Checkout, lines: list[CheckoutLine]) -> Quote:
    """What the lines cost now: no query."""
    wanted = [
        Wanted(
            offer=line.offer.public_id,
            title=line.offer.title,
            amount_minor=line.amount_minor or line.offer.amount_minor,
            list_minor=line.offer.list_minor,
            trial_days=line.offer.trial_days,
            gift=line.gift,
            currency=line.offer.currency,
            tax_class=line.offer.tax_class,
            parts=[Part(**part) for part in line.parts],
            quantity=line.quantity,
        )
        for line in lines
    ]
    return pricing.price(wanted, checkout.currency)


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
