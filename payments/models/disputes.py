"""Money that a buyer's bank took back, and what the school says to it."""

from django.db import models

from engineroom import clock, ids
from payments import money, states
from payments.models.columns import above_zero, currency_column, currency_shape, one_of
from payments.models.payments import Payment


class Dispute(models.Model):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("dispute"), editable=False
    )
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    reference = models.CharField(max_length=200)
    amount_minor = models.BigIntegerField()
    currency = currency_column()
    fee_minor = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=80, blank=True)
    state = models.CharField(
        max_length=12,
        choices=[(state, state.replace("_", " ").capitalize()) for state in states.DISPUTE_MOVES],
        default=states.OPEN,
    )
    due_at = models.DateTimeField("evidence is due", null=True, blank=True)
    evidence = models.JSONField(default=dict, blank=True, help_text="The pack as it was sent.")
    evidence_sent_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        permissions = [("answer_dispute", "Can answer a dispute with evidence")]
        constraints = [
            above_zero("dispute", "amount_minor"),
            currency_shape("dispute"),
            one_of("dispute", "state", states.DISPUTE_MOVES),
            models.UniqueConstraint(
                fields=["payment", "reference"], name="one_dispute_per_gateway_reference"
            ),
        ]

    def __str__(self):
        return f"{self.text}, opened {self.opened_at:%-d %B %Y}"

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)
