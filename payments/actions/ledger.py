"""Writing into the books. One row is one transfer; a ref that is there already books nothing more.

Accounts, each under `live:` or `test:` (docs/reference/money.md explains them one by one):
- `gateway:<name>`: money the gateway holds for us,
- `bank`: money that has arrived at the school's bank,
- `customers`: what buyers paid and what they were given for it; zero when every order is whole,
- `revenue:<kind>`: what was sold, net, by kind; `tax:<country>`: what is owed to that country,
- `rounding`: units that no net amount and its tax could make up,
- `fees:<gateway>`: what the gateway keeps; `disputes:<gateway>`: money a buyer's bank took back.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Sum, When
from django.db.models.functions import Coalesce

from payments import money, pricing, states
from payments.models import (
    Dispute,
    LedgerEntry,
    Order,
    OrderLine,
    Payment,
    Payout,
    Refund,
    RefundLine,
)

# While a draft is open, entries go into it instead of the books.
_draft: ContextVar[list[LedgerEntry] | None] = ContextVar("draft", default=None)


@contextmanager
def drafted():
    """Within the block the functions here write into the list that is yielded, not into the books."""
    entries: list[LedgerEntry] = []
    token = _draft.set(entries)
    try:
        yield entries
    finally:
        _draft.reset(token)


def _transfer(mode: str, debit: str, credit: str, minor: int, currency: str, ref: str, order=None):
    """Debit one account and credit the other; below zero the other way round."""
    if not minor:
        return
    if minor < 0:
        debit, credit, minor = credit, debit, -minor
    entry = LedgerEntry(
        debit=f"{mode}:{debit}",
        credit=f"{mode}:{credit}",
        amount_minor=minor,
        currency=currency,
        ref=ref,
        order=order,
    )
    draft = _draft.get()
    if draft is not None:
        draft.append(entry)
        return
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError:
        if not LedgerEntry.objects.filter(ref=ref).exists():
            raise


def _book(order: Order, debit: str, credit: str, amount_minor: int, ref: str) -> None:
    _transfer(order.mode, debit, credit, amount_minor, order.currency, ref, order)


def tax_account(order: Order) -> str:
    """Whom the tax of this order is owed to."""
    return f"tax:{order.country or 'unknown'}"


def book_capture(order: Order, payment: Payment) -> None:
    ref = f"capture:{payment.public_id}"
    _book(order, f"gateway:{payment.gateway}", "customers", payment.amount_minor, ref)


def book_sale(order: Order, line: OrderLine) -> None:
    """Net, tax and rounding of a line, which add up to its total."""
    name = line.public_id
    _book(order, "customers", f"revenue:{line.kind}", line.net_minor, f"sale:{name}")
    _book(order, "customers", tax_account(order), line.tax_minor, f"sale-tax:{name}")
    _book(order, "customers", "rounding", line.rounding_minor, f"sale-rounding:{name}")


def returned_before(order: Order, line: OrderLine) -> int:
    """What has gone back of the line so far, by refunds and lost disputes: one query."""
    draft = _draft.get()
    if draft is not None:
        mine = [
            entry
            for entry in draft
            if "return" in entry.ref and entry.ref.endswith(f":{line.public_id}")
        ]
        return sum(
            entry.amount_minor if entry.credit.endswith(":customers") else -entry.amount_minor
            for entry in mine
        )
    own = LedgerEntry.objects.filter(
        Q(ref__startswith="return") | Q(ref__startswith="dispute-return"),
        order=order,
        ref__endswith=f":{line.public_id}",
    )
    back = Sum(
        Case(When(credit__endswith=":customers", then="amount_minor"), default=-F("amount_minor"))
    )
    return own.aggregate(sum=Coalesce(back, 0))["sum"]


def _book_back(order: Order, line: OrderLine, amount: int, name: str, ref: str) -> None:
    """Net, tax and rounding of what goes back of a line, the tax in proportion."""
    before = returned_before(order, line)
    net, tax, rounding = pricing.part_back(
        before, amount, line.total_minor, line.tax_minor, line.rounding_minor
    )
    _book(order, f"revenue:{line.kind}", "customers", net, f"{name}:{ref}")
    _book(order, tax_account(order), "customers", tax, f"{name}-tax:{ref}")
    _book(order, "rounding", "customers", rounding, f"{name}-rounding:{ref}")


def book_return(order: Order, refund: Refund, part: RefundLine) -> None:
    ref = f"{refund.public_id}:{part.line.public_id}"
    _book_back(order, part.line, part.amount_minor, "return", ref)


def book_refund(order: Order, refund: Refund) -> None:
    ref = f"refund:{refund.public_id}"
    _book(order, "customers", f"gateway:{refund.payment.gateway}", refund.amount_minor, ref)


def book_resent(order: Order, refund: Refund) -> None:
    """A refund came back to the gateway and left from the bank instead. The order's own entries stay
    as they are, so this one names none."""
    accounts = f"gateway:{refund.payment.gateway}", "bank"
    ref = f"resent:{refund.public_id}"
    _transfer(order.mode, *accounts, refund.amount_minor, order.currency, ref)


def book_fee(order: Order, payment: Payment, fee_minor: int) -> None:
    """What the gateway kept of a payment, as soon as it says so; the first answer counts."""
    if fee_minor <= 0:
        return
    # The row is asked, not the object: a transaction that began again has forgotten what it wrote.
    if not Payment.objects.filter(pk=payment.pk, fee_minor=0).update(fee_minor=fee_minor):
        return
    payment.fee_minor = fee_minor
    write_fee(order, payment)


def write_fee(order: Order, payment: Payment) -> None:
    """The fee that the payment's row says."""
    gateway, ref = payment.gateway, f"fee:{payment.public_id}"
    _book(order, f"fees:{gateway}", f"gateway:{gateway}", payment.fee_minor, ref)


