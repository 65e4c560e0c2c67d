"""Bank transfers as buyers and staff see them."""

from django.conf import settings

from payments import money, states
from payments.models import BankTransfer, Mode, Order, Payment
from payments.models.offline import OFFLINE
from payments.queries.receipts import absolute, buyer_name


def transfer_of(payment: Payment) -> BankTransfer | None:
    """What the school remembers of a payment by bank transfer: one query, else none."""
    if payment.gateway != OFFLINE:
        return None
    return BankTransfer.objects.filter(reference=payment.reference).first()


def open_transfer_of(order: Order) -> BankTransfer | None:
    """What the school waits for: two queries."""
    payment = (
        order.payments.filter(gateway=OFFLINE, state__in=states.OPEN_PAYMENTS)
        .exclude(reference=None)
        .first()
    )
    return transfer_of(payment) if payment else None


def transfer_payment_of(order: Order) -> Payment | None:
    """The newest payment by transfer, also of an order that ran out: one query."""
    made = order.payments.filter(gateway=OFFLINE).exclude(reference=None)
    return made.select_related("order").first()


def bank_details() -> list[tuple[str, str]]:
    """(label, text) of the school's account."""
    iban = settings.OFFLINE_IBAN
    spaced = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    rows = [
        ("Account holder", settings.OFFLINE_ACCOUNT_HOLDER),
        ("IBAN", spaced),
        ("BIC", settings.OFFLINE_BIC),
        ("Bank", settings.OFFLINE_BANK),
    ]
    return [(label, text) for label, text in rows if text]


def transfer_words(order: Order, transfer: BankTransfer) -> dict:
    """The context of the page and the mails about a transfer."""
    return {
        "name": buyer_name(order),
        "number": order.number,
        "amount": money.text(transfer.amount_minor, transfer.currency),
        "reference": transfer.reference,
        "due_at": transfer.due_at,
        "account": bank_details(),
        "order_url": absolute(order.get_absolute_url()),
        "transfer_url": absolute(f"{order.get_absolute_url()}transfer/"),
        "is_test": order.mode == Mode.TEST,
    }
