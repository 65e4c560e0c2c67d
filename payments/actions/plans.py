"""How a subscription begins: written with its order, started by the order's first payment."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from engineroom import audit, clock, outbox
from engineroom.refusals import Refusal
from payments import gateways, money, periods, sellables, states
from payments.actions.moves import locked_subscription, move_subscription
from payments.gateways.base import Plan, Reading
from payments.models import Coupon, Order, OrderKind, OrderLine, Subscription
from payments.queries.checkouts import lines_of
from payments.queries.plans import (
    access_until,
    frozen_coupon,
    frozen_lines,
    frozen_rates,
    later_quote,
    tax_of,
)
from payments.queries.subscriptions import latest_order
from payments.queries.trials import trial_days
from payments.refusals import (
    CouponNotForTrial,
    InstalmentsNotOffered,
    NoGiftInPeriods,
    StandsAlone,
)

Kind = Subscription.Kind
TWIN_TOPIC = "payments.end_twin"


@transaction.atomic
def begin_subscription(order: Order) -> Subscription | None:
    """The subscription that this order starts when it is paid; None when it is paid in one sum.

    Raises StandsAlone, NoGiftInPeriods, InstalmentsNotOffered (a kind that cannot end what it gave),
    CouponNotForTrial. Asked again, the same subscription.
    """
    if order.subscription_id:
        return order.subscription
    checkout = order.checkout
    lines = lines_of(checkout) if checkout else []
    kind = _kind_of(checkout, lines)
    if kind is None:
        return None
    line = _line_by_itself(lines)
    offer = line.offer
    total = offer.instalments if kind == Kind.INSTALMENTS else None
    coupon = order.coupon or checkout.coupon
    days = trial_days(checkout, line) if kind == Kind.MEMBERSHIP else 0
    if days and coupon and coupon.duration == Coupon.Duration.FIRST:
        raise CouponNotForTrial
    tax = tax_of(order, clock.now())
    terms = {
        "lines": frozen_lines(lines),
        "reverse_rates": frozen_rates(tax),
        "coupon": frozen_coupon(coupon, order.currency),
        "trial_days": days,
    }
    later = later_quote(terms, order.currency, tax, total=total)
    if total and not later.total_minor and not order.total_minor:
        # A coupon takes all of it off, and what is bought once is given for good.
        return None
    subscription = Subscription.objects.create(
        person=order.person,
        offer=offer,
        kind=kind,
        title=offer.title,
        gateway=gateways.current().name,
        mode=order.mode,
        amount_minor=later.total_minor,
        currency=order.currency,
        period=offer.period or "month",
        periods_total=total,
        coupon=coupon,
        terms=terms,
    )
    Order.objects.filter(pk=order.pk).update(subscription=subscription)
    order.subscription = subscription
    return subscription


def _line_by_itself(lines):
    """The one line of an order that is paid in periods."""
    if len(lines) != 1:
        raise StandsAlone
    if lines[0].gift:
        raise NoGiftInPeriods
    for part in lines[0].parts:
        if not sellables.takes_periods(part["kind"]):
            raise InstalmentsNotOffered(f"“{part['title']}” is paid at once, not in parts.")
    return lines[0]


def _kind_of(checkout, lines) -> str | None:
    if any(line.offer.period for line in lines):
        return Kind.MEMBERSHIP
    if checkout and checkout.in_instalments and any(line.offer.instalments > 1 for line in lines):
        return Kind.INSTALMENTS
    return None


def plan_of(order: Order) -> Plan | None:
    """What the gateway shall ask for after this order's first payment; None: nothing more."""
    subscription = order.subscription
    if subscription is None or order.kind != OrderKind.PURCHASE:
        return None
    return plan_for(subscription)


def plan_for(subscription: Subscription) -> Plan:
    return Plan(
        key=subscription.public_id,
        title=subscription.title,
        amount_minor=subscription.amount_minor,
        currency=subscription.currency,
        period=subscription.period,
        trial_days=subscription.terms.get("trial_days", 0),
        periods_total=subscription.periods_total,
    )


