"""The webhook inbox: verify, keep, answer; then act on it, as often as it takes."""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from engineroom import audit, clock
from engineroom.faultpoints import faultpoint
from engineroom.refusals import Invalid
from payments import gateways
from payments.actions.claims import act_on
from payments.gateways.base import Gateway, Notice
from payments.models import GatewayEvent
from payments.refusals import GatewayUnavailable, NotKnownYet, PaymentMismatch
from payments.signing import BadSignature

log = logging.getLogger(__name__)
MOST_BYTES = 256 * 1024
BATCH = 50
MOST_TRIES = 40  # of an event about something not known yet, or of a gateway not in use
MOST_COUNTED = 30_000  # tries: what the column holds


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

    A mismatch is kept as the event's error and grants nothing. When the gateway does not answer, or
    we cannot read what it says, the event stays unprocessed, and the worker tries again after those
    that were tried less often. No transaction may be open.
    """
    gateway = gateways.by_name(event.gateway)
    if event.processed_at:
        return
    if gateway is None:
        _try_later(event, f"The gateway {event.gateway} is not in use.", gives_up=True)
        return
    try:
        claim = gateway.readings(event.payload)
        if claim is not None:
            act_on(claim, gateway)
    except PaymentMismatch as mismatch:
        _report(event, mismatch.message)
    except GatewayUnavailable as refusal:
        _try_later(event, refusal.message)
    except NotKnownYet as refusal:
        _try_later(event, refusal.message, gives_up=True)
    except Exception as error:
        # One that we cannot read holds up no other; it waits for a mended school.
        log.exception("event %s", event.event_id)
        _try_later(event, f"It could not be acted on: {type(error).__name__}.")
    else:
        faultpoint("webhook.after_settling")
        _finish(event, "")


def _try_later(event: GatewayEvent, why: str, *, gives_up: bool = False) -> None:
    if gives_up and event.attempts >= MOST_TRIES:
        _report(event, why)
        return
    GatewayEvent.objects.filter(pk=event.pk, attempts__lt=MOST_COUNTED).update(
        attempts=F("attempts") + 1
    )
    GatewayEvent.objects.filter(pk=event.pk).update(error=why[:300])


def _report(event: GatewayEvent, why: str) -> None:
    _finish(event, why)
    audit.record("gateway_event.mismatch", event.event_id, why=why)


def _finish(event: GatewayEvent, error: str) -> None:
    GatewayEvent.objects.filter(pk=event.pk, processed_at=None).update(
        processed_at=clock.now(), attempts=F("attempts") + 1, error=error[:300]
    )


def process_waiting() -> int:
    """Events that were kept but not acted on yet; returns how many were tried."""
    late = clock.now() - timedelta(seconds=30)
    waiting = GatewayEvent.objects.filter(processed_at=None, received_at__lt=late)
    # Those that fail again and again come last, so that they hold up no other.
    rows = list(waiting.order_by("attempts", "pk")[:BATCH])
    for event in rows:
        process_event(event)
    return len(rows)
