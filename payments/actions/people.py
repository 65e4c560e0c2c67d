"""Forgetting a person and keeping the books."""

from django.db import transaction

from engineroom import audit, outbox
from payments import states
from payments.actions.canceling import cancel_order
from payments.gateways import simulator
from payments.models import Checkout, Dispute, Order, Subscription

END_TOPIC = "payments.end_subscription"


@transaction.atomic
def forget_buyer(*, person) -> None:
    """Take the person's name off every order and checkout; amounts and lines stay.

    Runs in the caller's transaction. What was said about them to a bank goes. Unpaid orders are
    canceled; running subscriptions are ended at the gateway by the worker, and nothing more is
    charged.
    """
    mine = Subscription.objects.filter(person=person)
    for name in mine.running().values_list("public_id", flat=True):
        outbox.put(END_TOPIC, {"subscription": name}, key=f"end:{name}")
    mine.update(person=None, method="")
    for order in Order.objects.filter(person=person, state=states.AWAITING):
        cancel_order(order=order, reason="The account was deleted.")
    orders = Order.objects.filter(person=person)
    disputes = Dispute.objects.filter(payment__order__in=orders)
    simulator.disputing.forget(list(disputes.values_list("reference", flat=True)))
    disputes.update(evidence={})
    count = orders.update(email="", person=None)
    Checkout.objects.filter(person=person, state=Checkout.State.OPEN).update(
        state=Checkout.State.EXPIRED
    )
    Checkout.objects.filter(person=person).update(email="", person=None)
    if count:
        audit.record("orders.forgotten", f"{count} orders", count=count)
