"""What the built-in simulator remembers, as if it were another company: never joined with orders."""

from django.db import models

from engineroom import clock, ids
from payments.models.columns import above_zero, currency_column, currency_shape, within


class SimulatorPayment(models.Model):
    class State(models.TextChoices):
        OPEN = "open"
        CHALLENGE = "challenge"
        PROCESSING = "processing"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"

    token = models.CharField(
        max_length=60, unique=True, default=ids.random_maker("sim"), editable=False
    )
    key = models.CharField(max_length=200, unique=True)
    order_number = models.CharField(max_length=40)
    description = models.CharField(max_length=300)
    amount_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    currency = currency_column()
    return_url = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    method = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            above_zero("simulator_payment", "amount_minor"),
            currency_shape("simulator_payment"),
            within("simulator_payment", "refunded_minor", "amount_minor"),
        ]

    def __str__(self):
        return self.token


class SimulatorRefund(models.Model):
    key = models.CharField(max_length=200, unique=True)
    payment = models.ForeignKey(SimulatorPayment, models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [above_zero("simulator_refund", "amount_minor")]

    def __str__(self):
        return self.key
