"""Bank transfers that the school waits for, and money it sends back by hand."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from engineroom import clock
from payments import money
from payments.models.columns import above_zero, currency_column, currency_shape

OFFLINE = "offline"


class BankTransfer(models.Model):
    """One payment by bank transfer. `reference` is what the buyer writes on it.

    Staff say when the money is there: `received_on`, and who said so.
    """

    key = models.CharField(max_length=200, unique=True)
    reference = models.CharField(max_length=40, unique=True)
    order_number = models.CharField(max_length=40)
    amount_minor = models.BigIntegerField()
    currency = currency_column()
    due_at = models.DateTimeField()
    received_on = models.DateField(null=True, blank=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    canceled_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        permissions = [("confirm_transfer", "Can confirm that money of a bank transfer moved")]
        constraints = [
            above_zero("bank_transfer", "amount_minor"),
            currency_shape("bank_transfer"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(received_on=None, canceled_at=None),
                name="bank_transfer_waiting",
            )
        ]

    def __str__(self):
        return self.reference

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)


class BankTransferRefund(models.Model):
    """Money that staff sent back to the buyer's account."""

    key = models.CharField(max_length=200, unique=True)
    transfer = models.ForeignKey(BankTransfer, models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    sent_on = models.DateField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [above_zero("bank_transfer_refund", "amount_minor")]

    def __str__(self):
        return self.key
