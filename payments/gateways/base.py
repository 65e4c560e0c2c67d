"""What a payment gateway is to the school. An adapter implements these calls and nothing more.

- Card data never reaches the school: `start` answers the address of the gateway's hosted page.
- Every call but `verify` and `claim` may go over the network: no transaction is open while one runs.
- Calls that move money take our key and must have one effect however often they are repeated.
- A gateway that does not answer raises `GatewayUnavailable`; nothing is then known, ask again.
- Events only point to something: what happened is what the matching `fetch…` says.
- Amounts are whole minor units, times aware UTC, modes `test` or `live`, countries ISO 3166.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked for again and again. `periods_total` None: until it is canceled.

    `key` is our subscription's public id. The intent's amount is due at once (0 while a trial
    runs), `amount_minor` each later period.
    """

    key: str
    title: str
    amount_minor: int
    currency: str
    period: str
    trial_days: int = 0
    periods_total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What should be paid. `key` is our payment's public id, and the gateway's idempotency key.

    With a plan, paying starts a subscription at the gateway; `amount_minor` is due at once.

    From `closes_at` on the hosted page takes no money, or from as soon afterwards as the gateway can
    close it; the payment is then `canceled`. None: as long as the gateway likes. `asked_at` is when
    the school began to ask for it. Both stay as they are however often it asks.
    """

    key: str
    order_number: str
    description: str
    amount_minor: int
    currency: str
    email: str
    return_url: str
    plan: Plan | None = None
    closes_at: datetime | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Started:
    """The gateway's name for the payment and the address of its hosted page.

    `open_until`: until when money may take to arrive, where that is longer than a visit.
    """

    reference: str
    url: str
    open_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a payment stands at the gateway: the truth that events only point to.

    `status` is one of open, processing, captured, failed, canceled. `subscription` is the gateway's
    name for what was started with it. `fee_minor` is what the gateway keeps, 0 while unknown.
    `paid_at` is when the buyer paid, also where the money arrives later; None while unknown.
    """

    reference: str
    key: str
    order_number: str
    status: str
    amount_minor: int
    currency: str
    mode: str
    account: str
    method: str = ""
    reason: str = ""
    fee_minor: int = 0
    card_country: str = ""
    subscription: str = ""
    refunded_minor: int = 0
    paid_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One period's money. `status` is captured, failed or open; `number` counts from 1.

    `reference` is the gateway's name for the payment, by which it is refunded and disputed.
    """

    reference: str
    number: int
    status: str
    amount_minor: int
    currency: str
    period_starts_at: datetime
    period_ends_at: datetime
    fee_minor: int = 0
    reason: str = ""
    next_try_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SubscriptionReading:
    """How a subscription stands. `status`: incomplete, trialing, active, past_due, ended.

    `key` is our subscription's public id. `charges` are oldest first; later ones than the first
    become renewal orders.
    """

    reference: str
    key: str
    status: str
    amount_minor: int
    currency: str
    period: str
    mode: str
    account: str
    period_starts_at: datetime | None = None
    period_ends_at: datetime | None = None
    trial_ends_at: datetime | None = None
    cancels_at_period_end: bool = False
    method: str = ""
    charges: list[Charge] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DisputeReading:
    """A buyer's bank took money back. `status`: open, under_review, won, lost.

    `subscription` is the gateway's name for the one whose later period is disputed, else empty.
    """

    reference: str
    payment: str
    status: str
    amount_minor: int
    currency: str
    mode: str
    account: str
    reason: str = ""
    fee_minor: int = 0
    due_at: datetime | None = None
    subscription: str = ""


@dataclass(frozen=True, kw_only=True)
class PayoutPart:
    """`kind`: charge, refund, dispute, fee, other. `amount_minor` is signed, before the fee."""

    kind: str
    reference: str
    amount_minor: int
    fee_minor: int = 0


@dataclass(frozen=True, kw_only=True)
class PayoutReading:
    """Money on its way to the bank: `amount_minor` is the sum of parts less their fees."""

    reference: str
    amount_minor: int
    currency: str
    arrived_at: datetime
    mode: str
    account: str
    parts: list[PayoutPart] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RefundNotice:
    """Something was refunded, or a refund came back: how much is said by the payment's Reading.

    `payment` is the gateway's name for the payment.
    """

    payment: str
    mode: str
    account: str


Claim = Reading | SubscriptionReading | DisputeReading | PayoutReading | RefundNotice


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A verified webhook. `claim` is what it says happened, None for events we do not act on."""

    event_id: str
    type: str
    payload: dict
    claim: Claim | None


class Gateway(Protocol):
    name: str
    mode: str
    # False where it keeps its payments in the school's own database; taken to be True where not said.
    is_outside: bool

    def start(self, intent: Intent) -> Started:
        """Make the payment, or find the one already made with this key."""

    def fetch(self, reference: str) -> Reading:
        """How the payment stands now."""

    def cancel(self, reference: str) -> Reading:
        """Close the hosted page if nothing was paid yet; answers how the payment stands after."""

    def refund(self, reference: str, *, amount_minor: int, currency: str, key: str) -> str:
        """Send money back, once per key; answers the gateway's name for the refund.

        Raises RefundDeclined when the gateway says no for good.
        """

    def fetch_subscription(self, reference: str) -> SubscriptionReading:
        """How the subscription stands now, with its charges."""

    def cancel_subscription(
        self, reference: str, *, at_period_end: bool, key: str
    ) -> SubscriptionReading:
        """End it now or with the period that is paid. Canceled already: nothing more happens."""

    def keep_subscription(self, reference: str, *, key: str) -> SubscriptionReading:
        """Take a cancelation at the period's end back."""

    def change_subscription(
        self, reference: str, plan: Plan, *, due_minor: int, key: str
    ) -> SubscriptionReading:
        """Another price or period from now on. `due_minor` is charged at once, as a charge whose
        period starts now; below zero it is credited to the next charges, 0 charges nothing.

        A plan of the same period keeps the end of the running one; with another period a new one
        starts now. In a trial the trial goes on. Raises ChargeDeclined when the card does not pay:
        nothing has changed then.
        """

    def card_url(self, reference: str, *, return_url: str) -> str:
        """The address of the hosted page on which the buyer changes the card of a subscription."""

    def fetch_dispute(self, reference: str) -> DisputeReading:
        """How the dispute stands now."""

    def disputes_since(self, moment: datetime) -> Iterator[str]:
        """Names of the disputes opened since then, oldest first; `fetch_dispute` says what each is."""

    def answer_dispute(self, reference: str, *, evidence: dict[str, str], key: str) -> None:
        """Send the evidence, once per key. `evidence` maps names of `gateways.evidence` to text."""

    def payments_since(self, moment: datetime) -> Iterator[Reading]:
        """Every payment made at the gateway since then, oldest first: for the self-check."""

    def payouts_since(self, moment: datetime) -> Iterator[PayoutReading]:
        """Payouts that arrived since then, oldest first."""

    def verify(self, body: bytes, signature: str) -> Notice:
        """Check the signature over the raw bytes, then read them. Raises BadSignature."""

    def readings(self, payload: dict) -> Claim | None:
        """What a stored payload says, read again by the worker."""


class RefundDeclined(Exception):
    """The gateway will never make this refund. The text says why, for staff."""


class ByHand(Exception):
    """Staff do this outside and say when it is done; nothing more happens by itself."""


class ChargeDeclined(Exception):
    """The card did not pay what a change makes due at once; nothing was changed."""


class NotOffered(Exception):
    """This gateway has no such thing, for example subscriptions by bank transfer."""
