"""Double-entry books. One row is one transfer, so they balance by construction."""

from django.db import models
from django.db.models import F, Q

from engineroom import clock
from payments import money
from payments.models.columns import above_zero, currency_column, currency_shape
from payments.models.orders import Order


class LedgerEntry(models.Model):
    """Append-only by trigger on both databases; a mistake is corrected by a reversing row.

    Accounts begin with the mode (`live:` or `test:`): the two sets of books never mix.
    """

    debit = models.CharField(max_length=120)
    credit = models.CharField(max_length=120)
    amount_minor = models.BigIntegerField()
    currency = currency_column()
    ref = models.CharField(max_length=120, unique=True)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="ledger_entries"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "ledger entries"
        constraints = [
            above_zero("ledger", "amount_minor"),
            currency_shape("ledger"),
            models.CheckConstraint(
                condition=Q(debit__startswith="live:", credit__startswith="live:")
                | Q(debit__startswith="test:", credit__startswith="test:"),
                name="ledger_entry_stays_in_one_mode",
            ),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="ledger_entry_names_two_accounts"
            ),
        ]

    def __str__(self):
        return self.ref

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)
