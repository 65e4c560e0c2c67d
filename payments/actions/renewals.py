"""Every charge of a running subscription becomes exactly one order."""

from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from engineroom import clock, mail
from payments import money, states
from payments.actions.moves import move_subscription
from payments.actions.plans import attend, close_period
from payments.actions.settling import settle_order
from payments.gateways.base import Charge, Reading, SubscriptionReading
from payments.models import Offer, Order, OrderKind, OrderLine, Payment, Subscription
from payments.pricing import Quote
from payments.queries.plans import renewal_quote, renewal_tax, scaled, tax_of
from payments.queries.receipts import absolute
from payments.queries.subscriptions import (
    address_of,
    latest_order,
    next_amount,
    subscription_words,
)


def known_references(subscription: Subscription) -> set[str]:
    return set(
        Payment.objects.filter(order__subscription=subscription, reference__isnull=False)
        .exclude(order__kind=OrderKind.PURCHASE)
        .values_list("reference", flat=True)
    )


def write_order(
    subscription: Subscription,
    quote: Quote,
    kind: str,
    span: tuple[datetime, datetime],
    *,
    basis: Order,
) -> Order:
    """An order of the subscription and its lines; `basis` is the one whose address it takes."""
    starts_at, ends_at = span
    order = Order.objects.create(
        kind=kind,
        subscription=subscription,
        person=subscription.person,
        email=subscription.person.email if subscription.person else "",
        period_starts_at=starts_at,
        period_ends_at=ends_at,
        billing=basis.billing,
        country=basis.country,
        vat_id=basis.vat_id,
        evidence=basis.evidence,
        tax_kind=tax_of(basis, starts_at).kind,
        mode=subscription.mode,
        currency=quote.currency,
        total_minor=quote.total_minor,
        discount_minor=quote.discount_minor,
        tax_minor=quote.tax_minor,
        steps=quote.steps,
        expires_at=clock.now() + timedelta(days=1),
    )
    offers = {offer.public_id: offer for offer in _offers_of(quote)}
    for priced in quote.lines:
        fields = asdict(priced) | {"offer": offers.get(priced.offer)}
        OrderLine.objects.create(order=order, currency=quote.currency, **fields)
    return order


def _offers_of(quote: Quote):
    return Offer.objects.filter(public_id__in={line.offer for line in quote.lines})


def is_first(subscription: Subscription, charge: Charge) -> bool:
    """The charge is what the purchase itself paid (nothing, in a trial)."""
    purchase = subscription.orders.filter(kind=OrderKind.PURCHASE).order_by("pk").first()
    return charge.number == 1 and purchase and charge.amount_minor == purchase.total_minor


def adopt_first(subscription: Subscription, charge: Charge) -> None:
    """The gateway's own dates of the first period take the place of our guess at them."""
    span = {"period_starts_at": charge.period_starts_at, "period_ends_at": charge.period_ends_at}
    if subscription.orders.exclude(kind=OrderKind.PURCHASE).exists():
        return
    if subscription.period_ends_at == charge.period_ends_at:
        return
    if subscription.trial_ends_at:
        span["trial_ends_at"] = charge.period_ends_at
    Subscription.objects.filter(pk=subscription.pk).update(**span)
    subscription.refresh_from_db(fields=list(span))
    span.pop("trial_ends_at", None)
    subscription.orders.filter(kind=OrderKind.PURCHASE).update(**span)


