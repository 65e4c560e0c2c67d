"""What the worker does for the till."""

from engineroom import jobs, outbox
from payments import gateways, printing, vies
from payments.actions import selfcheck
from payments.actions.canceling import CLOSE_TOPIC, close_hosted_page, expire_overdue
from payments.actions.changing import TOPIC as CHANGE_TOPIC
from payments.actions.disputes import refresh_disputes
from payments.actions.dunning import sweep_subscriptions
from payments.actions.evidence import UNKNOWN, VALID, VAT_ID_TOPIC, note_vat_id_check
from payments.actions.gifts import send_due_gifts
from payments.actions.invoices import PRINT_TOPIC
from payments.actions.payouts import find_payouts
from payments.actions.people import END_TOPIC
from payments.actions.plans import TWIN_TOPIC
from payments.actions.reconciling import reconcile_payments
from payments.actions.refunding import TOPIC as REFUND_TOPIC
from payments.actions.steering import end_for_erasure, end_twin, finish_waiting_change
from payments.actions.surplus import finish_any_refund
from payments.actions.transfers import remind_of_transfers
from payments.actions.webhooks import (
    ForgedWebhook,
    process_event,
    process_waiting,
    receive_event,
)
from payments.gateways import simulator
from payments.models import Invoice, Order, Payment, Refund


def deliver_simulator_webhook(payload: dict, key: str) -> None:
    """The simulator's post arrives: signed now, then through the same door as from outside."""
    gateway = gateways.by_name(simulator.NAME)
    if gateway is None:
        return
    body, secret = payload["body"], payload.get("secret", "")
    signature = simulator.signed(body, secret)
    try:
        event, _is_new = receive_event(gateway=gateway, body=body.encode(), signature=signature)
    except ForgedWebhook:
        if secret:
            return  # somebody else's, refused at the door as it should be
        raise
    process_event(event)


def run_simulator() -> int:
    """What the clock makes due at the simulator; nothing in a live school."""
    return simulator.run_due() if gateways.by_name(simulator.NAME) else 0


def finish_waiting_refund(payload: dict, key: str) -> None:
    """A refund that its door could not finish. GatewayUnavailable makes the outbox try again."""
    finish_any_refund(Refund.objects.select_related("payment").get(public_id=payload["refund"]))


def close_page(payload: dict, key: str) -> None:
    close_hosted_page(Payment.objects.select_related("order").get(public_id=payload["payment"]))


def print_invoice(payload: dict, key: str) -> None:
    """The PDF is made before somebody asks for it."""
    printing.pdf(Invoice.objects.get(public_id=payload["invoice"]).document)


def check_vat_id(payload: dict, key: str) -> None:
    """Ask VIES once. Without an answer the order keeps saying that its VAT id is unchecked."""
    order = Order.objects.get(number=payload["order"])
    if not order.vat_id:
        return  # the account was deleted meanwhile
    known = vies.is_known(order.vat_id)
    if known is not None:
        note_vat_id_check(order=order, outcome=VALID if known else UNKNOWN)


def finish_change(payload: dict, key: str) -> None:
    """A change of plan that its door could not finish."""
    finish_waiting_change(payload["subscription"])


def end_subscription(payload: dict, key: str) -> None:
    """Its person has deleted the account."""
    end_for_erasure(public_id=payload["subscription"])


def end_second_subscription(payload: dict, key: str) -> None:
    """A membership that its person had already."""
    end_twin(public_id=payload["subscription"])


outbox.consumer(TWIN_TOPIC, end_second_subscription)
outbox.consumer(CHANGE_TOPIC, finish_change)
outbox.consumer(END_TOPIC, end_subscription)
outbox.consumer(simulator.WEBHOOK_TOPIC, deliver_simulator_webhook)
outbox.consumer(REFUND_TOPIC, finish_waiting_refund)
outbox.consumer(CLOSE_TOPIC, close_page)
outbox.consumer(PRINT_TOPIC, print_invoice)
outbox.consumer(VAT_ID_TOPIC, check_vat_id)
jobs.every(60, "payments.expire_overdue", expire_overdue)
jobs.every(30, "payments.process_waiting_events", process_waiting)
jobs.every(20, "payments.reconcile_payments", reconcile_payments)
jobs.every(24 * 3600, "payments.self_check", selfcheck.nightly)
jobs.every(60, "payments.send_due_gifts", send_due_gifts)
jobs.every(10, "payments.run_simulator", run_simulator)
jobs.every(60, "payments.sweep_subscriptions", sweep_subscriptions)
jobs.every(600, "payments.refresh_disputes", refresh_disputes)
jobs.every(24 * 3600, "payments.find_payouts", find_payouts)
jobs.every(600, "payments.remind_of_transfers", remind_of_transfers)
