"""Stripe as a gateway: hosted Checkout, Billing, and signed events."""

import json
from contextlib import suppress
from datetime import datetime, timedelta

import stripe
from django.conf import settings

from engineroom import clock
from payments.gateways.accounts import account
from payments.gateways.base import (
    Claim,
    Intent,
    Notice,
    Plan,
    Reading,
    Started,
    SubscriptionReading,
)
from payments.gateways.stripe import amounts, reading, settling, subscribing
from payments.gateways.stripe.client import NotTaken, api, ask, every, strict
from payments.refusals import AmountNotCharged
from payments.signing import TOLERANCE_SECONDS, BadSignature

NAME = "stripe"
# How long Stripe leaves a page open at least and at most, from when it hears of it; it hears later.
LEAST, MOST, ON_THE_WAY = timedelta(minutes=30), timedelta(days=1), timedelta(minutes=1)
BOOKED = ["payment_intent.latest_charge.balance_transaction"]


class StripeGateway:
    name = NAME

    @property
    def mode(self) -> str:
        return settings.STRIPE_MODE

    @property
    def _account(self) -> str:
        return account(NAME, self.mode).public_id

    def start(self, intent: Intent) -> Started:
        wanted = _subscribing(intent) if intent.plan else _paying(intent)
        try:
            made = _open_page(intent, wanted)
        except NotTaken as error:
            # Below what Stripe charges at least, or a currency the account does not take.
            raise AmountNotCharged from error
        return Started(reference=made["id"], url=made["url"] or intent.return_url)

    def fetch(self, reference: str) -> Reading:
        if not reference.startswith("cs_"):
            return self._fetch_period(reference)
        session = ask(api().checkout.sessions.retrieve, reference, expand=BOOKED)
        intent = session.get("payment_intent") or {}
        if not intent and session.get("invoice") and (name := settling.intent_of(reference)):
            intent = _intent(name)
        return reading.payment(session, intent, self._account)

    def _fetch_period(self, reference: str) -> Reading:
        name = settling.intent_of(reference)
        return reading.period_payment(_intent(name), self._account)

    def cancel(self, reference: str) -> Reading:
        with suppress(NotTaken):  # paid or expired already: the reading says which
            strict(api().checkout.sessions.expire, reference)
        return self.fetch(reference)

    def refund(self, reference: str, *, amount_minor: int, currency: str, key: str) -> str:
        return settling.refund(reference, amount_minor=amount_minor, currency=currency, key=key)

    def fetch_subscription(self, reference: str) -> SubscriptionReading:
        return subscribing.read(reference, self._account)

    def cancel_subscription(
        self, reference: str, *, at_period_end: bool, key: str
    ) -> SubscriptionReading:
        subscribing.cancel(reference, at_period_end=at_period_end, key=key)
        return self.fetch_subscription(reference)

    def keep_subscription(self, reference: str, *, key: str) -> SubscriptionReading:
        subscribing.keep(reference, key=key)
        return self.fetch_subscription(reference)

    def change_subscription(
        self, reference: str, plan: Plan, *, due_minor: int, key: str
    ) -> SubscriptionReading:
        subscribing.change(reference, plan, due_minor=due_minor, key=key, now=clock.now())
        return self.fetch_subscription(reference)

    def card_url(self, reference: str, *, return_url: str) -> str:
        customer = reading.id_of(subscribing.retrieve(reference)["customer"])
        made = ask(
            api().billing_portal.sessions.create, customer=customer, return_url=return_url,
            flow_data={"type": "payment_method_update"},
        )  # fmt: skip
        return made["url"]

    def fetch_dispute(self, reference: str):
        return settling.dispute(reference, self._account)

    def disputes_since(self, moment: datetime):
        since = {"gte": int(moment.timestamp())}
        return (one["id"] for one in reversed(every(api().disputes.list, created=since)))

    def answer_dispute(self, reference: str, *, evidence: dict[str, str], key: str) -> None:
        settling.answer(reference, evidence, key)

    def payments_since(self, moment: datetime):
        since = {"gte": int(moment.timestamp())}
        for session in reversed(every(api().checkout.sessions.list, created=since)):
            if session["mode"] != "setup" and session.get("client_reference_id"):
                yield self.fetch(session["id"])

    def payouts_since(self, moment: datetime):
        return settling.payouts(moment, self._account)

    def verify(self, body: bytes, signature: str) -> Notice:
        payload = _signed(body, signature)
        event_id, type_ = payload.get("id"), payload.get("type")
        is_text = isinstance(event_id, str) and isinstance(type_, str)
        if not is_text or not 1 <= len(event_id) <= 200 or len(type_) > 80 or b"\\u0000" in body:
            raise BadSignature("The body is no event.")
        return Notice(event_id=event_id, type=type_, payload=payload, claim=self._claim(payload))

    def readings(self, payload: dict) -> Claim | None:
        """Stripe's disputes and refunds name its PaymentIntent: what we call that payment is asked
        of it."""
        type_ = str(payload.get("type", ""))
        if _is_refund(type_):
            intent = reading.id_of(payload["data"]["object"].get("payment_intent"))
            name, _subscription = settling.our_names(intent)
            return reading.refund(payload, name, self._home(payload))
        if type_.startswith("charge.dispute."):
            said = payload["data"]["object"]
            intent = reading.id_of(said.get("payment_intent"))
            return reading.dispute(said, settling.our_names(intent), self._home(payload))
        return self._claim(payload)

    def _home(self, payload: dict) -> str:
        """Events of a connected account name it, and are not ours."""
        return str(payload.get("account") or self._account)

    def _claim(self, payload: dict) -> Claim | None:
        try:
            said, home = payload["data"]["object"], self._home(payload)
            if _is_refund(str(payload["type"])):
                return reading.refund(payload, reading.id_of(said["payment_intent"]), home)
            return _read(str(payload["type"]), said, home)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            return None  # no object of the kind that its type says


