"""Invoices and credit notes: numbered without a gap, frozen as they were sent."""

from django.db import models
from django.db.models import Q

from engineroom import clock, ids
from payments import money
from payments.models.columns import currency_column, currency_shape, not_negative, one_of
from payments.models.disputes import Dispute
from payments.models.orders import Mode, Order
from payments.models.payments import Refund


class InvoiceSeries(models.Model):
    """One run of numbers. The row is locked while a number is taken, in the transaction that uses it."""

    prefix = models.CharField(max_length=24, unique=True)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["prefix"]
        verbose_name_plural = "invoice series"

    def __str__(self):
        return self.prefix


class Invoice(models.Model):
    """`document` is everything that is printed on it. Amounts of a credit note are positive, too."""

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT_NOTE = "credit_note", "credit note"

    public_id = models.CharField(
        max_length=60, unique=True, default=ids.random_maker("invoice"), editable=False
    )
    series = models.ForeignKey(InvoiceSeries, models.PROTECT, related_name="invoices")
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    mode = models.CharField(max_length=4, choices=Mode)
    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    refund = models.OneToOneField(
        Refund, models.PROTECT, null=True, blank=True, related_name="credit_note"
    )
    # A constraint instead of a one-to-one column: adding that would rebuild the guarded table.
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, blank=True, related_name="credit_notes"
    )
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="credit_notes"
    )
    issued_at = models.DateTimeField(default=clock.now, editable=False)
    country = models.CharField(max_length=2, blank=True)
    currency = currency_column()
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    document = models.JSONField()

    class Meta:
        ordering = ["-pk"]
        permissions = [("export_sales", "Can export sales and quarterly VAT totals")]
        constraints = [
            currency_shape("invoice"),
            not_negative("invoice", "total_minor"),
            one_of("invoice", "kind", ["invoice", "credit_note"]),
            models.UniqueConstraint(
                fields=["series", "sequence"], name="one_invoice_per_number_of_a_series"
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(kind="invoice"), name="one_invoice_per_order"
            ),
            models.UniqueConstraint(
                fields=["dispute"],
                condition=Q(dispute__isnull=False),
                name="one_credit_note_per_dispute",
            ),
        ]
        indexes = [models.Index(fields=["issued_at"], name="invoice_by_day")]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return f"/invoices/{self.public_id}/"

    @property
    def text(self) -> str:
        return money.text(self.total_minor, self.currency)
