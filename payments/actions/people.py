"""Forgetting a person and keeping the books."""

from django.db import connection, transaction
from django.db.models import Q

from engineroom import audit, outbox
from payments import states
from payments.actions.canceling import cancel_order
from payments.actions.stock import lock_stock_of
from payments.gateways import simulator
from payments.models import Checkout, CouponUse, Dispute, Order, Subscription

END_TOPIC = "payments.end_subscription"


@transaction.atomic
def forget_buyer(*, person) -> None:
    """Take name and address off every order, checkout and use of a coupon, those of a guest with
    the same e-mail address, too; amounts, lines and the countries that the tax follows stay.

    Runs in the caller's transaction. Invoices keep their own copy of the buyer for as long as the
    law wants them kept. What was said about them to a bank goes. Unpaid orders are canceled; running
    subscriptions are ended at the gateway by the worker, and nothing more is charged.
    """
    theirs = Q(person=person) | Q(person=None, email__iexact=person.email)
    _lock_all_of(theirs, person)
    mine = Subscription.objects.filter(person=person)
    for name in mine.running().values_list("public_id", flat=True):
        outbox.put(END_TOPIC, {"subscription": name}, key=f"end:{name}")
    mine.update(person=None, method="")
    for order in Order.objects.filter(theirs, state=states.AWAITING).order_by("pk"):
        cancel_order(order=order, reason="The account was deleted.")
    orders = Order.objects.filter(theirs)
    disputes = Dispute.objects.filter(payment__order__in=orders)
    simulator.disputing.forget(list(disputes.values_list("reference", flat=True)))
    disputes.update(evidence={})
    found = Checkout.objects.filter(theirs | Q(orders__in=orders)).values_list("pk", flat=True)
    ids = list(found)
    count = orders.update(email="", person=None, billing={}, vat_id="")
    checkouts = Checkout.objects.filter(pk__in=ids)
    checkouts.filter(state=Checkout.State.OPEN).update(state=Checkout.State.EXPIRED)
    checkouts.update(email="", person=None, billing={}, vat_id="")
    CouponUse.objects.filter(theirs).update(email="", person=None)
    if count:
        audit.record("orders.forgotten", f"{count} orders", count=count)


def _lock_all_of(theirs: Q, person) -> None:
    """Everything of theirs, in the order in which every change locks it."""
    if not connection.features.has_select_for_update:
        return
    of_person = Q(person=person)
    for model, mine in ((Checkout, theirs), (Subscription, of_person), (Order, theirs)):
        rows = model.objects.filter(mine).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))
    lock_stock_of(*Order.objects.filter(theirs, state=states.AWAITING))
