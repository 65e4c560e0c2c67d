"""The simulator as a gateway: every call of `gateways.base`, over its own memory."""

import json
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from engineroom import clock
from payments import signing
from payments.gateways.accounts import account
from payments.gateways.base import (
    Claim,
    DisputeReading,
    Intent,
    Notice,
    PayoutReading,
    Plan,
    Reading,
    RefundDeclined,
    Started,
    SubscriptionReading,
)
from payments.gateways.simulator import disputing, paying, paying_out, posting, subscribing
from payments.models import Mode, SimulatorPayment, SimulatorRefund
from payments.signing import BadSignature

State = SimulatorPayment.State


class SimulatorGateway:
    name = posting.NAME
    mode = Mode.TEST.value
    is_outside = False

    def start(self, intent: Intent) -> Started:
        found = SimulatorPayment.objects.filter(key=intent.key).first()
        try:
            payment = found or self._make(intent)
        except IntegrityError:
            payment = SimulatorPayment.objects.get(key=intent.key)
        return Started(
            reference=payment.token, url=f"{settings.SITE_URL}/simulator/{payment.token}/"
        )

    @transaction.atomic
    def _make(self, intent: Intent) -> SimulatorPayment:
        plan = intent.plan
        return SimulatorPayment.objects.create(
            key=intent.key,
            order_number=intent.order_number,
            description=intent.description[:300],
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            return_url=intent.return_url,
            closes_at=intent.closes_at,
            subscription=subscribing.make(plan, intent) if plan else None,
            number=1 if plan else None,
        )

    def _payment(self, reference: str) -> SimulatorPayment:
        return SimulatorPayment.objects.select_related("subscription").get(token=reference)

    def fetch(self, reference: str) -> Reading:
        return paying.reading(self._payment(reference))

    def cancel(self, reference: str) -> Reading:
        payment = self._payment(reference)
        paying.move(payment, [State.OPEN, State.CHALLENGE], State.CANCELED)
        return paying.reading(payment)

    @transaction.atomic
    def refund(self, reference: str, *, amount_minor: int, currency: str, key: str) -> str:
        payment = SimulatorPayment.objects.select_for_update().get(token=reference)
        made = SimulatorRefund.objects.filter(key=key).first()
        if made:
            return f"simrefund_{made.pk}"
        if currency != payment.currency or payment.state != State.SUCCEEDED:
            raise RefundDeclined("The simulator has no such money.")
        if payment.disputes.exclude(state__in=["planned", "won"]).exists():
            raise RefundDeclined("The buyer's bank has taken this money back.")
        taken = SimulatorPayment.objects.filter(
            pk=payment.pk, refunded_minor__lte=F("amount_minor") - amount_minor
        ).update(refunded_minor=F("refunded_minor") + amount_minor)
        if not taken:
            raise RefundDeclined("More than what was paid cannot go back.")
        made = SimulatorRefund.objects.create(key=key, payment=payment, amount_minor=amount_minor)
        return f"simrefund_{made.pk}"

    def fetch_subscription(self, reference: str) -> SubscriptionReading:
        return subscribing.reading(subscribing.by_token(reference))

    def cancel_subscription(
        self, reference: str, *, at_period_end: bool, key: str
    ) -> SubscriptionReading:
        return subscribing.reading(subscribing.cancel(reference, at_period_end=at_period_end))

    def keep_subscription(self, reference: str, *, key: str) -> SubscriptionReading:
        return subscribing.reading(subscribing.keep(reference))

    def change_subscription(
        self, reference: str, plan: Plan, *, due_minor: int, key: str
    ) -> SubscriptionReading:
        changed = subscribing.change(reference, plan, due_minor=due_minor, key=key)
        return subscribing.reading(changed)

    def card_url(self, reference: str, *, return_url: str) -> str:
        subscribing.set_return_url(reference, return_url)
        return f"{settings.SITE_URL}/simulator/cards/{reference}/"

    def fetch_dispute(self, reference: str) -> DisputeReading:
        return disputing.reading(reference)

    def disputes_since(self, moment: datetime):
        return disputing.since(moment)

    def answer_dispute(self, reference: str, *, evidence: dict[str, str], key: str) -> None:
        disputing.answer(reference, evidence)

    def payments_since(self, moment: datetime):
        return paying.since(moment)

    def payouts_since(self, moment: datetime):
        return paying_out.since(moment)

    def verify(self, body: bytes, signature: str) -> Notice:
        secrets = account(posting.NAME, Mode.TEST).secrets
        signing.check(body, signature, secrets, clock.real().timestamp())
        try:
            payload = json.loads(body)
            if b"\\u0000" in body:
                raise BadSignature("The body holds a NUL character.")
            event_id, type_ = payload["id"], payload["type"]
            is_text = isinstance(event_id, str) and isinstance(type_, str)
        except (ValueError, KeyError, TypeError) as error:
            raise BadSignature("The body is no event.") from error
        if not is_text or not 1 <= len(event_id) <= 200 or len(type_) > 80 or "\0" in event_id:
            raise BadSignature("The body is no event.")
        return Notice(event_id=event_id, type=type_, payload=payload, claim=self.readings(payload))

    def readings(self, payload: dict) -> Claim | None:
        for name, read in READERS.items():
            said = payload.get(name)
            if isinstance(said, dict):
                return read(_Said(payload, said))
        return None


class _Said:
    """What an event says about its object, as plain values."""

    def __init__(self, payload: dict, said: dict):
        self.said = said
        self.shared = {
            "currency": self.text("currency"),
            "amount_minor": said.get("amount_minor"),
            "reference": self.text("reference"),
            "mode": str(payload.get("mode", "")),
            "account": str(payload.get("account", "")),
        }

    def text(self, name: str, longest: int = 200) -> str:
        return str(self.said.get(name, ""))[:longest]


def _payment(said: _Said) -> Reading:
    return Reading(
        key=said.text("key"),
        order_number=said.text("order"),
        status=said.text("status"),
        method=said.text("method", 80),
        reason=said.text("reason"),
        **said.shared,
    )


def _subscription(said: _Said) -> SubscriptionReading:
    return SubscriptionReading(
        key=said.text("key"), status=said.text("status"), period=said.text("period"), **said.shared
    )


def _dispute(said: _Said) -> DisputeReading:
    return DisputeReading(
        payment=said.text("payment"),
        status=said.text("status"),
        reason=said.text("reason", 80),
        subscription=said.text("subscription"),
        **said.shared,
    )


def _payout(said: _Said) -> PayoutReading:
    try:
        arrived_at = datetime.fromisoformat(said.text("arrived_at", 40))
    except ValueError:
        arrived_at = clock.now()
    if arrived_at.tzinfo is None:
        arrived_at = clock.now()
    return PayoutReading(arrived_at=arrived_at, **said.shared)


READERS = {
    "payment": _payment,
    "subscription": _subscription,
    "dispute": _dispute,
    "payout": _payout,
}
