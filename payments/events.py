"""What the till announces, in the past tense, inside the transaction that made it true."""

from dataclasses import dataclass

from engineroom.events import Event


@dataclass(frozen=True, kw_only=True)
class OrderPaid(Event):
    """The money arrived and every line was delivered. Announced once an order."""

    name = "order.paid"
    order_id: int


@dataclass(frozen=True, kw_only=True)
class LineRefunded(Event):
    """Money of a line went back, by a refund or a lost dispute: the other's id is None.

    `is_whole`: nothing of the line is left, what it gave has ended.
    """

    name = "order.line_refunded"
    line_id: int
    refund_id: int | None = None
    dispute_id: int | None = None
    amount_minor: int
    currency: str
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class GiftClaimed(Event):
    """A gift was claimed, and what it holds was given to the person. Announced once a gift."""

    name = "gift.claimed"
    gift_id: int
    line_id: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event):
    """A buyer's bank took money back. Announced once a dispute."""

    name = "dispute.opened"
    dispute_id: int


@dataclass(frozen=True, kw_only=True)
class DisputeClosed(Event):
    """The bank has decided. Lost: what was bought with the money has ended."""

    name = "dispute.closed"
    dispute_id: int
    is_won: bool
