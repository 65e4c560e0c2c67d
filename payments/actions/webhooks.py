"""The webhook inbox: verify, keep, answer; then act on it, as often as it takes."""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from engineroom import audit, clock
from engineroom.faultpoints import faultpoint
from engineroom.refusals import Invalid
from payments import gateways
from payments.actions.settling import check_reading, flag, settle_order
from payments.gateways.base import Gateway, Notice, Reading
from payments.models import GatewayAccount, GatewayEvent, Payment
from payments.refusals import GatewayUnavailable, PaymentMismatch
from payments.signing import BadSignature

log = logging.getLogger(__name__)
MOST_BYTES = 256 * 1024
BATCH = 50


class ForgedWebhook(Invalid):
    code = "signature_not_valid"
    message = "The signature does not fit these bytes."


def receive_event(*, gateway: Gateway, body: bytes, signature: str) -> tuple[GatewayEvent, bool]:
    """Keep a signed event in the inbox: (event, whether it is new). Raises ForgedWebhook."""
    try:
        notice: Notice = gateway.verify(body, signature)
    except BadSignature as error:
        raise ForgedWebhook(str(error)) from error
    faultpoint("webhook.before_inbox")
    try:
        with transaction.atomic():
            event = GatewayEvent.objects.create(
                gateway=gateway.name,
                event_id=notice.event_id,
                type=notice.type,
                payload=notice.payload,
            )
    except IntegrityError:
        known = GatewayEvent.objects.get(gateway=gateway.name, event_id=notice.event_id)
        return known, False
    faultpoint("webhook.after_inbox")
    return event, True


def process_event(event: GatewayEvent) -> None:
    """Act on an event: what it claims must fit our payment, what is done is what the gateway says.

    A mismatch is kept as the event's error and grants nothing. When the gateway does not answer
    the event stays unprocessed, and the worker tries again. No transaction may be open.
    """
    gateway = gateways.by_name(event.gateway)
    if event.processed_at or gateway is None:
        return
    try:
        _act(event, gateway)
    except PaymentMismatch as mismatch:
        _finish(event, mismatch.message)
        audit.record("gateway_event.mismatch", event.event_id, why=mismatch.message)
    except GatewayUnavailable as refusal:
        GatewayEvent.objects.filter(pk=event.pk).update(
            attempts=F("attempts") + 1, error=refusal.message[:300]
        )
    else:
        faultpoint("webhook.after_settling")
        _finish(event, "")


def _finish(event: GatewayEvent, error: str) -> None:
    GatewayEvent.objects.filter(pk=event.pk, processed_at=None).update(
        processed_at=clock.now(), attempts=F("attempts") + 1, error=error[:300]
    )


def _act(event: GatewayEvent, gateway: Gateway) -> None:
    claim = gateway.readings(event.payload)
    if claim is None:
        return
    payment = _payment_of(gateway, claim)
    if payment is None:
        raise PaymentMismatch("The event names a payment that this school did not start.")
    try:
        _check_account(gateway, claim)
        check_reading(payment, claim)
        faultpoint("webhook.before_fetch")
        reading = gateway.fetch(claim.reference)
        faultpoint("webhook.after_fetch")
        settle_order(payment=payment, reading=reading, source="webhook")
    except PaymentMismatch as mismatch:
        flag(payment.order, f"A signed event does not match: {mismatch.message}")
        raise


def _payment_of(gateway: Gateway, claim: Reading) -> Payment | None:
    ours = Payment.objects.filter(gateway=gateway.name).select_related("order")
    return (
        ours.filter(public_id=claim.key).first() or ours.filter(reference=claim.reference).first()
    )


def _check_account(gateway: Gateway, claim: Reading) -> None:
    known = GatewayAccount.objects.filter(gateway=gateway.name, mode=gateway.mode)
    if not known.filter(public_id=claim.account).exists():
        raise PaymentMismatch("The event comes from another account.")


def process_waiting() -> int:
    """Events that were kept but not acted on yet; returns how many were tried."""
    late = clock.now() - timedelta(seconds=30)
    waiting = GatewayEvent.objects.filter(processed_at=None, received_at__lt=late).order_by("pk")
    rows = list(waiting[:BATCH])
    for event in rows:
        process_event(event)
    return len(rows)