def _is_refund(type_: str) -> bool:
    return type_ == "charge.refunded" or type_.startswith("refund.")


def _read(type_: str, said: dict, home: str) -> Claim | None:
    kind = said["object"]
    if type_.startswith("checkout.session.") and kind == "checkout.session":
        return reading.payment(said, {}, home) if said["mode"] != "setup" else None
    if type_.startswith("customer.subscription.") and kind == "subscription":
        return reading.subscription(said, home)
    if type_.startswith("charge.dispute.") and kind == "dispute":
        return reading.dispute(said, (reading.id_of(said.get("payment_intent")), ""), home)
    if type_ == "payout.paid" and kind == "payout":
        return settling.reading_of(said, home)
    if type_ in ("invoice.paid", "invoice.payment_failed") and kind == "invoice":
        return _of_invoice(said, home)
    return None


def _of_invoice(said: dict, home: str) -> Claim | None:
    """An invoice only points to its subscription, and repeats what that said about itself."""
    parent = (said.get("parent") or {}).get("subscription_details")
    if not parent:
        return None
    return SubscriptionReading(
        reference=reading.id_of(parent["subscription"]),
        key=str((parent.get("metadata") or {}).get("subscription") or ""),
        status="active" if said["status"] == "paid" else "past_due",
        amount_minor=amounts.back(said["total"], reading.code(said)),
        currency=reading.code(said),
        period="",
        mode=reading.mode_of(said),
        account=home,
    )


def _intent(name: str) -> dict:
    expand = ["latest_charge.balance_transaction"]
    return ask(api().payment_intents.retrieve, name, expand=expand)


