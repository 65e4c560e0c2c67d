"""The other side of Stripe for tests: a school that uses the stand-in, and hands on its page."""

from contextlib import ExitStack
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, build_opener

from engineroom import clock
from payments import gateways
from payments.gateways.base import Started
from tests.payments.stripe_stand_in import billing, money
from tests.payments.stripe_stand_in.server import KEY, SECRET, StandIn

START = datetime(2027, 1, 31, 10, 0, tzinfo=UTC)
CARDS = {
    "good": "4242424242424242",
    "declined": "4000000000000002",
    "challenged": "4000002760003184",
    "dies": "4000000000000341",
    "debit": "DE89370400440532013000",
}


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class StripeWorld:
    def __init__(self, settings, start: datetime = START):
        self._stack = ExitStack()
        self.stripe = StandIn(start.timestamp())
        settings.PAYMENT_GATEWAY, settings.STRIPE_MODE = "stripe", "test"
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = KEY, self.stripe.url
        settings.STRIPE_WEBHOOK_SECRETS = ["whsec_old", SECRET]
        self.gateway = gateways.by_name("stripe")

    def __enter__(self):
        self._stack.enter_context(self.stripe)
        self._stack.enter_context(clock.stopped_at(START))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def now(self) -> datetime:
        return clock.now()

    def advance(self, to: datetime) -> None:
        self.stripe.advance(to.timestamp())
        self._stack.enter_context(clock.stopped_at(to))

    def post_form(self, url: str, card: str) -> tuple[int, str]:
        """What a browser does on a hosted page: (status, the page's text)."""
        body = urlencode({"card": CARDS[card]}).encode()
        try:
            with build_opener(_Stay).open(url, body, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def pay(self, started: Started, card: str = "good") -> None:
        self.post_form(started.url, card)

    def change_card(self, url: str) -> None:
        self.post_form(url, "good")

    def clear_debit(self, started: Started, *, is_paid=True) -> None:
        session = self.stripe.session(started.reference)
        billing.clear_debit(self.stripe.memory, session, is_paid=is_paid)

    def forget_keys(self) -> None:
        """A day passes: Stripe knows idempotency keys no longer."""
        self.stripe.kept.clear()

    def events(self) -> list[dict]:
        return self.stripe.waiting()

    def post(self, event: dict, *, age: int = 0, secret: str = SECRET) -> tuple[bytes, str]:
        return self.stripe.posted(event, clock.real().timestamp() - age, secret)

    def claims(self) -> list:
        notices = [self.gateway.verify(*self.post(event)) for event in self.events()]
        found = [self.gateway.readings(notice.payload) for notice in notices]
        return [claim for claim in found if claim is not None]

    def dispute(self, started: Started) -> str:
        return self.stripe.dispute(started.reference)["id"]

    def decide(self, name: str, *, is_won: bool) -> None:
        memory = self.stripe.memory
        money.close_dispute(memory, memory.get("dispute", name), is_won=is_won)

    def pay_out(self) -> None:
        money.pay_out(self.stripe.memory)
