"""The one transition of a running subscription.

Webhook, sweep, doors and staff all come here with what the gateway says. Each captured charge that
has no order yet gets one; then the state follows. Whoever is first does it, the others find it done.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from engineroom import audit, clock, mail
from engineroom.faultpoints import faultpoint
from engineroom.retrying import retried
from payments import gateways, states
from payments.actions.changing import pending_change, settle_change
from payments.actions.moves import locked_subscription, move_subscription
from payments.actions.plans import begin_subscription, keep_access, plan_of
from payments.actions.renewals import adopt_first, attend, is_first, known_references, renew
from payments.actions.settling import refresh_payment
from payments.gateways.base import Gateway, SubscriptionReading
from payments.models import OrderKind, Payment, Subscription
from payments.queries.subscriptions import address_of, subscription_words
from payments.refusals import (
    ChargeUnknown,
    GatewayUnavailable,
    PaymentMismatch,
    SubscriptionNotReady,
)

__all__ = [
    "begin_subscription",
    "catch_up",
    "plan_of",
    "refresh_subscription",
    "settle_subscription",
]

SLACK = timedelta(minutes=1)


def gateway_of(subscription: Subscription) -> Gateway:
    """Raises GatewayUnavailable, SubscriptionNotReady."""
    gateway = gateways.by_name(subscription.gateway)
    if gateway is None:
        raise GatewayUnavailable
    if not subscription.reference:
        raise SubscriptionNotReady
    return gateway


def check_subscription(subscription: Subscription, reading: SubscriptionReading) -> None:
    """Raises PaymentMismatch unless the reading is about exactly this subscription."""
    ours = {
        "subscription": (subscription.public_id, reading.key),
        "reference": (subscription.reference or reading.reference, reading.reference),
        "currency": (subscription.currency, reading.currency),
        "mode": (subscription.mode, reading.mode),
    }
    wrong = [name for name, (own, theirs) in ours.items() if own != theirs]
    if wrong:
        raise PaymentMismatch(f"The {', '.join(wrong)} of the subscription does not match ours.")


def refresh_subscription(subscription: Subscription, *, source: str) -> Subscription:
    """Ask the gateway how it stands and act on it. No transaction may be open.

    Raises GatewayUnavailable, SubscriptionNotReady, PaymentMismatch; nothing is changed then.
    """
    gateway = gateway_of(subscription)
    faultpoint("renewal.before_fetch")
    reading = gateway.fetch_subscription(subscription.reference)
    faultpoint("renewal.after_fetch")
    return settle_subscription(subscription=subscription, reading=reading, source=source)


def catch_up(subscription: Subscription, name: str, *, source: str) -> Subscription:
    """Bring it to where the gateway, which calls it `name`, says it is, whatever came first: one that
    has not started here is started by its first payment. No transaction may be open.

    Raises GatewayUnavailable, PaymentMismatch.
    """
    gateway = gateways.by_name(subscription.gateway)
    if gateway is None:
        raise GatewayUnavailable
    if subscription.state == states.INCOMPLETE:
        first = Payment.objects.filter(
            order__subscription=subscription,
            order__kind=OrderKind.PURCHASE,
            reference__isnull=False,
        ).exclude(state=states.CAPTURED)
        for payment in first.select_related("order").order_by("-pk"):
            refresh_payment(payment, source=source)
    reading = gateway.fetch_subscription(name)
    return settle_subscription(subscription=subscription, reading=reading, source=source)


@retried
@transaction.atomic
def settle_subscription(
    *, subscription: Subscription, reading: SubscriptionReading, source: str, actor=None
) -> Subscription:
    """Bring the subscription to where the gateway says it is. Safe to call any number of times.

    Raises PaymentMismatch when the reading is about something else.
    """
    subscription = locked_subscription(subscription.pk)
    check_subscription(subscription, reading)
    now = clock.now()
    Subscription.objects.filter(pk=subscription.pk).update(
        checked_at=now, reference=reading.reference
    )
    subscription.checked_at, subscription.reference = now, reading.reference
    if subscription.state == states.INCOMPLETE:
        # Its first payment starts it: see `catch_up`.
        return subscription
    before = subscription.state
    _book_charges(subscription, reading, source, actor)
    faultpoint("renewal.after_charges")
    if not _is_stale(subscription, reading):
        _follow(subscription, reading, before, source, actor)
    keep_access(subscription)
    faultpoint("renewal.before_commit")
    return subscription


@retried
@transaction.atomic
def accept_charge(
    *, subscription: Subscription, reading: SubscriptionReading, reference: str, actor
) -> Subscription:
    """Staff have looked at a charge that was not as expected: it becomes an order as it was made.

    Raises ChargeUnknown, PaymentMismatch.
    """
    subscription = locked_subscription(subscription.pk)
    check_subscription(subscription, reading)
    found = [charge for charge in reading.charges if charge.reference == reference]
    if not found or found[0].status != "captured" or reference in known_references(subscription):
        raise ChargeUnknown
    Subscription.objects.filter(pk=subscription.pk).update(attention="")
    order = renew(subscription, found[0], reading, "staff", as_charged=True, actor=actor)
    if order is None:
        raise ChargeUnknown("This period is paid already. Refund the charge at the gateway.")
    audit.record(
        "subscription.charge_accepted",
        subscription.public_id,
        actor=actor,
        order=order.number,
        reference=reference,
    )
    keep_access(subscription)
    return subscription


def _book_charges(subscription, reading, source, actor) -> None:
    known = known_references(subscription)
    for charge in reading.charges:
        if is_first(subscription, charge):
            adopt_first(subscription, charge)
            continue
        if charge.status != "captured" or charge.reference in known:
            continue
        change = pending_change(subscription)
        is_change = (
            change is not None
            and charge.amount_minor == change.total_minor
            and charge.period_starts_at < subscription.period_ends_at
        )
        if is_change:
            settle_change(subscription, change, reading, source, charge=charge, actor=actor)
        else:
            renew(subscription, charge, reading, source, actor=actor)


def _is_stale(subscription: Subscription, reading: SubscriptionReading) -> bool:
    """The reading was made before something that is settled already."""
    knows = {charge.reference for charge in reading.charges if charge.status == "captured"}
    return bool(known_references(subscription) - knows)


def _follow(subscription, reading, before: str, source: str, actor) -> None:
    flags = {
        "cancels_at_period_end": reading.cancels_at_period_end,
        # Nothing is learned about somebody who has deleted the account.
        "method": (reading.method or subscription.method) if subscription.person_id else "",
    }
    if any(getattr(subscription, name) != value for name, value in flags.items()):
        Subscription.objects.filter(pk=subscription.pk).update(
            version=subscription.version + 1, **flags
        )
        subscription.refresh_from_db()
    if reading.status == "ended":
        _end(subscription, before, source, actor)
    elif reading.status == "past_due":
        _fall_behind(subscription, source)
    elif before == states.PAST_DUE and subscription.state == states.ACTIVE:
        audit.record("subscription.recovered", subscription.public_id, source=source)


def _fall_behind(subscription: Subscription, source: str) -> None:
    """A charge failed: access goes on for the days of grace while the gateway tries again."""
    if subscription.state not in (states.TRIALING, states.ACTIVE):
        return
    until = clock.now() + timedelta(days=settings.DUNNING_GRACE_DAYS)
    move_subscription(subscription, states.PAST_DUE, grace_ends_at=until)
    audit.record(
        "subscription.past_due",
        subscription.public_id,
        source=source,
        grace_ends_at=until.isoformat(),
    )
    tell(subscription, "subscription_failed", f"failed:{subscription.period_ends_at:%Y%m%d%H%M}")


def _end(subscription: Subscription, before: str, source: str, actor) -> None:
    now = clock.now()
    is_planned = subscription.cancels_at_period_end and subscription.period_ends_at <= now
    at = subscription.period_ends_at if is_planned else now
    was_behind = subscription.state == states.PAST_DUE
    if not move_subscription(subscription, states.ENDED, ended_at=at, grace_ends_at=None):
        return
    audit.record("subscription.ended", subscription.public_id, actor=actor, source=source)
    if subscription.kind == Subscription.Kind.INSTALMENTS:
        paid = f"{subscription.periods_paid} of {subscription.periods_total}"
        attend(subscription, f"The instalments ended with {paid} paid.")
    if was_behind:
        tell(subscription, "subscription_ended", "ended")


def tell(subscription: Subscription, template: str, about: str, **words) -> None:
    """Write to the person, once about each thing."""
    if to := address_of(subscription):
        key = f"{template}:{subscription.public_id}:{about}"
        mail.send(template, to, subscription_words(subscription) | words, key=key)
