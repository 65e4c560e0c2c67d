"""Asking the gateway about payments nobody has told us about."""

import logging
from datetime import timedelta

from django.db.models import F, Q

from engineroom import clock
from payments import states
from payments.actions.settling import flag, refresh_payment
from payments.models import Payment
from payments.refusals import GatewayUnavailable, PaymentMismatch

# Somebody who pays does so within minutes: young payments are asked about often, old ones seldom.
YOUNG, OLD = timedelta(seconds=25), timedelta(minutes=10)
YOUTH = timedelta(minutes=30)
BATCH = 50
log = logging.getLogger(__name__)


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
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
    )
    count = 0
    for payment in stuck[:BATCH]:
        count += 1
        try:
            refresh_payment(payment, source="reconciler")
        except GatewayUnavailable:
            _looked_at(payment)
        except PaymentMismatch as mismatch:
            _looked_at(payment)
            flag(payment.order, mismatch.message)
        except Exception as error:
            # One that cannot be settled is put before staff and holds up no other.
            log.exception("payment %s", payment.public_id)
            _looked_at(payment)
            flag(payment.order, f"Its payment could not be settled: {type(error).__name__}.")
    return count


def _looked_at(payment: Payment) -> None:
    """It was tried: others come first next time."""
    Payment.objects.filter(pk=payment.pk).update(checked_at=clock.now())
