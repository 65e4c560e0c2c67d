"""What went back of a payment, and came back again."""

from django.db.models import Sum
from django.db.models.functions import Coalesce

from payments.models import Payment


def came_back(payment: Payment) -> int:
    """Minor units of refunds that the gateway could not deliver and staff sent another way."""
    sent = payment.refunds.exclude(resent_at=None)
    return sent.aggregate(sum=Coalesce(Sum("amount_minor"), 0))["sum"]
