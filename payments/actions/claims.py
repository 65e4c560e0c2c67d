"""What each kind of signed event leads to. The event only points to something: what it claims must
fit what is ours, and what is done is what the gateway says when it is asked again.

So the order in which events arrive, and how often, makes no difference.
"""

from datetime import timedelta

from engineroom import clock
from engineroom.faultpoints import faultpoint
from payments import states
from payments.actions.disputes import disputed_payment, settle_dispute
from payments.actions.outside_refunds import match_refunds
from payments.actions.payouts import record_payout
from payments.actions.renewals import attend
from payments.actions.settling import check_reading, flag, refresh_payment, settle_order
from payments.actions.subscriptions import catch_up, check_subscription
from payments.gateways.base import (
    Claim,
    DisputeReading,
    Gateway,
    PayoutReading,
    Reading,
    RefundNotice,
    SubscriptionReading,
)
from payments.models import GatewayAccount, Payment, Subscription
from payments.refusals import NotKnownYet, PaymentMismatch

PAYOUT_LOOKS_BACK = timedelta(days=7)


def act_on(claim: Claim, gateway: Gateway) -> None:
    """Ask the gateway about what the claim names, and settle it. No transaction may be open.

    Raises PaymentMismatch when it cannot be ours, NotKnownYet when it may still become so, and
    GatewayUnavailable.
    """
    ACTS[type(claim)](claim, gateway)


def _check_home(gateway: Gateway, claim: Claim) -> None:
    known = GatewayAccount.objects.filter(gateway=gateway.name, mode=gateway.mode)
    if not known.filter(public_id=claim.account).exists():
        raise PaymentMismatch("The event comes from another account.")
    if claim.mode != gateway.mode:
        raise PaymentMismatch("The event is of the other mode: test and live never meet.")


def _payment(claim: Reading, gateway: Gateway) -> None:
    ours = Payment.objects.filter(gateway=gateway.name).select_related("order")
    payment = (
        ours.filter(public_id=claim.key).first() or ours.filter(reference=claim.reference).first()
    )
    if payment is None:
        raise PaymentMismatch("The event names a payment that this school did not start.")
    try:
        _check_home(gateway, claim)
        check_reading(payment, claim)
        faultpoint("webhook.before_fetch")
        reading = gateway.fetch(claim.reference)
        faultpoint("webhook.after_fetch")
        settle_order(payment=payment, reading=reading, source="webhook")
    except PaymentMismatch as mismatch:
        flag(payment.order, f"A signed event does not match: {mismatch.message}")
        raise


def _subscription(claim: SubscriptionReading, gateway: Gateway) -> None:
    ours = Subscription.objects.filter(gateway=gateway.name)
    subscription = (
        ours.filter(public_id=claim.key).first() or ours.filter(reference=claim.reference).first()
    )
    if subscription is None:
        raise PaymentMismatch("The event names a subscription that this school did not start.")
    try:
        _check_home(gateway, claim)
        check_subscription(subscription, claim)
        catch_up(subscription, claim.reference, source="webhook")
    except PaymentMismatch as mismatch:
        attend(subscription, f"A signed event does not match: {mismatch.message}")
        raise


def _dispute(claim: DisputeReading, gateway: Gateway) -> None:
    payment = disputed_payment(gateway, claim, source="webhook")
    try:
        _check_home(gateway, claim)
        if claim.currency != payment.currency:
            raise PaymentMismatch("The currency of the dispute is not that of the payment.")
        if payment.state != states.CAPTURED:
            # Told before the payment itself was: that comes first.
            refresh_payment(payment, source="webhook")
        reading = gateway.fetch_dispute(claim.reference)
        settle_dispute(payment=payment, reading=reading, source="webhook")
    except PaymentMismatch as mismatch:
        flag(payment.order, f"A signed event does not match: {mismatch.message}")
        raise


def _refund(claim: RefundNotice, gateway: Gateway) -> None:
    ours = Payment.objects.filter(gateway=gateway.name, reference=claim.payment)
    payment = ours.select_related("order").first()
    if payment is None:
        raise NotKnownYet("The refunded payment is not known here.")
    _check_home(gateway, claim)
    if payment.state != states.CAPTURED:
        # Told before the payment itself was: that comes first.
        refresh_payment(payment, source="webhook")
    match_refunds(payment=payment, reading=gateway.fetch(claim.payment))


def _payout(claim: PayoutReading, gateway: Gateway) -> None:
    _check_home(gateway, claim)
    since = min(claim.arrived_at, clock.now()) - PAYOUT_LOOKS_BACK
    for reading in gateway.payouts_since(since):
        if reading.reference == claim.reference:
            if (reading.amount_minor, reading.currency) != (claim.amount_minor, claim.currency):
                raise PaymentMismatch("The gateway knows this payout with another amount.")
            record_payout(gateway=gateway.name, reading=reading)
            return
    raise NotKnownYet("The gateway does not list this payout.")


ACTS = {
    Reading: _payment,
    SubscriptionReading: _subscription,
    DisputeReading: _dispute,
    PayoutReading: _payout,
    RefundNotice: _refund,
}
