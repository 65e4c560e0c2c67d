"""How orders, payments and refunds may move. Data, not code: a move that is not here never happens."""

AWAITING, PROCESSING, PAID = "awaiting_payment", "processing", "paid"
PARTLY_REFUNDED, REFUNDED = "partially_refunded", "refunded"
EXPIRED, CANCELED = "expired", "canceled"

ORDER_MOVES: dict[str, frozenset[str]] = {
    AWAITING: frozenset({PROCESSING, PAID, EXPIRED, CANCELED}),
    # A payment on its way can still fail; then the order can be paid again.
    PROCESSING: frozenset({PAID, AWAITING, EXPIRED, CANCELED}),
    PAID: frozenset({PARTLY_REFUNDED, REFUNDED}),
    PARTLY_REFUNDED: frozenset({PARTLY_REFUNDED, REFUNDED}),
    REFUNDED: frozenset(),
    # Money that arrives after all is never lost: it pays the order late.
    EXPIRED: frozenset({PAID}),
    CANCELED: frozenset({PAID}),
}
ORDER_LABELS = {
    AWAITING: "Awaiting payment",
    PROCESSING: "Processing",
    PAID: "Paid",
    PARTLY_REFUNDED: "Partially refunded",
    REFUNDED: "Refunded",
    EXPIRED: "Expired",
    CANCELED: "Canceled",
}
LIVE_ORDERS = frozenset({AWAITING, PROCESSING, PAID, PARTLY_REFUNDED, REFUNDED})
SETTLED_ORDERS = frozenset({PAID, PARTLY_REFUNDED, REFUNDED})

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


def sources(moves: dict[str, frozenset[str]], to: str) -> list[str]:
    """The states from which a thing may move to `to`."""
    return sorted(state for state, exits in moves.items() if to in exits)