def book_dispute(order: Order, dispute: Dispute) -> None:
    """The buyer's bank took the money back for now; the gateway keeps its fee for that."""
    gateway, name = dispute.payment.gateway, dispute.public_id
    held = f"gateway:{gateway}"
    _book(order, f"disputes:{gateway}", held, dispute.amount_minor, f"dispute:{name}")
    _book(order, f"fees:{gateway}", held, dispute.fee_minor, f"dispute-fee:{name}")


def book_dispute_end(order: Order, dispute: Dispute, parts=None) -> None:
    """Won: the money is back. Lost: it is gone, and what was sold for it is taken back.

    `parts`: (line, minor units) that the lost amount is made of; None: in proportion to the lines.
    """
    gateway, name = dispute.payment.gateway, dispute.public_id
    amount, held = dispute.amount_minor, f"disputes:{gateway}"
    if dispute.state == states.WON:
        _book(order, f"gateway:{gateway}", held, amount, f"dispute-won:{name}")
        return
    if dispute.state != states.LOST:
        return
    _book(order, "customers", held, amount, f"dispute-lost:{name}")
    if parts is None:
        lines = list(order.lines.order_by("pk"))
        parts = zip(lines, money.split(amount, [line.total_minor for line in lines]), strict=True)
    for line, share in parts:
        _book_back(order, line, share, "dispute-return", f"{name}:{line.public_id}")


def book_payout(payout: Payout) -> None:
    """What arrived at the bank, and what the gateway kept on the way apart from payments."""
    gateway, mode, name = payout.gateway, payout.mode, payout.public_id
    held, currency = f"gateway:{gateway}", payout.currency
    _transfer(mode, "bank", held, payout.amount_minor, currency, f"payout:{name}")
    for number, part in enumerate(payout.parts):
        kept = part["fee_minor"] if part["kind"] != "charge" else 0
        kept -= part["amount_minor"] if part["kind"] == "fee" else 0
        _transfer(mode, f"fees:{gateway}", held, kept, currency, f"payout-fee:{name}:{number}")
