"""Bank transfer: the school waits for money on its own account, and staff say when it is there.

No other company is asked, so that every call answers at once; what staff confirm is the truth.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError

from engineroom import clock
from payments.gateways.accounts import account
from payments.gateways.base import (
    ByHand,
    Intent,
    Notice,
    NotOffered,
    Reading,
    RefundDeclined,
    Started,
)
from payments.models import BankTransfer, BankTransferRefund, Mode
from payments.models.offline import OFFLINE
from payments.signing import BadSignature

NAME = OFFLINE
METHOD = "Bank transfer"


def is_offered() -> bool:
    """Whether the school takes transfers, and has said to which account."""
    return settings.OFFLINE_PAYMENT and bool(settings.OFFLINE_IBAN)


def creditor_reference(text: str) -> str:
    """ISO 11649: `RF`, two check digits, the text's letters and digits. Banks refuse a typing slip."""
    plain = "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())
    digits = "".join(str(int(sign, 36)) for sign in f"{plain}RF00")
    return f"RF{98 - int(digits) % 97:02d}{plain}"


class OfflineGateway:
    name = NAME
    is_outside = False

    @property
    def mode(self) -> str:
        return Mode.TEST.value if settings.TEST_SCHOOL else Mode.LIVE.value

    def start(self, intent: Intent) -> Started:
        if intent.plan:
            raise NotOffered("What is paid again and again cannot be paid by bank transfer.")
        transfer = BankTransfer.objects.filter(key=intent.key).first() or self._make(intent)
        url = f"{settings.SITE_URL}/orders/{intent.order_number}/transfer/"
        return Started(reference=transfer.reference, url=url, open_until=transfer.due_at)

    def _make(self, intent: Intent) -> BankTransfer:
        number = BankTransfer.objects.filter(order_number=intent.order_number).count() + 1
        try:
            return BankTransfer.objects.create(
                key=intent.key,
                reference=creditor_reference(f"{intent.order_number}{number}"),
                order_number=intent.order_number,
                amount_minor=intent.amount_minor,
                currency=intent.currency,
                due_at=clock.now() + timedelta(days=settings.OFFLINE_DAYS),
            )
        except IntegrityError:
            return BankTransfer.objects.get(key=intent.key)

    def _reading(self, transfer: BankTransfer) -> Reading:
        status = "canceled" if transfer.canceled_at else "open"
        if transfer.received_on:
            status = "captured"
        return Reading(
            reference=transfer.reference,
            key=transfer.key,
            order_number=transfer.order_number,
            status=status,
            amount_minor=transfer.amount_minor,
            currency=transfer.currency,
            mode=self.mode,
            account=account(NAME, self.mode).public_id,
            method=METHOD,
            refunded_minor=sum(refund.amount_minor for refund in transfer.refunds.all()),
        )

    def fetch(self, reference: str) -> Reading:
        return self._reading(BankTransfer.objects.get(reference=reference))

    def cancel(self, reference: str) -> Reading:
        """The school waits no longer. Money that comes all the same can still be confirmed."""
        open_ones = BankTransfer.objects.filter(reference=reference, received_on=None)
        open_ones.filter(canceled_at=None).update(canceled_at=clock.now())
        return self.fetch(reference)

    def refund(self, reference: str, *, amount_minor: int, currency: str, key: str) -> str:
        """Raises ByHand until staff have said that the money was sent."""
        transfer = BankTransfer.objects.get(reference=reference)
        if not transfer.received_on or currency != transfer.currency:
            raise RefundDeclined("No such money has arrived.")
        sent = BankTransferRefund.objects.filter(key=key).first()
        if sent is None:
            raise ByHand
        return f"sent {sent.sent_on}"

    def payments_since(self, moment: datetime):
        made = BankTransfer.objects.filter(created_at__gte=moment).prefetch_related("refunds")
        for transfer in made.order_by("created_at", "pk"):
            yield self._reading(transfer)

    def payouts_since(self, moment: datetime):
        return iter(())

    def disputes_since(self, moment: datetime):
        """No bank takes a transfer back."""
        return iter(())

    def verify(self, body: bytes, signature: str) -> Notice:
        raise BadSignature("Nobody posts events about bank transfers.")

    def readings(self, payload: dict) -> None:
        return None

    def _not_offered(self, *args, **kwargs):
        raise NotOffered("There is no such thing with bank transfers.")

    fetch_subscription = cancel_subscription = keep_subscription = _not_offered
    change_subscription = card_url = fetch_dispute = answer_dispute = _not_offered
