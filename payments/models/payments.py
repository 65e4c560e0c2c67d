"""Attempts to pay an order, and money that goes back."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from engineroom import clock, ids
from payments import money, states
from payments.models.columns import (
    above_zero,
    currency_column,
    currency_shape,
    not_negative,
    one_of,
    within,
)
from payments.models.orders import Mode, Order, OrderLine


def _choices(moves):
    return [(state, state.replace("_", " ").capitalize()) for state in moves]


class Payment(models.Model):
    """One attempt at one gateway. `reference` is the gateway's name for it."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("payment"), editable=False
    )
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    key = models.CharField(max_length=120, unique=True, null=True, editable=False)
    gateway = models.CharField(max_length=40)
    mode = models.CharField(max_length=4, choices=Mode)
    reference = models.CharField(max_length=200, null=True, blank=True)
    url = models.CharField("hosted page", max_length=1000, blank=True)
    state = models.CharField(
        max_length=12, choices=_choices(states.PAYMENT_MOVES), default=states.STARTED
    )
    amount_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    currency = currency_column()
    method = models.CharField(
        "paid with",
        max_length=80,
        blank=True,
        help_text="Such as Visa ending 4242. Never a number.",
    )
    reason = models.CharField("reason of failure", max_length=200, blank=True)
    fee_minor = models.BigIntegerField("fee of the gateway", default=0)
    card_country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    closes_at = models.DateTimeField("hosted page closes", null=True, blank=True)
    checked_at = models.DateTimeField("last asked the gateway", null=True, blank=True)
    captured_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            not_negative("payment", "amount_minor"),
            currency_shape("payment"),
            one_of("payment", "state", states.PAYMENT_MOVES),
            within("payment", "refunded_minor", "amount_minor"),
            models.UniqueConstraint(
                fields=["gateway", "reference"], name="one_payment_per_gateway_reference"
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=sorted(states.OPEN_PAYMENTS)),
                name="one_open_payment_per_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=sorted(states.OPEN_PAYMENTS)),
                name="payment_open",
            )
        ]

    def __str__(self):
        return self.public_id

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)


class Refund(models.Model):
    """Money on its way back to the buyer. `key` is ours: asked twice, it goes back once."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("refund"), editable=False
    )
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    key = models.CharField(max_length=120, unique=True, editable=False)
    amount_minor = models.BigIntegerField()
    currency = currency_column()
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        max_length=10, choices=_choices(states.REFUND_MOVES), default=states.PENDING
    )
    gateway_reference = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    resent_at = models.DateTimeField(
        "came back, sent another way", null=True, blank=True, editable=False
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            above_zero("refund", "amount_minor"),
            currency_shape("refund"),
            one_of("refund", "state", states.REFUND_MOVES),
        ]

    def __str__(self):
        return self.public_id

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)


class RefundLine(models.Model):
    refund = models.ForeignKey(Refund, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refund_lines")
    amount_minor = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            above_zero("refund_line", "amount_minor"),
            models.UniqueConstraint(fields=["refund", "line"], name="one_amount_per_refunded_line"),
        ]

    def __str__(self):
        return f"{self.refund_id} {self.line_id}"
