"""Setting the books right. Nothing is changed or deleted: what is missing is written, what is wrong
is reversed by a row of its own and written again.

The ref of a correction is the ref of what it corrects with `#` and a number.
"""

from collections import defaultdict

from django.db import transaction

from engineroom import audit
from payments import states
from payments.actions import ledger
from payments.actions.moves import locked_order
from payments.models import LedgerEntry, Order, Payout


def due(order: Order) -> list[LedgerEntry]:
    """The entries an order should have, by its own rows. Nothing is written."""
    with ledger.drafted() as entries:
        for payment in order.payments.filter(state=states.CAPTURED).order_by("pk"):
            ledger.book_capture(order, payment)
            ledger.write_fee(order, payment)
        if order.is_settled:
            for line in order.lines.order_by("pk"):
                ledger.book_sale(order, line)
        done = order.refunds.filter(state=states.DONE).select_related("payment")
        for refund in done.order_by("done_at", "pk"):
            ledger.book_refund(order, refund)
            for part in refund.lines.select_related("line").order_by("pk"):
                ledger.book_return(order, refund, part)
        for payment in order.payments.prefetch_related("disputes").order_by("pk"):
            for dispute in payment.disputes.all():
                dispute.payment = payment
                ledger.book_dispute(order, dispute)
                if dispute.state in (states.WON, states.LOST):
                    ledger.book_dispute_end(order, dispute)
    # Which lines a lost dispute was taken from is only in the books.
    return [entry for entry in entries if not entry.ref.startswith("dispute-return")]


def _effect(entries) -> dict[tuple[str, str], int]:
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        moved[entry.debit, entry.currency] += entry.amount_minor
        moved[entry.credit, entry.currency] -= entry.amount_minor
    return {key: amount for key, amount in moved.items() if amount}


def _correct(order: Order, ref: str, written: list[LedgerEntry], wanted: list[LedgerEntry]) -> int:
    """Take back what `written` did, then do what `wanted` says; returns how many rows it took."""
    moved, number, count = _effect(written), len(written), 0
    rows = list(wanted)
    for debit, credit, currency, amount in _reversal(moved):
        rows.insert(
            0,
            LedgerEntry(debit=debit, credit=credit, currency=currency, amount_minor=amount),
        )
    for row in rows:
        row.ref, row.order = f"{ref}#{number}" if number else ref, order
        row.save(force_insert=True)
        number, count = number + 1, count + 1
    return count


def _reversal(moved: dict) -> list[tuple[str, str, str, int]]:
    """(debit, credit, currency, amount) that bring every account back to where it was."""
    rows = []
    for currency in sorted({currency for _, currency in moved}):
        over = [
            [name, amount] for (name, code), amount in sorted(moved.items()) if code == currency
        ]
        givers = [pair for pair in over if pair[1] > 0]
        takers = [pair for pair in over if pair[1] < 0]
        while givers and takers:
            amount = min(givers[-1][1], -takers[-1][1])
            rows.append((takers[-1][0], givers[-1][0], currency, amount))
            givers[-1][1] -= amount
            takers[-1][1] += amount
            givers = [pair for pair in givers if pair[1]]
            takers = [pair for pair in takers if pair[1]]
    return rows


@transaction.atomic
def rebook_order(*, order: Order, actor=None) -> int:
    """Make the books of one order what its rows say; returns how many entries that took."""
    order = locked_order(order.pk)
    wanted, written = defaultdict(list), defaultdict(list)
    for entry in due(order):
        wanted[entry.ref].append(entry)
    for entry in LedgerEntry.objects.filter(order=order).order_by("pk"):
        written[entry.ref.partition("#")[0]].append(entry)
    count = 0
    for ref in sorted(set(wanted) | set(written)):
        if ref.startswith("dispute-return"):
            continue
        if _effect(wanted[ref]) != _effect(written[ref]):
            count += _correct(order, ref, written[ref], wanted[ref])
    if count:
        audit.record("books.corrected", order.number, actor=actor, entries=count)
    return count


@transaction.atomic
def rebook_payout(*, payout: Payout, actor=None) -> int:
    """Write the entries of a payout that are missing."""
    before = LedgerEntry.objects.filter(ref__startswith=f"payout:{payout.public_id}").count()
    ledger.book_payout(payout)
    audit.record("books.corrected", payout.public_id, actor=actor, entries=1 - before)
    return 1 - before
