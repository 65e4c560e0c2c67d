"""Bank transfers: told to the buyer, reminded of, and confirmed by staff when money has moved."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction

from engineroom import audit, clock, mail
from engineroom.retrying import retried
from payments import states
from payments.actions.holding import keep_open
from payments.actions.moves import locked_order
from payments.actions.settling import settle_order
from payments.actions.surplus import finish_any_refund
from payments.gateways import offline
from payments.models import BankTransfer, BankTransferRefund, Order, Payment, Refund
from payments.queries.transfers import transfer_of, transfer_words
from payments.refusals import (
    NoSuchTransfer,
    TransferAmountDiffers,
    TransferDateNotValid,
    TransferNotConfirmed,
)

REMIND_BEFORE = timedelta(days=3)
BATCH = 100


@retried
@transaction.atomic
def note_start(payment: Payment, until) -> None:
    """A payment that stays open for days was started: keep its order, and for a bank transfer
    write to the buyer where the money goes. Asked again, nothing more happens."""
    order = locked_order(payment.order_id)
    keep_open(order, until)
    transfer = transfer_of(payment)
    if transfer and order.email:
        words = transfer_words(order, transfer)
        mail.send("transfer", order.email, words, key=f"transfer:{transfer.reference}")


def _day(day: date) -> None:
    if not date(2000, 1, 1) <= day <= clock.now().date() + timedelta(days=1):
        raise TransferDateNotValid


def confirm_transfer(
    *, payment: Payment, amount_minor: int, received_on: date, is_confirmed: bool = False, actor
) -> Order:
    """Staff have seen the money on the school's account. Asked again, the same order.

    The amount must be the one that was asked for. Money for an order that expired or was canceled
    pays it late. Raises NoSuchTransfer, TransferAmountDiffers, TransferDateNotValid,
    TransferNotConfirmed. No transaction may be open.
    """
    transfer = _transfer_of(payment)
    _day(received_on)
    if amount_minor != transfer.amount_minor:
        raise TransferAmountDiffers(
            f"{transfer.text} was asked for. Send another amount back, or wait for the rest."
        )
    if not is_confirmed:
        raise TransferNotConfirmed
    with transaction.atomic():
        first = BankTransfer.objects.filter(pk=transfer.pk, received_on=None).update(
            received_on=received_on, received_by=actor
        )
        if first:
            audit.record(
                "transfer.received",
                payment.order.number,
                actor=actor,
                payment=payment.public_id,
                amount_minor=amount_minor,
                currency=transfer.currency,
                received_on=received_on.isoformat(),
            )
    reading = offline.OfflineGateway().fetch(transfer.reference)
    return settle_order(payment=payment, reading=reading, source="staff", actor=actor)


def _transfer_of(payment: Payment) -> BankTransfer:
    transfer = transfer_of(payment)
    if transfer is None:
        raise NoSuchTransfer
    return transfer


def confirm_refund_sent(
    *, refund: Refund, sent_on: date, is_confirmed: bool = False, actor
) -> Refund:
    """Staff have sent the money of a pending refund back. Asked again, the same refund.

    Raises NoSuchTransfer, TransferDateNotValid, TransferNotConfirmed. No transaction may be open.
    """
    transfer = _transfer_of(refund.payment)
    _day(sent_on)
    if refund.state == states.FAILED:
        raise NoSuchTransfer
    if not is_confirmed:
        raise TransferNotConfirmed
    _note_sent(transfer, refund, sent_on, actor)
    return finish_any_refund(refund)


def _note_sent(transfer: BankTransfer, refund: Refund, sent_on: date, actor) -> None:
    try:
        with transaction.atomic():
            BankTransferRefund.objects.create(
                key=refund.public_id,
                transfer=transfer,
                amount_minor=refund.amount_minor,
                sent_on=sent_on,
                sent_by=actor,
            )
            audit.record(
                "transfer.refund_sent",
                refund.order.number,
                actor=actor,
                refund=refund.public_id,
                amount_minor=refund.amount_minor,
                currency=refund.currency,
                sent_on=sent_on.isoformat(),
            )
    except IntegrityError:
        return  # somebody else said it at the same moment


def remind_of_transfers() -> int:
    """Write once to buyers whose transfer is due within three days; returns to how many."""
    now = clock.now()
    due = BankTransfer.objects.filter(
        received_on=None,
        canceled_at=None,
        reminded_at=None,
        due_at__gt=now,
        due_at__lte=now + REMIND_BEFORE,
    )
    return sum(_remind(transfer) for transfer in due.order_by("due_at", "pk")[:BATCH])


@retried
@transaction.atomic
def _remind(transfer: BankTransfer) -> bool:
    order = locked_order(Order.objects.get(number=transfer.order_number).pk)
    taken = BankTransfer.objects.filter(pk=transfer.pk, reminded_at=None, received_on=None).update(
        reminded_at=clock.now()
    )
    if not taken or order.state != states.AWAITING or not order.email:
        return False
    words = transfer_words(order, transfer)
    key = f"transfer-reminder:{transfer.reference}"
    mail.send("transfer_reminder", order.email, words, key=key)
    return True
