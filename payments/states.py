"""How orders, payments and refunds may move. Data, not code: a move that is not here never happens."""

DRAFT = "draft"
AWAITING, PROCESSING, PAID = "awaiting_payment", "processing", "paid"
PARTLY_REFUNDED, REFUNDED, DISPUTED = "partially_refunded", "refunded", "disputed"
EXPIRED, CANCELED = "expired", "canceled"

ORDER_MOVES: dict[str, frozenset[str]] = {
    # Written by staff for somebody, such as an invoice for a team, and not sent yet.
    DRAFT: frozenset({AWAITING, CANCELED}),
    AWAITING: frozenset({PROCESSING, PAID, EXPIRED, CANCELED}),
    # A payment on its way can still fail; then the order can be paid again.
    PROCESSING: frozenset({PAID, AWAITING, EXPIRED, CANCELED}),
    PAID: frozenset({PARTLY_REFUNDED, REFUNDED, DISPUTED}),
    PARTLY_REFUNDED: frozenset({PARTLY_REFUNDED, REFUNDED, DISPUTED}),
    # The buyer's bank took the money back for now: won, it is as it was; lost, it is gone.
    DISPUTED: frozenset({PAID, PARTLY_REFUNDED, REFUNDED}),
    REFUNDED: frozenset(),
    # Money that arrives after all is never lost: it pays the order late.
    EXPIRED: frozenset({PAID}),
    CANCELED: frozenset({PAID}),
}
ORDER_LABELS = {
    DRAFT: "Draft",
    AWAITING: "Awaiting payment",
    PROCESSING: "Processing",
    PAID: "Paid",
    PARTLY_REFUNDED: "Partially refunded",
    REFUNDED: "Refunded",
    DISPUTED: "Disputed",
    EXPIRED: "Expired",
    CANCELED: "Canceled",
}
LIVE_ORDERS = frozenset({DRAFT, AWAITING, PROCESSING, PAID, PARTLY_REFUNDED, REFUNDED, DISPUTED})
# What a payment may pay. Anything else has been paid before: more money for it is a surplus.
UNPAID_ORDERS = frozenset({AWAITING, PROCESSING, EXPIRED, CANCELED})
SETTLED_ORDERS = frozenset({PAID, PARTLY_REFUNDED, REFUNDED, DISPUTED})

STARTED, UNDERWAY, CAPTURED, FAILED, STOPPED = (
    "started",
    "processing",
    "captured",
    "failed",
    "canceled",
)
PAYMENT_MOVES: dict[str, frozenset[str]] = {
    STARTED: frozenset({UNDERWAY, CAPTURED, FAILED, STOPPED}),
    UNDERWAY: frozenset({CAPTURED, FAILED, STOPPED}),
    FAILED: frozenset({CAPTURED}),
    STOPPED: frozenset({CAPTURED}),
    CAPTURED: frozenset(),
}
OPEN_PAYMENTS = frozenset({STARTED, UNDERWAY})

PENDING, DONE = "pending", "done"
REFUND_MOVES: dict[str, frozenset[str]] = {
    PENDING: frozenset({DONE, FAILED}),
    DONE: frozenset(),
    FAILED: frozenset(),
}

INCOMPLETE, TRIALING, ACTIVE, PAST_DUE = "incomplete", "trialing", "active", "past_due"
ENDED, COMPLETED = "ended", "completed"
SUBSCRIPTION_MOVES: dict[str, frozenset[str]] = {
    INCOMPLETE: frozenset({TRIALING, ACTIVE, ENDED}),
    TRIALING: frozenset({ACTIVE, PAST_DUE, ENDED}),
    ACTIVE: frozenset({ACTIVE, PAST_DUE, ENDED, COMPLETED}),
    # Access goes on while the gateway still tries.
    PAST_DUE: frozenset({ACTIVE, ENDED, COMPLETED}),
    ENDED: frozenset(),
    # The last instalment is paid: what was bought stays for good.
    COMPLETED: frozenset(),
}
SUBSCRIPTION_LABELS = {
    INCOMPLETE: "Not started",
    TRIALING: "Trial",
    ACTIVE: "Active",
    PAST_DUE: "Payment overdue",
    ENDED: "Ended",
    COMPLETED: "Paid in full",
}
RUNNING_SUBSCRIPTIONS = frozenset({TRIALING, ACTIVE, PAST_DUE})

OPEN, UNDER_REVIEW, WON, LOST = "open", "under_review", "won", "lost"
DISPUTE_MOVES: dict[str, frozenset[str]] = {
    OPEN: frozenset({UNDER_REVIEW, WON, LOST}),
    UNDER_REVIEW: frozenset({WON, LOST}),
    WON: frozenset(),
    LOST: frozenset(),
}


def sources(moves: dict[str, frozenset[str]], to: str) -> list[str]:
    """The states from which a thing may move to `to`."""
    return sorted(state for state, exits in moves.items() if to in exits)
