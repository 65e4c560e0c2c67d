"""Money that the gateway sent to the school's bank."""

from django.db import models

from engineroom import clock, ids
from payments import money
from payments.models.columns import currency_column, currency_shape
from payments.models.orders import Mode


class Payout(models.Model):
    """`amount_minor` is what arrived; it may be negative when more went back than came in."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("payout"), editable=False
    )
    gateway = models.CharField(max_length=40)
    mode = models.CharField(max_length=4, choices=Mode)
    reference = models.CharField(max_length=200)
    amount_minor = models.BigIntegerField()
    currency = currency_column()
    arrived_at = models.DateTimeField()
    parts = models.JSONField(
        default=list, help_text="What it is made of: kind, reference, amount_minor, fee_minor."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            currency_shape("payout"),
            models.UniqueConstraint(
                fields=["gateway", "reference"], name="one_payout_per_gateway_reference"
            ),
        ]

    def __str__(self):
        return self.public_id

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)
