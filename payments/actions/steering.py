"""What people and staff do with a subscription: cancel, keep, change the plan, change the card."""

from django.conf import settings
from django.db import transaction

from engineroom import audit
from engineroom.refusals import Refusal
from payments import states
from payments.actions.changing import (
    changed_plan,
    drop_change,
    pending_change,
    plan_change,
    settle_change,
    write_change,
)
from payments.actions.moves import lock_orders, locked_subscription
from payments.actions.plans import keep_access
from payments.actions.subscriptions import (
    accept_charge,
    check_subscription,
    gateway_of,
    settle_subscription,
    tell,
)
from payments.gateways.base import ChargeDeclined
from payments.models import Offer, Order, Payment, Subscription
from payments.queries.subscriptions import paying_orders
from payments.refusals import (
    CardDeclined,
    ChangeNotNow,
    GatewayUnavailable,
    InstalmentsOwed,
    PriceChanged,
    SubscriptionOver,
)


def _key(subscription: Subscription, what: str) -> str:
    """The gateway's idempotency key: the same until something about the subscription changes."""
    return f"{subscription.public_id}:{what}:{subscription.version}"


def cancel_subscription(
    *, subscription: Subscription, at_period_end: bool, reason: str = "", actor=None
) -> Subscription:
    """End it now, or with the period that is paid; asked again, nothing more happens. What was paid
    is not refunded by this. An overdue one ends now in any case. Staff end one that is over here at
    the gateway all the same, where it might live on. No transaction may be open.

    Raises SubscriptionOver, InstalmentsOwed (staff may), GatewayUnavailable, SubscriptionNotReady.
    """
    is_own = actor is not None and actor.pk == subscription.person_id
    if not subscription.is_running:
        if is_own or not subscription.reference:
            raise SubscriptionOver
        return _end_once_more(subscription, reason, actor)
    if subscription.kind == Subscription.Kind.INSTALMENTS and is_own:
        raise InstalmentsOwed
    if at_period_end and subscription.cancels_at_period_end:
        return subscription
    at_period_end = at_period_end and subscription.state != states.PAST_DUE
    gateway = gateway_of(subscription)
    what = "cancel-later" if at_period_end else "cancel-now"
    reading = gateway.cancel_subscription(
        subscription.reference, at_period_end=at_period_end, key=_key(subscription, what)
    )
    with transaction.atomic():
        known = locked_subscription(subscription.pk)
        before = known.state, known.cancels_at_period_end
        done = settle_subscription(
            subscription=subscription, reading=reading, source="cancel", actor=actor
        )
        if before == (done.state, done.cancels_at_period_end):
            return done
        audit.record(
            "subscription.canceled",
            done.public_id,
            actor=actor,
            at_period_end=at_period_end,
            reason=reason[:300],
        )
        about = f"{done.version}"
        tell(done, "subscription_canceled", about, is_now=not at_period_end, by_school=not is_own)
    return done


def _end_once_more(subscription: Subscription, reason: str, actor) -> Subscription:
    """It has ended here, or never began: the gateway is told to end it too."""
    reading = gateway_of(subscription).cancel_subscription(
        subscription.reference, at_period_end=False, key=_key(subscription, "cancel-now")
    )
    with transaction.atomic():
        done = settle_subscription(
            subscription=subscription, reading=reading, source="cancel", actor=actor
        )
        audit.record(
            "subscription.ended_at_gateway", done.public_id, actor=actor, reason=reason[:300]
        )
    return done


def end_twin(*, public_id: str) -> None:
    """One that was paid while the same membership was running. GatewayUnavailable: the worker tries
    again."""
    cancel_subscription(
        subscription=Subscription.objects.get(public_id=public_id),
        at_period_end=False,
        reason="This membership was running already.",
    )


def keep_subscription(*, subscription: Subscription, actor=None) -> Subscription:
    """Take a cancelation at the period's end back. Raises as canceling does."""
    if not subscription.is_running:
        raise SubscriptionOver
    if not subscription.cancels_at_period_end:
        return subscription
    gateway = gateway_of(subscription)
    reading = gateway.keep_subscription(subscription.reference, key=_key(subscription, "keep"))
    with transaction.atomic():
        done = settle_subscription(
            subscription=subscription, reading=reading, source="keep", actor=actor
        )
        if not done.cancels_at_period_end:
            audit.record("subscription.kept", done.public_id, actor=actor)
    return done


