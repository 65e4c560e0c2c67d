"""The built-in simulator: a gateway with its own hosted page, its own memory and signed webhooks.

It behaves like another company whose answers arrive in any order and more than once. Only a test
school may use it; its payments are test money.
"""

import json

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from engineroom import clock, ids, outbox
from payments import signing
from payments.gateways.accounts import account
from payments.gateways.base import Intent, Notice, Reading, RefundDeclined, Started
from payments.models import Mode, SimulatorPayment, SimulatorRefund
from payments.refusals import OutcomeNotValid, SimulatorClosed
from payments.signing import BadSignature

NAME = "simulator"
WEBHOOK_TOPIC = "simulator.webhook"
State = SimulatorPayment.State
STATUS = {
    State.OPEN: "open",
    State.CHALLENGE: "open",
    State.PROCESSING: "processing",
    State.SUCCEEDED: "captured",
    State.FAILED: "failed",
    State.CANCELED: "canceled",
}
# Cards that the hosted page takes, as other gateways' test cards: number, outcome, reason.
CARDS = {
    "4242424242424242": ("success", ""),
    "4000000000009995": ("decline", "Not enough funds."),
    "4000000000000002": ("decline", "The bank gave no reason."),
    "4000000000000069": ("decline", "The card has expired."),
    "4000000000003220": ("3ds", ""),
}
OUTCOMES = ("success", "decline", "3ds", "abandon")
DEFAULT_CARD = {
    "success": "4242424242424242",
    "decline": "4000000000009995",
    "3ds": "4000000000003220",
}


def find(token: str) -> SimulatorPayment | None:
    return SimulatorPayment.objects.filter(token=token).first()


def _method(card: str) -> str:
    return f"Visa ending {card[-4:]}"


def _move(payment: SimulatorPayment, allowed: list[str], state: str, **fields) -> bool:
    moved = SimulatorPayment.objects.filter(pk=payment.pk, state__in=allowed).update(
        state=state, **fields
    )
    payment.refresh_from_db()
    return bool(moved)


def _tell(payment: SimulatorPayment, type_: str) -> None:
    """Queue the webhook in the simulator's own transaction, as a real gateway would."""
    payload = {
        "id": ids.public_id("evt"),
        "type": type_,
        "created_at": clock.now().isoformat(),
        "account": account(NAME, Mode.TEST).public_id,
        "mode": Mode.TEST.value,
        "payment": {
            "reference": payment.token,
            "key": payment.key,
            "order": payment.order_number,
            "status": STATUS[payment.state],
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "method": payment.method,
            "reason": payment.reason,
        },
    }
    outbox.put(WEBHOOK_TOPIC, {"body": json.dumps(payload)}, key=payload["id"])


@transaction.atomic
def pay(token: str, *, outcome: str, card: str = "") -> SimulatorPayment:
    """What the person on the hosted page did. Raises OutcomeNotValid, SimulatorClosed.

    `3ds` asks for a confirmation; `success` or `decline` then answer it. `abandon` leaves the
    payment open: nothing happens at all. The payment must exist.
    """
    if outcome not in OUTCOMES:
        raise OutcomeNotValid
    payment = SimulatorPayment.objects.get(token=token)
    if outcome == "abandon":
        return payment
    reason = CARDS.get(card, ("", ""))[1] or "Not enough funds."
    if payment.state == State.CHALLENGE:
        known = {"method": payment.method}
        reason = "The bank's confirmation failed."
    else:
        known = {"method": _method(card or DEFAULT_CARD[outcome])}
    is_open = [State.OPEN, State.CHALLENGE]
    if outcome == "3ds":
        moved = _move(payment, [State.OPEN], State.CHALLENGE, **known)
    elif outcome == "success":
        moved = _move(payment, is_open, State.SUCCEEDED, **known)
    else:
        moved = _move(payment, is_open, State.FAILED, reason=reason, **known)
    if not moved:
        raise SimulatorClosed
    if outcome != "3ds":
        _tell(payment, f"payment.{STATUS[payment.state]}")
    return payment


def signed(body: str) -> str:
    """The signature header under the account's newest secret, now."""
    secret = account(NAME, Mode.TEST).webhook_secret
    return signing.sign(body.encode(), secret, int(clock.now().timestamp()))


class SimulatorGateway:
    name = NAME
    mode = Mode.TEST.value

    def start(self, intent: Intent) -> Started:
        try:
            with transaction.atomic():
                payment = SimulatorPayment.objects.create(
                    key=intent.key,
                    order_number=intent.order_number,
                    description=intent.description[:300],
                    amount_minor=intent.amount_minor,
                    currency=intent.currency,
                    return_url=intent.return_url,
                )
        except IntegrityError:
            payment = SimulatorPayment.objects.get(key=intent.key)
        return Started(
            reference=payment.token, url=f"{settings.SITE_URL}/simulator/{payment.token}/"
        )

    def _reading(self, payment: SimulatorPayment) -> Reading:
        return Reading(
            reference=payment.token,
            key=payment.key,
            order_number=payment.order_number,
            status=STATUS[payment.state],
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            mode=self.mode,
            account=account(NAME, Mode.TEST).public_id,
            method=payment.method,
            reason=payment.reason,
        )

    def fetch(self, reference: str) -> Reading:
        return self._reading(SimulatorPayment.objects.get(token=reference))

    def cancel(self, reference: str) -> Reading:
        payment = SimulatorPayment.objects.get(token=reference)
        _move(payment, [State.OPEN, State.CHALLENGE], State.CANCELED)
        return self._reading(payment)

    @transaction.atomic
    def refund(self, reference: str, *, amount_minor: int, currency: str, key: str) -> str:
        payment = SimulatorPayment.objects.select_for_update().get(token=reference)
        made = SimulatorRefund.objects.filter(key=key).first()
        if made:
            return f"simrefund_{made.pk}"
        if currency != payment.currency or payment.state != State.SUCCEEDED:
            raise RefundDeclined("The simulator has no such money.")
        taken = SimulatorPayment.objects.filter(
            pk=payment.pk, refunded_minor__lte=F("amount_minor") - amount_minor
        ).update(refunded_minor=F("refunded_minor") + amount_minor)
        if not taken:
            raise RefundDeclined("More than what was paid cannot go back.")
        made = SimulatorRefund.objects.create(key=key, payment=payment, amount_minor=amount_minor)
        return f"simrefund_{made.pk}"

    def verify(self, body: bytes, signature: str) -> Notice:
        signing.check(body, signature, account(NAME, Mode.TEST).secrets, clock.now().timestamp())
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

    def readings(self, payload: dict) -> Reading | None:
        said = payload.get("payment")
        if not isinstance(said, dict):
            return None
        return Reading(
            reference=str(said.get("reference", "")),
            key=str(said.get("key", "")),
            order_number=str(said.get("order", "")),
            status=str(said.get("status", "")),
            amount_minor=said.get("amount_minor"),
            currency=str(said.get("currency", "")),
            mode=str(payload.get("mode", "")),
            account=str(payload.get("account", "")),
            method=str(said.get("method", ""))[:80],
            reason=str(said.get("reason", ""))[:200],
        )
