"""Another plan in the middle of a period.

First transaction: the order of the change is written with what it costs, and nothing else. Then the
gateway is asked, with the order's key. Second transaction: the order is settled, the plan is the new
one. A crash between them leaves the order waiting; the worker asks again with the same key.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from engineroom import audit, clock, mail, outbox
from payments import money, periods, sellables, states
from payments.actions.moves import move_order
from payments.actions.plans import close_period
from payments.actions.renewals import pay_with_charge, write_order
from payments.actions.stock import hold_pieces, lock_stock_of, refuse_piece, release_pieces
from payments.gateways.base import Charge, Plan, SubscriptionReading
from payments.models import Offer, Order, OrderKind, Payment, Subscription
from payments.pricing import Quote
from payments.proration import Proration, prorate
from payments.queries.plans import frozen_rates, later_quote, scaled, tax_of
from payments.queries.receipts import absolute
from payments.queries.subscriptions import (
    address_of,
    kinds_of,
    latest_order,
    paying_orders,
    returned_minor,
    subscription_words,
    worth_of,
)
from payments.refusals import ChangeNotNow, PlanNotOffered

TOPIC = "payments.change_plan"
KEPT = ("lines", "reverse_rates", "coupon", "trial_days", "worth_minor", "returned_minor")


@dataclass(frozen=True, kw_only=True)
class Change:
    """What changing to a plan means: the sums, the order's quote, and the sentences that explain it."""

    offer: Offer
    terms: dict
    later: Quote
    proration: Proration
    quote: Quote
    credit_minor: int
    returned_minor: int
    starts_at: datetime
    ends_at: datetime
    words: list[str]

    @property
    def due_minor(self) -> int:
        return self.quote.total_minor


def plan_change(subscription: Subscription, offer: Offer) -> Change:
    """What it would cost to change to this offer now.

    Raises PlanNotOffered, ChangeNotNow, OfferSoldOut, TooManyForOne.
    """
    orders = paying_orders(subscription)
    _refuse(subscription, offer, orders)
    now, in_trial = clock.now(), subscription.state == states.TRIALING
    latest = orders[0]
    tax = tax_of(latest, now)
    terms = {
        "lines": [_line_of(offer)],
        "reverse_rates": frozen_rates(tax),
        "coupon": subscription.terms.get("coupon"),
        "trial_days": subscription.terms.get("trial_days", 0),
    }
    later = later_quote(terms, offer.currency, tax, total=None)
    anew = offer.period != subscription.period and not in_trial
    sums = prorate(
        paid_minor=worth_of(subscription, orders),
        price_minor=0 if in_trial else later.total_minor,
        starts_at=latest.period_starts_at,
        ends_at=subscription.period_ends_at,
        now=now,
        starts_anew=anew,
    )
    # Credit from an earlier change pays first.
    due = sums.due_minor - subscription.credit_minor
    quote = scaled(later, max(due, 0), tax, "To pay for the change", "change")
    return Change(
        offer=offer,
        terms=terms,
        later=later,
        proration=sums,
        quote=quote,
        credit_minor=max(-due, 0),
        returned_minor=returned_minor(orders),
        starts_at=now,
        ends_at=periods.after(now, offer.period) if anew else subscription.period_ends_at,
        words=_explain(subscription, offer, later, sums, max(due, 0), max(-due, 0)),
    )


def _refuse(subscription: Subscription, offer: Offer, orders: list[Order]) -> None:
    if subscription.kind != Subscription.Kind.MEMBERSHIP or not offer.period:
        raise PlanNotOffered
    if offer.pk == subscription.offer_id or offer.currency != subscription.currency:
        raise PlanNotOffered
    kinds = {item.kind for item in offer.items.all()}
    if not kinds <= kinds_of(subscription):
        raise PlanNotOffered("You cannot change to something of another kind.")
    if not offer.is_open or not kinds:
        raise PlanNotOffered("This plan is not on sale now.")
    if subscription.state == states.PAST_DUE:
        raise ChangeNotNow("A payment is overdue. Change your card first, then the plan.")
    if not subscription.is_running or subscription.cancels_at_period_end:
        raise ChangeNotNow("This membership is ending. Keep it first, then change the plan.")
    if subscription.state == states.ACTIVE and subscription.period_ends_at <= clock.now():
        raise ChangeNotNow("The next period is just being charged. Try again in an hour.")
    if any(order.state == states.DISPUTED for order in orders):
        # Whose money it is, the bank decides: there is nothing to credit until then.
        raise ChangeNotNow(
            "Your bank is looking into a payment of this period. Wait for its answer."
        )
    others = Subscription.objects.running().filter(person=subscription.person, offer=offer)
    if others.exclude(pk=subscription.pk).exists():
        raise PlanNotOffered("You have this plan already.")
    refuse_piece(offer, subscription.person)


def _line_of(offer: Offer) -> dict:
    parts = []
    for item in offer.items.all():
        said = sellables.of(item.kind).describe(item.key)
        parts.append(
            {
                "kind": item.kind,
                "key": item.key,
                "title": said["title"][:200],
                "url": said.get("url", "")[:300],
                "weight": item.weight,
            }
        )
    return {
        "offer": offer.public_id,
        "title": offer.title,
        "amount_minor": offer.amount_minor,
        "list_minor": offer.list_minor,
        "tax_class": offer.tax_class,
        "quantity": 1,
        "parts": parts,
    }


