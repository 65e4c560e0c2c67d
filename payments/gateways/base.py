"""What a payment gateway is to the school. An adapter implements these six calls and nothing more.

- Card data never reaches the school: `start` answers the address of the gateway's hosted page.
- Every call but `verify` may go over the network: no transaction is open while one runs.
- Calls that move money take our key and must have one effect however often they are repeated.
- A gateway that does not answer raises `GatewayUnavailable`; nothing is then known, ask again.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What should be paid. `key` is our payment's public id, and the gateway's idempotency key."""

    key: str
    order_number: str
    description: str
    amount_minor: int
    currency: str
    email: str
    return_url: str


@dataclass(frozen=True, kw_only=True)
class Started:
    """The gateway's name for the payment and the address of its hosted page."""

    reference: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a payment stands at the gateway: the truth that events only point to.

    `status` is one of open, processing, captured, failed, canceled.
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


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A verified webhook. `claim` is what it says about the payment, None for other events."""

    event_id: str
    type: str
    payload: dict
    claim: Reading | None


class Gateway(Protocol):
    name: str
    mode: str

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

    def verify(self, body: bytes, signature: str) -> Notice:
        """Check the signature over the raw bytes, then read them. Raises BadSignature."""

    def readings(self, payload: dict) -> Reading | None:
        """What a stored payload says about a payment, read again by the worker."""


class RefundDeclined(Exception):
    """The gateway will never make this refund. The text says why, for staff."""