def card_page(*, subscription: Subscription) -> str:
    """The address of the gateway's page on which the card is changed. No transaction may be open."""
    if not subscription.is_running:
        raise SubscriptionOver
    gateway = gateway_of(subscription)
    back = f"{settings.SITE_URL}{subscription.get_absolute_url()}card/done/"
    return gateway.card_url(subscription.reference, return_url=back)


def change_plan(
    *, subscription: Subscription, offer: Offer, expected_minor: int, actor=None
) -> Subscription:
    """Another membership from now on; `expected_minor` is what the person was shown as due now.

    Raises PlanNotOffered, ChangeNotNow, OfferSoldOut, TooManyForOne, PriceChanged, CardDeclined. When
    the gateway does not answer (GatewayUnavailable) the change waits, and the worker asks again. No
    transaction may be open.
    """
    gateway_of(subscription)
    if not subscription.is_running:
        raise SubscriptionOver
    with transaction.atomic():
        locked = locked_subscription(subscription.pk)
        waiting = pending_change(locked)
        if waiting is None:
            # What is credited does not go back at the same moment.
            lock_orders(paying_orders(locked))
            change = plan_change(locked, offer)
            if change.due_minor != expected_minor:
                raise PriceChanged(f"The sum has changed to {change.quote.text}. Check it again.")
            waiting = write_change(locked, change)
        elif locked.terms["change"]["offer_id"] != offer.pk:
            raise ChangeNotNow("Another change is still being made. Try again in a minute.")
    return finish_change(locked, waiting, actor=actor)


def finish_change(subscription: Subscription, order: Order, *, actor=None) -> Subscription:
    """Ask the gateway and write what came of it. Safe to repeat; no transaction may be open.

    Raises GatewayUnavailable (nothing is known yet), CardDeclined (the change is dropped).
    """
    gateway = gateway_of(subscription)
    said = subscription.terms["change"]
    try:
        reading = gateway.change_subscription(
            subscription.reference,
            changed_plan(subscription),
            due_minor=said["due_minor"],
            key=said["key"],
        )
    except ChargeDeclined as declined:
        with transaction.atomic():
            drop_change(locked_subscription(subscription.pk), order, str(declined), actor)
        raise CardDeclined(f"Your card did not pay: {declined} Nothing has changed.") from declined
    with transaction.atomic():
        locked = locked_subscription(subscription.pk)
        check_subscription(locked, reading)
        waiting = pending_change(locked)
        if waiting is not None and not waiting.total_minor:
            charge = _free_charge(locked, waiting, reading)
            settle_change(locked, waiting, reading, "change", charge=charge, actor=actor)
        done = settle_subscription(
            subscription=locked, reading=reading, source="change", actor=actor
        )
        keep_access(done)
    return done


def _free_charge(subscription: Subscription, order: Order, reading):
    """A charge of nothing, where credit paid for the whole change and the gateway wrote one."""
    known = set(
        Payment.objects.filter(order__subscription=subscription).values_list("reference", flat=True)
    )
    for charge in reading.charges:
        is_new = charge.reference not in known and charge.status == "captured"
        if is_new and not charge.amount_minor and charge.period_starts_at >= order.period_starts_at:
            return charge
    return None


def finish_waiting_change(public_id: str) -> None:
    """A change whose door was cut off. GatewayUnavailable makes the worker try again."""
    subscription = Subscription.objects.select_related("person", "offer").get(public_id=public_id)
    order = pending_change(subscription)
    if order is None:
        return
    try:
        finish_change(subscription, order)
    except CardDeclined:
        return


def settle_by_hand(*, subscription: Subscription, reference: str, actor) -> Subscription:
    """Staff accept a charge that was not as expected. No transaction may be open."""
    gateway = gateway_of(subscription)
    reading = gateway.fetch_subscription(subscription.reference)
    return accept_charge(
        subscription=subscription, reading=reading, reference=reference, actor=actor
    )


def end_for_erasure(*, public_id: str) -> None:
    """Nothing more is asked of somebody who is gone. GatewayUnavailable: the worker tries again."""
    subscription = Subscription.objects.get(public_id=public_id)
    if not subscription.is_running:
        return
    try:
        cancel_subscription(
            subscription=subscription, at_period_end=False, reason="The account was deleted."
        )
    except GatewayUnavailable:
        raise
    except Refusal as refusal:
        audit.record("subscription.not_ended", subscription.public_id, why=refusal.message)
