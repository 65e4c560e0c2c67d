"""Money that comes for what is paid already: noted, never delivered again, sent back."""

import pytest

from engineroom import clock, outbox
from payments import states
from payments.actions.ordering import start_payment
from payments.actions.transfers import confirm_transfer
from payments.gateways import simulator
from payments.models import Order, Payment, SimulatorPayment
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.payments import make_order, pay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def offered(settings):
    settings.OFFLINE_PAYMENT = True
    settings.OFFLINE_IBAN = "DE02120300000000202051"
    settings.OFFLINE_ACCOUNT_HOLDER = "Lectern School"


def confirm(payment: Payment) -> Order:
    payment.refresh_from_db()
    return confirm_transfer(
        payment=payment,
        amount_minor=payment.amount_minor,
        received_on=clock.now().date(),
        is_confirmed=True,
        actor=make_user(is_staff=True),
    )


def paid_by_card_instead() -> tuple[Payment, Payment]:
    """A transfer that was begun and given up for a card, which paid."""
    order = make_order(person=make_user())
    transfer = start_payment(order=order, gateway="offline")
    card = start_payment(order=order, gateway="simulator")
    pay(card)
    return transfer, card


def test_money_that_comes_late_leaves_a_disputed_order_disputed(dummy):
    transfer, card = paid_by_card_instead()
    card.refresh_from_db()
    simulator.disputing.open_now(SimulatorPayment.objects.get(token=card.reference))
    outbox.drain()
    order = Order.objects.get()
    before = (order.state, order.version, order.paid_at, dummy.count("deliver"))
    assert before[0] == states.DISPUTED

    confirm(transfer)

    order.refresh_from_db()
    assert (order.state, order.version, order.paid_at, dummy.count("deliver")) == before
    assert order.attention == "Paid twice: refund the surplus payment."
    assert order.invoices.count() == 1
    assert audit_books()["ok"]