def activate(order: Order, reading: Reading) -> str:
    """The order of a new subscription is paid: its first period, or its trial, runs from now.

    Returns why it could not start, empty when it did or had: the person has this membership already.
    Then it is over here at once, and the worker ends it at the gateway. Runs in the transaction of
    settling, before the lines are delivered.
    """
    if not order.subscription_id or order.kind != OrderKind.PURCHASE:
        return ""
    subscription = locked_subscription(order.subscription_id)
    order.subscription = subscription
    now, days = clock.now(), subscription.terms.get("trial_days", 0)
    ends = now + timedelta(days=days) if days else periods.after(now, subscription.period)
    Order.objects.filter(pk=order.pk).update(period_starts_at=now, period_ends_at=ends)
    order.period_starts_at, order.period_ends_at = now, ends
    try:
        with transaction.atomic():
            has_begun = move_subscription(
                subscription,
                states.TRIALING if days else states.ACTIVE,
                person=order.person,
                reference=reading.subscription or subscription.reference,
                method=reading.method,
                period_starts_at=now,
                period_ends_at=ends,
                trial_ends_at=ends if days else None,
                periods_paid=0 if days else 1,
                terms=subscription.terms | {"worth_minor": order.total_minor},
                checked_at=None,
            )
    except IntegrityError:
        subscription.refresh_from_db()
        return _end_twin(subscription, reading)
    if has_begun:
        price = money.text(subscription.amount_minor, subscription.currency)
        audit.record(
            "subscription.started",
            subscription.public_id,
            order=order.number,
            price=f"{price} a {subscription.period}",
        )
    return ""


def _end_twin(subscription: Subscription, reading: Reading) -> str:
    """Its reference is kept, so that whatever the gateway still charges is booked and seen."""
    now = clock.now()
    has_ended = move_subscription(
        subscription,
        states.ENDED,
        person=subscription.person,
        reference=reading.subscription or subscription.reference,
        method=reading.method,
        period_starts_at=now,
        period_ends_at=now,
        ended_at=now,
        periods_paid=1,
    )
    if has_ended and subscription.reference:
        name = subscription.public_id
        outbox.put(TWIN_TOPIC, {"subscription": name}, key=f"end-twin:{name}")
    return "This membership was running already. The second is ended at the gateway: refund this order."


def deliver_period(line: OrderLine) -> None:
    """Give what a paid line of a subscription gives, until its period ends."""
    subscription = line.order.subscription
    if line.order.kind != OrderKind.RENEWAL:
        sellables.of(line.kind).deliver(line)
    if subscription.state == states.INCOMPLETE:
        return
    is_latest = line.order.period_ends_at >= subscription.period_ends_at
    extend_line(line, access_until(subscription) if is_latest else line.order.period_ends_at)


def extend_line(line: OrderLine, until) -> None:
    """Say until when the line is paid. A period that was refunded stays ended; an instalment that
    was refunded closes what it paid for until another one is paid."""
    first, person = first_line(line), line.order.person
    is_part = line.order.subscription.kind == Kind.INSTALMENTS
    if person is None or (first if is_part else line).withdrawn_at:
        return
    line.origin = first
    sellables.extend(line, line.withdrawn_at or until)


def first_line(line: OrderLine) -> OrderLine:
    """The line by which the subscription first gave this; itself when it is new in it."""
    found = (
        OrderLine.objects.filter(
            order__subscription=line.order.subscription_id,
            order__state__in=states.SETTLED_ORDERS,
            kind=line.kind,
            key=line.key,
        )
        .exclude(order__kind=OrderKind.RENEWAL)
        .select_related("order__person")
        .order_by("pk")
        .first()
    )
    return found or line


def paid_lines(subscription: Subscription) -> list[OrderLine]:
    """The lines of the latest period that was paid for, with their order."""
    lines = OrderLine.objects.filter(order=latest_order(subscription))
    return list(lines.select_related("order__person").order_by("pk"))


def keep_access(subscription: Subscription) -> None:
    """Bring the access of the latest paid period to where the subscription stands."""
    for line in paid_lines(subscription):
        _extend_or_attend(subscription, line, access_until(subscription))


def _extend_or_attend(subscription: Subscription, line: OrderLine, until) -> None:
    """A thing that refuses to be given any longer holds up neither the books nor the other things."""
    line.order.subscription = subscription
    try:
        with transaction.atomic():
            extend_line(line, until)
    except Refusal as refusal:
        attend(subscription, f"“{line.title}” is paid and cannot be given: {refusal.message}")


def attend(subscription: Subscription, why: str) -> None:
    """Put the subscription before staff. The first reason stays."""
    if Subscription.objects.filter(pk=subscription.pk, attention="").update(attention=why[:300]):
        audit.record("subscription.needs_attention", subscription.public_id, why=why[:300])


@transaction.atomic
def follow_refund(line: OrderLine) -> None:
    """The whole of a line went back: what instalments pay for is open as the others say."""
    subscription = line.order.subscription
    if subscription and subscription.kind == Kind.INSTALMENTS:
        keep_access(subscription)


def close_period(subscription: Subscription, at=None) -> None:
    """The latest period gives nothing beyond its own end (or `at`): another one is paid for."""
    for line in paid_lines(subscription):
        _extend_or_attend(subscription, line, at or line.order.period_ends_at)
