"""Asking the gateway about payments nobody has told us about."""

from datetime import timedelta

from django.db.models import Q

from engineroom import clock
from payments import states
from payments.actions.settling import flag, refresh_payment
from payments.models import Payment
from payments.refusals import GatewayUnavailable, PaymentMismatch

# Somebody who pays does so within minutes: young payments are asked about often, old ones seldom.
YOUNG, OLD = timedelta(seconds=25), timedelta(minutes=10)
YOUTH = timedelta(minutes=30)
BATCH = 50


def reconcile_payments() -> int:
    """Bring open payments that nobody tells us about to where the gateway says they are."""
    now = clock.now()
    is_quiet = Q(checked_at=None) | Q(checked_at__lt=now - OLD)
    is_quiet |= Q(created_at__gt=now - YOUTH, checked_at__lt=now - YOUNG)
    stuck = (
        Payment.objects.filter(
            is_quiet,
            state__in=states.OPEN_PAYMENTS,
            reference__isnull=False,
            created_at__lt=now - YOUNG,
        )
        .select_related("order")
        .order_by("checked_at", "pk")
    )
    count = 0
    for payment in stuck[:BATCH]:
        count += 1
        try:
            refresh_payment(payment, source="reconciler")
        except GatewayUnavailable:
            continue
        except PaymentMismatch as mismatch:
            Payment.objects.filter(pk=payment.pk).update(checked_at=clock.now())
            flag(payment.order, mismatch.message)
    return count
