"""A plain model of the till: what orders, coupons, limited offers and disputes must be like.

Nothing here looks at the school's rows: amounts and states follow from what was done, by rules
short enough to be seen through. The rounds of R9 play on both and compare.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from payments import states
from payments.gateways.simulator import cards, disputing

RUNS_OUT = timedelta(minutes=30)
UNDECIDED = (states.OPEN, states.UNDER_REVIEW)


@dataclass
class Code:
    """A coupon. `percent` is in whole percents; one of it and `amount` is 0."""

    row: object
    percent: int = 0
    amount: int = 0
    most: int | None = None
    uses: int = 0
    is_open: bool = True

    def off(self, whole: int) -> int:
        """What it takes off this sum: half a unit is rounded up, never more than there is."""
        share = (whole * self.percent + 50) // 100 if self.percent else self.amount
        return min(share, whole)

    @property
    def refusal(self) -> str:
        if not self.is_open:
            return "coupon_closed"
        return "coupon_used_up" if self.uses == self.most else ""

    def take(self) -> bool:
        if self.refusal:
            return False
        self.uses += 1
        return True


@dataclass
class Shelf:
    """An offer, of which there may be only so many. Late money may have paid for more than that."""

    row: object
    price: int
    most: int | None = None
    taken: int = 0

    @property
    def sold(self) -> int:
        return self.taken if self.most is None else min(self.taken, self.most)

    @property
    def is_gone(self) -> bool:
        return self.most is not None and self.sold >= self.most


@dataclass
class Quarrel:
    """A dispute: how it stands at the bank, and how far the school has heard of it."""

    theirs: str = "planned"
    ours: str = ""
    amount: int = 0
    # What the bank kept of money that had gone back to the buyer already.
    beyond: int = 0
    moves_at: datetime | None = None
    is_answered: bool = False

    def decided(self, card: str) -> str:
        return states.WON if self.is_answered and card != "dispute_lost" else states.LOST

    def open(self, amount: int, at: datetime) -> None:
        """The bank takes this back: what is left of the payment, or the whole; of nothing, nothing."""
        self.moves_at = None
        if amount > 0:
            self.theirs, self.amount = states.OPEN, amount
            self.moves_at = at + disputing.ANSWER_WITHIN

    def pass_time(self, now: datetime, left: int, card: str) -> None:
        while self.moves_at is not None and self.moves_at <= now:
            if self.theirs == "planned":
                self.open(left, self.moves_at)
            else:
                self.theirs, self.moves_at = self.decided(card), None


@dataclass
class Sale:
    """An order: the amounts of its lines, what went back of each, and where its money is."""

    order: object
    payment: object
    opened_at: datetime
    lines: dict[str, int]
    shelves: list[Shelf]
    code: Code | None = None
    state: str = states.AWAITING
    back: dict[str, int] = field(default_factory=dict)
    refunded: int = 0
    page: str = "open"
    card: str = "success"
    is_charged: bool = False
    has_pieces: bool = True
    has_code: bool = False
    quarrel: Quarrel | None = None

    @property
    def total(self) -> int:
        return sum(self.lines.values())

    @property
    def returned(self) -> int:
        """What is no longer paid: sent back, or lost in a dispute."""
        return sum(self.back.values())

    def left(self, line: str) -> int:
        return self.lines[line] - self.back.get(line, 0)

    @property
    def left_at_bank(self) -> int:
        """What the gateway has not sent back."""
        return self.total - self.refunded

    @property
    def is_disputed(self) -> bool:
        return self.quarrel is not None and self.quarrel.ours in UNDECIDED

    @property
    def is_blocked(self) -> bool:
        """The gateway refuses refunds: the bank has the money, or had it."""
        return self.quarrel is not None and self.quarrel.theirs in (*UNDECIDED, states.LOST)

    def expected(self) -> str:
        if not self.is_charged:
            return self.state
        if self.returned and self.returned == self.total:
            return states.REFUNDED
        if self.is_disputed:
            return states.DISPUTED
        return states.PARTLY_REFUNDED if self.returned else states.PAID

    def charge(self) -> None:
        """The money is here. An order that had ended takes again what it gave back."""
        self.is_charged, self.state = True, states.PAID
        if not self.has_pieces:
            self._take_pieces()
        if self.code and not self.has_code:
            self.has_code = self.code.take()

    def _take_pieces(self) -> None:
        self.has_pieces = True
        for shelf in self.shelves:
            shelf.taken += 1

    def end(self, state: str) -> None:
        """Not paid, and over: others may have what it took."""
        self.state = state
        for shelf in self.shelves:
            shelf.taken -= 1
        self.has_pieces = False
        if self.has_code:
            self.code.uses -= 1
            self.has_code = False

    def hear_of_quarrel(self) -> None:
        """The school learns how the dispute stands. Lost: all that was still paid is gone, and what
        the bank took beyond that the buyer has twice."""
        if self.quarrel.ours in (states.WON, states.LOST):
            return
        self.quarrel.ours = self.quarrel.theirs
        if self.quarrel.ours == states.LOST:
            self.quarrel.beyond = self.quarrel.amount - (self.total - self.returned)
            self.back = dict(self.lines)

    def books(self) -> dict[str, int]:
        """Debits less credits of every account that this order moves."""
        if not self.is_charged:
            return {}
        taken, fee = self.total, cards.fee_of(self.total)
        found = {
            "gateway": taken - fee - self.refunded,
            "fees": fee,
            "disputes": 0,
            "income": self.returned - taken,
            "customers": 0,
        }
        if self.quarrel is not None and self.quarrel.ours:
            found["gateway"] -= disputing.FEE_MINOR
            found["fees"] += disputing.FEE_MINOR
            if self.quarrel.ours != states.WON:
                found["gateway"] -= self.quarrel.amount
            if self.is_disputed:
                found["disputes"] = self.quarrel.amount
            found["customers"] = self.quarrel.beyond
        return {name: amount for name, amount in found.items() if amount}


def account_of(name: str) -> str:
    """The model's name of an account: net, tax and rounding are income together."""
    head = name.split(":")[1]
    return "income" if head in ("revenue", "tax", "rounding") else head
