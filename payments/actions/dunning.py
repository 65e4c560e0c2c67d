"""Looking after subscriptions by the clock: what is due and quiet, what is overdue, what ends."""

import logging
from datetime import timedelta

from django.db.models import F, Q

from engineroom import audit, clock
from payments import states
from payments.actions.renewals import attend
from payments.actions.subscriptions import (
    gateway_of,
    refresh_subscription,
    settle_subscription,
    tell,
)
from payments.models import Subscription
from payments.queries.subscriptions import TROUBLES
from payments.refusals import GatewayUnavailable, PaymentMismatch, SubscriptionNotReady

log = logging.getLogger(__name__)
QUIET = timedelta(minutes=10)
BATCH = 50


def sweep_subscriptions() -> int:
    """Ask about every subscription that is due and was quiet; end what has used up its grace; write
    the reminders. Safe to run twice at once. Returns how many were asked about."""
    count = 0
    for subscription in due_subscriptions()[:BATCH]:
        count += 1
        _look_after(subscription)
    remind_of_grace()
    remind_of_trial()
    return count


def due_subscriptions():
    """Running ones whose period is over or payment overdue, and those never asked about."""
    now = clock.now()
    is_new = Q(checked_at=None)
    is_due = Q(period_ends_at__lte=now) & (
        Q(checked_at__lt=F("period_ends_at")) | Q(checked_at__lt=now - QUIET)
    )
    is_late = Q(state=states.PAST_DUE) & (
        Q(checked_at__lt=now - QUIET) | Q(grace_ends_at__lte=now, checked_at__lt=F("grace_ends_at"))
    )
    return (
        Subscription.objects.running()
        .filter(is_new | is_due | is_late, reference__isnull=False)
        .select_related("person", "offer")
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
    )


def _look_after(subscription: Subscription) -> None:
    """One that cannot be looked after is put before staff, and holds up no other."""
    try:
        known = refresh_subscription(subscription, source="sweep")
        if known.state == states.PAST_DUE and known.grace_ends_at <= clock.now():
            end_grace(known)
    except (GatewayUnavailable, SubscriptionNotReady):
        return
    except PaymentMismatch as mismatch:
        _put_off(subscription, mismatch.message)
    except Exception as error:
        log.exception(
            "A subscription could not be looked after.",
            extra={"subscription": subscription.public_id},
        )
        _put_off(subscription, f"It could not be looked after: {type(error).__name__}: {error}")


def _put_off(subscription: Subscription, why: str) -> None:
    """Not asked about again at once: the others come first."""
    Subscription.objects.filter(pk=subscription.pk).update(checked_at=clock.now())
    attend(subscription, why)


def end_grace(subscription: Subscription) -> None:
    """The days of grace are used up. A membership ends, at the gateway too; what is paid in
    instalments is closed until the next one arrives. No transaction may be open."""
    if subscription.kind == Subscription.Kind.INSTALMENTS:
        if _first_to_tell(subscription, subscription.grace_ends_at + timedelta(seconds=1)):
            audit.record("subscription.paused", subscription.public_id)
            tell(subscription, "subscription_ended", f"paused:{subscription.periods_paid}")
        return
    reading = gateway_of(subscription).cancel_subscription(
        subscription.reference, at_period_end=False, key=f"{subscription.public_id}:grace"
    )
    settle_subscription(subscription=subscription, reading=reading, source="dunning")


def _first_to_tell(subscription: Subscription, moment) -> bool:
    """Whether this call is the first that tells of this moment."""
    others = Q(reminded_for=None) | ~Q(reminded_for=moment)
    mine = Subscription.objects.filter(others, pk=subscription.pk)
    return bool(mine.update(reminded_for=moment))


def remind_of_grace() -> int:
    """Two days before overdue payments close access; returns how many were written."""
    now = clock.now()
    late = Subscription.objects.filter(
        state=states.PAST_DUE,
        grace_ends_at__gt=now,
        grace_ends_at__lte=now + timedelta(days=TROUBLES["grace"]),
    ).exclude(reminded_for=F("grace_ends_at"), reminded_for__isnull=False)
    return sum(
        _first_to_tell(one, one.grace_ends_at)
        and tell(one, "subscription_reminder", f"{one.grace_ends_at:%Y%m%d%H%M}") is None
        for one in late.select_related("person", "offer")[:BATCH]
    )


def remind_of_trial() -> int:
    """Three days before a trial is followed by the first payment; returns how many were written."""
    now = clock.now()
    ending = Subscription.objects.filter(
        state=states.TRIALING,
        cancels_at_period_end=False,
        trial_ends_at__gt=now,
        trial_ends_at__lte=now + timedelta(days=TROUBLES["trial"]),
    ).exclude(reminded_for=F("trial_ends_at"), reminded_for__isnull=False)
    return sum(
        _first_to_tell(one, one.trial_ends_at)
        and tell(one, "trial_ending", f"{one.trial_ends_at:%Y%m%d}") is None
        for one in ending.select_related("person", "offer")[:BATCH]
    )
