"""Money that a buyer's bank took back: noted, answered with evidence, and what came of it.

While it is open the order is disputed and what was bought stays open. Won: everything is as it was.
Lost: the money is gone, and what was bought for it ends.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from engineroom import audit, clock, mail
from engineroom.events import announce
from engineroom.retrying import retried
from payments import gateways, money, states
from payments.actions.invoices import issue_dispute_note
from payments.actions.ledger import book_dispute, book_dispute_end
from payments.actions.moves import locked_order, move_order
from payments.actions.refunding import end_free_lines, end_line, follow_the_money
from payments.actions.settling import flag, refresh_payment
from payments.actions.stock import lock_places
from payments.actions.subscriptions import catch_up
from payments.actions.surplus import lost_surplus
from payments.events import DisputeClosed, DisputeOpened, LineRefunded
from payments.gateways import evidence as evidence_names
from payments.gateways.base import DisputeReading, Gateway
from payments.models import Dispute, GatewayAccount, Order, OrderLine, Payment, Subscription
from payments.queries.disputes import dispute_words
from payments.refusals import (
    DisputeNotConfirmed,
    DisputeTakesNoAnswer,
    EvidenceNeeded,
    GatewayUnavailable,
    NotKnownYet,
    PaymentMismatch,
)

BATCH = 50
LOOK_BACK = timedelta(days=35)


@retried
@transaction.atomic
def settle_dispute(
    *, payment: Payment, reading: DisputeReading, source: str, actor=None
) -> Dispute:
    """Bring the dispute, and its order, to where the gateway says it is. Safe to repeat.

    Raises PaymentMismatch when the reading is about something else.
    """
    order = locked_order(payment.order_id)
    payment = Payment.objects.get(pk=payment.pk)
    _check(payment, reading)
    dispute = Dispute.objects.filter(payment=payment, reference=reading.reference).first()
    if dispute is None:
        dispute = _open(order, payment, reading, source, actor)
    elif dispute.amount_minor != reading.amount_minor:
        raise PaymentMismatch("The amount of the dispute is not the one it was opened with.")
    dispute.payment = payment
    payment.order = order
    if reading.status == dispute.state or not _move(dispute, reading):
        return dispute
    if dispute.state == states.WON:
        _win(order, dispute)
    elif dispute.state == states.LOST:
        _lose(order, dispute)
    if dispute.closed_at:
        announce(DisputeClosed(dispute_id=dispute.pk, is_won=dispute.state == states.WON))
    audit.record(
        f"dispute.{dispute.state}", order.number, actor=actor, source=source,
        dispute=dispute.public_id, amount_minor=dispute.amount_minor, currency=dispute.currency,
    )  # fmt: skip
    return dispute


def _check(payment: Payment, reading: DisputeReading) -> None:
    ours = {
        "payment": (payment.reference, reading.payment),
        "currency": (payment.currency, reading.currency),
        "mode": (payment.mode, reading.mode),
    }
    wrong = [name for name, (own, theirs) in ours.items() if own != theirs]
    if payment.state != states.CAPTURED:
        wrong.append("state")
    if not 0 < reading.amount_minor <= payment.amount_minor:
        wrong.append("amount")
    if reading.status not in states.DISPUTE_MOVES:
        wrong.append("status")
    if wrong:
        raise PaymentMismatch(f"The {', '.join(wrong)} of the dispute does not match the payment.")


def _open(order: Order, payment: Payment, reading, source: str, actor) -> Dispute:
    dispute = Dispute.objects.create(
        payment=payment,
        reference=reading.reference,
        amount_minor=reading.amount_minor,
        currency=reading.currency,
        fee_minor=reading.fee_minor,
        reason=reading.reason[:80],
        due_at=reading.due_at,
    )
    payment.order = order
    book_dispute(order, dispute)
    if not move_order(order, states.DISPUTED) and order.state != states.DISPUTED:
        flag(order, "Disputed, although its money has gone back already.")
    audit.record(
        "dispute.opened", order.number, actor=actor, source=source, dispute=dispute.public_id,
        amount_minor=dispute.amount_minor, currency=dispute.currency, reason=dispute.reason,
    )  # fmt: skip
    announce(DisputeOpened(dispute_id=dispute.pk))
    words = dispute_words(dispute)
    mail.send("dispute", settings.STAFF_EMAIL, words, key=f"dispute:{dispute.public_id}")
    return dispute


def _move(dispute: Dispute, reading: DisputeReading) -> bool:
    to = reading.status
    fields = {"closed_at": clock.now()} if to in (states.WON, states.LOST) else {}
    moved = Dispute.objects.filter(
        pk=dispute.pk, state__in=states.sources(states.DISPUTE_MOVES, to)
    ).update(state=to, **fields)
    dispute.refresh_from_db(fields=["state", *fields])
    return bool(moved)


def _win(order: Order, dispute: Dispute) -> None:
    book_dispute_end(order, dispute)
    follow_the_money(order)


def _lose(order: Order, dispute: Dispute) -> None:
    """What was lost is taken off the lines in proportion to what was still paid of each, unless it
    had been paid too much."""
    lines = list(order.lines.order_by("pk"))
    lefts = [line.left_minor for line in lines]
    due = dispute.amount_minor - lost_surplus(order=order, dispute=dispute)
    amount = min(due, sum(lefts))
    if amount < due:
        flag(order, "A dispute took more than what was still paid of the order.")
    shares = money.split(amount, lefts) if amount else [0] * len(lines)
    parts = [(line, share) for line, share in zip(lines, shares, strict=True) if share]
    book_dispute_end(order, dispute, parts)
    lock_places((line.kind, line.key) for line in lines)
    for line, share in sorted(parts, key=lambda part: (part[0].kind, part[0].key)):
        OrderLine.objects.filter(pk=line.pk).update(refunded_minor=F("refunded_minor") + share)
        line.refunded_minor += share
        line.order = order
        end_line(line)
        _tell_of(line, share, dispute)
    end_free_lines(order)
    Order.objects.filter(pk=order.pk).update(refunded_minor=F("refunded_minor") + amount)
    issue_dispute_note(dispute, parts)
    follow_the_money(order)


def _tell_of(line: OrderLine, amount_minor: int, dispute: Dispute) -> None:
    announce(
        LineRefunded(
            line_id=line.pk,
            dispute_id=dispute.pk,
            amount_minor=amount_minor,
            currency=dispute.currency,
            is_whole=not line.left_minor,
        )
    )


def answer_dispute(
    *, dispute: Dispute, evidence: dict[str, str], is_confirmed: bool = False, actor=None
) -> Dispute:
    """Send the evidence to the buyer's bank, once. No transaction may be open: it calls out.

    Raises DisputeTakesNoAnswer, EvidenceNeeded, DisputeNotConfirmed, GatewayUnavailable: then ask
    again with the same evidence, it counts once.
    """
    evidence = evidence_names.clean(evidence)
    payment = Payment.objects.select_related("order").get(pk=dispute.payment_id)
    gateway = gateways.by_name(payment.gateway)
    if dispute.state != states.OPEN or dispute.evidence_sent_at:
        raise DisputeTakesNoAnswer
    if not evidence:
        raise EvidenceNeeded
    if not is_confirmed:
        raise DisputeNotConfirmed
    if gateway is None:
        raise GatewayUnavailable
    gateway.answer_dispute(dispute.reference, evidence=evidence, key=dispute.public_id)
    _note_answer(dispute, payment.order, evidence, actor)
    reading = gateway.fetch_dispute(dispute.reference)
    return settle_dispute(payment=payment, reading=reading, source="staff", actor=actor)


@transaction.atomic
def _note_answer(dispute: Dispute, order: Order, evidence: dict[str, str], actor) -> None:
    noted = Dispute.objects.filter(pk=dispute.pk, evidence_sent_at=None).update(
        evidence=evidence, evidence_sent_at=clock.now()
    )
    if noted:
        audit.record(
            "dispute.answered",
            order.number,
            actor=actor,
            dispute=dispute.public_id,
            evidence=sorted(evidence),
        )


def disputed_payment(gateway: Gateway, reading: DisputeReading, *, source: str) -> Payment:
    """Our payment that the dispute is about. A later period whose own news is still on its way
    becomes an order first. No transaction may be open.

    Raises NotKnownYet, GatewayUnavailable, PaymentMismatch.
    """
    ours = Payment.objects.filter(gateway=gateway.name, reference=reading.payment)
    if reading.subscription and not ours.exists():
        said = gateway.fetch_subscription(reading.subscription)
        for one in Subscription.objects.filter(gateway=gateway.name, public_id=said.key):
            catch_up(one, reading.subscription, source=source)
    payment = ours.select_related("order").first()
    if payment is None:
        raise NotKnownYet("The disputed payment is not known here.")
    return payment


def find_disputes() -> int:
    """Take in what gateways list and nobody told us about: an event may have been lost. Returns how
    many were new."""
    since, count = clock.real() - LOOK_BACK, 0
    for account in GatewayAccount.objects.order_by("pk"):
        gateway = gateways.by_name(account.gateway)
        if gateway is None or gateway.mode != account.mode:
            continue
        known = set(
            Dispute.objects.filter(payment__gateway=gateway.name).values_list(
                "reference", flat=True
            )
        )
        try:
            names = [name for name in gateway.disputes_since(since) if name not in known]
        except GatewayUnavailable:
            continue
        count += sum(_take_in(gateway, name) for name in names)
    return count


def _take_in(gateway: Gateway, name: str) -> bool:
    try:
        reading = gateway.fetch_dispute(name)
        payment = disputed_payment(gateway, reading, source="reconciler")
    except (GatewayUnavailable, NotKnownYet, PaymentMismatch):
        # Of something else that is sold by the same account, or ask again next time.
        return False
    try:
        if payment.state != states.CAPTURED:
            refresh_payment(payment, source="reconciler")
        settle_dispute(payment=payment, reading=reading, source="reconciler")
    except GatewayUnavailable:
        return False
    except PaymentMismatch as mismatch:
        flag(payment.order, mismatch.message)
        return False
    return True


def refresh_disputes() -> int:
    """Find those that were opened and never told of, and ask about those that are not decided: an
    event may have been lost. Returns how many were looked at."""
    return find_disputes() + _refresh_open()


def _refresh_open() -> int:
    still = Dispute.objects.filter(state__in=[states.OPEN, states.UNDER_REVIEW])
    count = 0
    for dispute in still.select_related("payment__order").order_by("pk")[:BATCH]:
        gateway = gateways.by_name(dispute.payment.gateway)
        if gateway is None:
            continue
        try:
            reading = gateway.fetch_dispute(dispute.reference)
            settle_dispute(payment=dispute.payment, reading=reading, source="reconciler")
        except GatewayUnavailable:
            continue
        except PaymentMismatch as mismatch:
            flag(dispute.payment.order, mismatch.message)
        count += 1
    return count