def renew(
    subscription: Subscription,
    charge: Charge,
    reading: SubscriptionReading,
    source: str,
    *,
    as_charged: bool = False,
    actor=None,
) -> Order | None:
    """The order of a captured charge. None, and the subscription before staff, when the charge is
    not what the period costs or the period was paid before; nothing is given then.

    A charge of the price agreed on is booked as it was made and gives its period, also where the
    period costs something else by now; staff see that. `as_charged`: staff have looked, the order
    takes the amount of the charge.
    """
    basis = latest_order(subscription)
    quote = renewal_quote(subscription, basis, charge.period_starts_at)
    costs, used = quote.total_minor, quote.full_minor - quote.total_minor
    if not subscription.credit_minor:
        used = 0
    is_agreed = charge.amount_minor == next_amount(subscription) != costs
    if is_agreed:
        used = min(subscription.credit_minor, subscription.amount_minor)
    if (as_charged or is_agreed) and costs != charge.amount_minor:
        tax = renewal_tax(subscription, basis, charge.period_starts_at)
        quote = scaled(quote, charge.amount_minor, tax, "As the gateway charged it", "charge")
    if charge.currency != quote.currency or charge.amount_minor != quote.total_minor:
        attend(subscription, f"{_said(charge, quote.currency, costs)}.")
        return None
    span = charge.period_starts_at, charge.period_ends_at
    try:
        with transaction.atomic():
            order = write_order(subscription, quote, OrderKind.RENEWAL, span, basis=basis)
    except IntegrityError:
        attend(subscription, f"Charge {charge.reference} pays a period a second time: refund it.")
        return None
    was_over = subscription.state in (states.ENDED, states.COMPLETED)
    close_period(subscription)
    _move_on(subscription, charge, reading, used)
    pay_with_charge(order, subscription, charge, reading, source, actor)
    if was_over:
        attend(subscription, f"Order {order.number} was charged after the end: refund it.")
    if is_agreed and not as_charged:
        said = _said(charge, quote.currency, costs)
        attend(subscription, f"{said} by now. Order {order.number} has the price agreed on.")
    _tell(subscription, order)
    return order


def _said(charge: Charge, currency: str, costs: int) -> str:
    theirs, ours = (money.plain(minor, currency) for minor in (charge.amount_minor, costs))
    return (
        f"Charge {charge.reference} is over {theirs} {charge.currency}, the period costs "
        f"{ours} {currency}"
    )


def _move_on(subscription: Subscription, charge: Charge, reading, used: int) -> None:
    """The period that was paid is the current one, unless a later one was paid already."""
    paid = subscription.periods_paid + 1
    fields = {"periods_paid": paid, "credit_minor": subscription.credit_minor - used}
    fields["terms"] = subscription.terms | {"worth_minor": charge.amount_minor + used}
    if not used:
        # Nothing of the periods before is in this one: refunds of theirs do not count in it.
        fields["terms"].pop("returned_minor", None)
    if charge.period_ends_at > subscription.period_ends_at:
        fields |= {
            "period_starts_at": charge.period_starts_at,
            "period_ends_at": charge.period_ends_at,
        }
    is_whole = subscription.periods_total is not None and paid >= subscription.periods_total
    if is_whole:
        fields["ended_at"] = clock.now()
    fields["grace_ends_at"] = None
    if subscription.person_id and reading.method:
        fields["method"] = reading.method
    to = states.COMPLETED if is_whole else states.ACTIVE
    if not move_subscription(subscription, to, **fields):
        # It is over, and was charged all the same.
        Subscription.objects.filter(pk=subscription.pk).update(periods_paid=paid)
        subscription.refresh_from_db()


def pay_with_charge(
    order: Order, subscription: Subscription, charge: Charge, reading, source: str, actor=None
) -> None:
    """Settle the order with the charge, by the same transition as every other order."""
    payment = order.payments.first() or Payment.objects.create(
        order=order,
        gateway=subscription.gateway,
        mode=subscription.mode,
        amount_minor=order.total_minor,
        currency=order.currency,
    )
    if charge.reference:
        Payment.objects.filter(pk=payment.pk, reference=None).update(reference=charge.reference)
        payment.reference = charge.reference
    settle_order(
        payment=payment,
        reading=Reading(
            reference=charge.reference,
            key=payment.public_id,
            order_number=order.number,
            status="captured",
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            mode=reading.mode,
            account=reading.account,
            method=reading.method or subscription.method,
            fee_minor=charge.fee_minor,
        ),
        source=source,
        actor=actor,
    )


def _tell(subscription: Subscription, order: Order) -> None:
    order.refresh_from_db()
    if to := address_of(subscription):
        words = subscription_words(subscription) | {
            "order_url": absolute(order.get_absolute_url()),
            "number": order.number,
            "amount": order.text,
        }
        mail.send("subscription_renewed", to, words, key=f"renewed:{order.number}")