def _explain(
    subscription, offer, later: Quote, sums: Proration, due: int, credit: int
) -> list[str]:
    """The sum in sentences, for the page that asks once more."""

    def text(minor: int) -> str:
        return money.text(minor, subscription.currency)

    if subscription.state == states.TRIALING:
        return [f"Your trial goes on. After it, {offer.title} costs {text(later.total_minor)}."]
    days = f"{sums.unused} of {sums.days} days of this period are left"
    said = [f"{days}: {text(sums.credit_minor)} of the {text(sums.paid_minor)} you paid."]
    if sums.starts_anew:
        whole = f"A new {offer.period} of {offer.title} begins now"
        said.append(f"{whole} and costs {text(sums.rest_minor)}.")
    else:
        said.append(f"{offer.title} costs {text(sums.rest_minor)} for the same days.")
    if subscription.credit_minor:
        said.append(f"You have {text(subscription.credit_minor)} of credit from a change before.")
    if due:
        said.append(f"You pay the difference now: {text(due)}.")
    elif credit:
        said.append(f"You pay nothing now. {text(credit)} come off your next payments.")
    else:
        said.append("You pay nothing now.")
    return said


@transaction.atomic
def write_change(subscription: Subscription, change: Change) -> Order:
    """The order of a change, waiting for the gateway, with its piece of the new plan. Runs under the
    subscription's lock. Raises OfferSoldOut, TooManyForOne."""
    order = write_order(
        subscription,
        change.quote,
        OrderKind.CHANGE,
        (change.starts_at, change.ends_at),
        basis=latest_order(subscription),
    )
    hold_pieces(order)
    payment = Payment.objects.create(
        order=order,
        gateway=subscription.gateway,
        mode=subscription.mode,
        amount_minor=order.total_minor,
        currency=order.currency,
    )
    terms = subscription.terms | {
        "change": change.terms
        | {
            "order": order.number,
            "key": payment.public_id,
            "offer_id": change.offer.pk,
            "title": change.offer.title,
            "period": change.offer.period,
            "amount_minor": change.later.total_minor,
            "credit_minor": change.credit_minor,
            "worth_minor": change.proration.rest_minor,
            # What had gone back by now was not credited: only what goes back later counts again.
            "returned_minor": change.returned_minor,
            "due_minor": change.proration.due_minor,
        }
    }
    Subscription.objects.filter(pk=subscription.pk).update(terms=terms)
    subscription.terms = terms
    outbox.put(
        TOPIC,
        {"subscription": subscription.public_id},
        key=f"change:{order.number}",
        delay_seconds=60,
    )
    return order


def pending_change(subscription: Subscription) -> Order | None:
    """The order of a change the gateway has not answered yet."""
    said = subscription.terms.get("change")
    if not said:
        return None
    return subscription.orders.filter(number=said["order"], state=states.AWAITING).first()


def changed_plan(subscription: Subscription) -> Plan:
    """What the gateway shall ask for from now on."""
    said = subscription.terms["change"]
    return Plan(
        key=subscription.public_id,
        title=said["title"],
        amount_minor=said["amount_minor"],
        currency=subscription.currency,
        period=said["period"],
        trial_days=said["trial_days"],
    )


def settle_change(
    subscription: Subscription,
    order: Order,
    reading: SubscriptionReading,
    source: str,
    *,
    charge: Charge | None,
    actor=None,
) -> None:
    """The gateway has changed the plan, and `charge` paid for it when something was due."""
    said = subscription.terms["change"]
    ends_at = charge.period_ends_at if charge else reading.period_ends_at or order.period_ends_at
    close_period(subscription, clock.now())
    Order.objects.filter(pk=order.pk).update(period_ends_at=ends_at)
    Subscription.objects.filter(pk=subscription.pk).update(
        offer=said["offer_id"],
        title=said["title"],
        amount_minor=said["amount_minor"],
        period=said["period"],
        period_ends_at=ends_at,
        period_starts_at=order.period_starts_at
        if ends_at != subscription.period_ends_at
        else subscription.period_starts_at,
        credit_minor=said["credit_minor"],
        terms={name: said[name] for name in KEPT if name in said},
        version=subscription.version + 1,
    )
    subscription.refresh_from_db()
    order.refresh_from_db()
    pay_with_charge(order, subscription, charge or _nothing(order), reading, source, actor)
    audit.record(
        "subscription.changed",
        subscription.public_id,
        actor=actor,
        source=source,
        order=order.number,
        offer=subscription.offer.public_id,
        paid_minor=order.total_minor,
        credit_minor=subscription.credit_minor,
    )
    if to := address_of(subscription):
        words = subscription_words(subscription) | {
            "amount": order.text if order.total_minor else "",
            "credit": money.text(subscription.credit_minor, subscription.currency)
            if subscription.credit_minor
            else "",
            "order_url": absolute(order.get_absolute_url()),
            "number": order.number,
        }
        mail.send("subscription_changed", to, words, key=f"changed:{order.number}")


def _nothing(order: Order) -> Charge:
    """What stands for the charge of a change that costs nothing."""
    return Charge(
        reference="",
        number=0,
        status="captured",
        amount_minor=0,
        currency=order.currency,
        period_starts_at=order.period_starts_at,
        period_ends_at=order.period_ends_at,
    )


def drop_change(subscription: Subscription, order: Order, why: str, actor=None) -> None:
    """The change does not happen; nothing was paid."""
    if move_order(order, states.CANCELED):
        lock_stock_of(order)
        release_pieces(order)
        order.payments.filter(state__in=states.OPEN_PAYMENTS).update(state=states.STOPPED)
        audit.record("subscription.change_declined", subscription.public_id, actor=actor, why=why)
    terms = {name: value for name, value in subscription.terms.items() if name != "change"}
    Subscription.objects.filter(pk=subscription.pk).update(terms=terms)
    subscription.terms = terms