def _signed(body: bytes, signature: str) -> dict:
    """The event, when one of the endpoint's secrets signed these bytes within five minutes."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BadSignature("The body is no event.") from error
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(text, signature, secret)
            stamp = int(dict(part.split("=", 1) for part in signature.split(","))["t"])
            payload = json.loads(text)
        except stripe.SignatureVerificationError:
            continue
        except (ValueError, KeyError) as error:
            raise BadSignature("The body is no event.") from error
        # The SDK only knows too old, and only by the machine's own clock.
        if abs(stamp - clock.real().timestamp()) > TOLERANCE_SECONDS:
            raise BadSignature("The signature is older than five minutes, or from the future.")
        if not isinstance(payload, dict):
            raise BadSignature("The body is no event.")
        return payload
    raise BadSignature("No secret of this gateway made the signature.")


def _closing(intent: Intent, asked_at: datetime) -> dict:
    """When Stripe shall close the page, by the world's clock: with what is paid, or as soon afterwards
    as it can. A page that goes by a test clock is left alone."""
    if intent.closes_at is None or intent.closes_at >= asked_at + MOST:
        return {}
    if intent.plan and settings.STRIPE_TEST_CLOCK:
        return {}
    end = max(intent.closes_at, asked_at + LEAST + ON_THE_WAY) - clock.ahead()
    return {"expires_at": int(end.timestamp())}


def _open_page(intent: Intent, wanted: dict) -> dict:
    """The same words under the same key find the page that was made before. Where there is none and
    the end they name has come too near by now, a later one is named. Raises NotTaken."""
    create, key, now = api().checkout.sessions.create, f"start:{intent.key}", clock.now()
    closing = _closing(intent, intent.asked_at or now)
    try:
        return strict(create, key=key, **wanted, **closing)
    except NotTaken:
        if not closing or closing["expires_at"] >= (clock.real() + LEAST).timestamp():
            raise
        return strict(create, key=key, **wanted, **_closing(intent, now))


def _shared(intent: Intent) -> dict:
    return {
        "client_reference_id": intent.key,
        "success_url": intent.return_url,
        "cancel_url": intent.return_url,
        "metadata": {"payment": intent.key, "order": intent.order_number},
    }


def _line(title: str, amount_minor: int, currency: str) -> dict:
    return {
        "quantity": 1,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": amounts.out(amount_minor, currency),
            "product_data": {"name": title[:250] or "Order"},
        },
    }


def _paying(intent: Intent) -> dict:
    shared = _shared(intent)
    return shared | {
        "customer_email": intent.email,
        "mode": "payment",
        "line_items": [_line(intent.description, intent.amount_minor, intent.currency)],
        "payment_intent_data": {
            "description": f"Order {intent.order_number}",
            "metadata": shared["metadata"],
        },
    }


def _customer(intent: Intent) -> dict:
    """Stripe makes the customer itself, unless the subscription shall go by a test clock: that is a
    customer's from its beginning or never."""
    if not settings.STRIPE_TEST_CLOCK:
        return {"customer_email": intent.email}
    made = ask(
        api().customers.create, key=f"customer:{intent.key}", email=intent.email,
        test_clock=settings.STRIPE_TEST_CLOCK,
    )  # fmt: skip
    return {"customer": made["id"]}


def _subscribing(intent: Intent) -> dict:
    """The plan, and whatever the first period costs more or less than the others."""
    plan, shared = intent.plan, _shared(intent)
    product = {"product_data": {"name": plan.title[:250] or "Subscription"}}
    lines = [{"quantity": 1, "price_data": subscribing.price_data(plan) | product}]
    said = {
        "metadata": subscribing.metadata(plan) | {"order": intent.order_number},
        "description": plan.title[:300],
    }
    more = intent.amount_minor - (0 if plan.trial_days else plan.amount_minor)
    extra = {}
    if plan.trial_days:
        said["trial_period_days"] = plan.trial_days
    if more > 0:
        lines.append(_line("At once", more, intent.currency))
    elif more < 0:
        coupon = ask(
            api().coupons.create, key=f"less:{intent.key}", duration="once",
            amount_off=amounts.out(-more, intent.currency), currency=intent.currency.lower(),
            name="First period", max_redemptions=1,
        )  # fmt: skip
        extra["discounts"] = [{"coupon": coupon["id"]}]
    return (
        shared
        | _customer(intent)
        | {
            "mode": "subscription",
            "line_items": lines,
            "subscription_data": said,
            # A coupon may take all of every period off: then no card is asked for.
            "payment_method_collection": "always" if plan.amount_minor else "if_required",
        }
        | extra
    )
