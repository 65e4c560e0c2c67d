"""What the built-in simulator remembers, as if it were another company: never joined with orders."""

from django.db import models

from engineroom import clock, ids
from payments.models.columns import (
    above_zero,
    currency_column,
    currency_shape,
    not_negative,
    within,
)


class SimulatorPayout(models.Model):
    """Money sent to the school's bank: what cleared since the last one."""

    token = models.CharField(
        max_length=60, unique=True, default=ids.random_maker("simpayout"), editable=False
    )
    amount_minor = models.BigIntegerField()
    currency = currency_column()
    parts = models.JSONField(default=list)
    arrived_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [currency_shape("simulator_payout")]

    def __str__(self):
        return self.token


class SimulatorSubscription(models.Model):
    """`card` is how the buyer's card behaves from now on; `credit_minor` is taken off next charges.

    `billed` counts periods that were asked for; `bills_at` is when something is due next.
    """

    class State(models.TextChoices):
        INCOMPLETE = "incomplete"
        TRIALING = "trialing"
        ACTIVE = "active"
        PAST_DUE = "past_due"
        ENDED = "ended"

    token = models.CharField(
        max_length=60, unique=True, default=ids.random_maker("simsub"), editable=False
    )
    key = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=300)
    order_number = models.CharField(max_length=40, blank=True)
    amount_minor = models.BigIntegerField()
    currency = currency_column()
    period = models.CharField(max_length=5)
    trial_days = models.PositiveSmallIntegerField(default=0)
    periods_total = models.PositiveSmallIntegerField(null=True, blank=True)
    billed = models.PositiveSmallIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.INCOMPLETE)
    card = models.CharField(max_length=30, blank=True)
    method = models.CharField(max_length=80, blank=True)
    return_url = models.CharField(max_length=500, blank=True)
    anchor_at = models.DateTimeField(null=True, blank=True)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    period_starts_at = models.DateTimeField(null=True, blank=True)
    period_ends_at = models.DateTimeField(null=True, blank=True)
    cancels_at_period_end = models.BooleanField(default=False)
    bills_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            not_negative("simulator_subscription", "amount_minor"),
            not_negative("simulator_subscription", "credit_minor"),
            currency_shape("simulator_subscription"),
        ]
        indexes = [models.Index(fields=["bills_at"], name="simulator_subscription_due")]

    def __str__(self):
        return self.token


class SimulatorPayment(models.Model):
    """One payment, asked for once on the hosted page or by a subscription's period."""

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
    card = models.CharField("how the card behaves", max_length=30, blank=True)
    card_country = models.CharField(max_length=2, blank=True)
    fee_minor = models.BigIntegerField(default=0)
    fault = models.CharField("fault of its events", max_length=30, blank=True)
    closes_at = models.DateTimeField("page closes", null=True, blank=True)
    clears_at = models.DateTimeField("bank debit ends", null=True, blank=True)
    subscription = models.ForeignKey(
        SimulatorSubscription, models.PROTECT, null=True, blank=True, related_name="payments"
    )
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    period_starts_at = models.DateTimeField(null=True, blank=True)
    period_ends_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    payout = models.ForeignKey(
        SimulatorPayout, models.PROTECT, null=True, blank=True, related_name="payments"
    )
    captured_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            not_negative("simulator_payment", "amount_minor"),
            not_negative("simulator_payment", "fee_minor"),
            currency_shape("simulator_payment"),
            within("simulator_payment", "refunded_minor", "amount_minor"),
            models.UniqueConstraint(
                fields=["subscription", "number"], name="one_simulator_charge_per_number"
            ),
        ]
        indexes = [
            models.Index(fields=["clears_at"], name="simulator_payment_clears"),
            models.Index(fields=["created_at"], name="simulator_payment_by_age"),
        ]

    def __str__(self):
        return self.token

    @property
    def is_over(self) -> bool:
        """Nobody paid in time, and nobody can any more."""
        is_open = self.state in (self.State.OPEN, self.State.CHALLENGE)
        return is_open and self.closes_at is not None and self.closes_at <= clock.now()


class SimulatorRefund(models.Model):
    key = models.CharField(max_length=200, unique=True)
    payment = models.ForeignKey(SimulatorPayment, models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    payout = models.ForeignKey(
        SimulatorPayout, models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [above_zero("simulator_refund", "amount_minor")]

    def __str__(self):
        return self.key


class SimulatorDispute(models.Model):
    """Planned when a card of that kind pays; opens, and is decided, by the clock."""

    class State(models.TextChoices):
        PLANNED = "planned"
        OPEN = "open"
        UNDER_REVIEW = "under_review"
        WON = "won"
        LOST = "lost"

    token = models.CharField(
        max_length=60, unique=True, default=ids.random_maker("simdispute"), editable=False
    )
    payment = models.ForeignKey(SimulatorPayment, models.PROTECT, related_name="disputes")
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    currency = currency_column()
    reason = models.CharField(max_length=80)
    state = models.CharField(max_length=12, choices=State, default=State.PLANNED)
    evidence = models.JSONField(default=dict, blank=True)
    moves_at = models.DateTimeField("moves on by itself", null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    taken_in = models.ForeignKey(
        SimulatorPayout, models.PROTECT, null=True, blank=True, related_name="disputes_taken"
    )
    given_in = models.ForeignKey(
        SimulatorPayout, models.PROTECT, null=True, blank=True, related_name="disputes_given"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            above_zero("simulator_dispute", "amount_minor"),
            currency_shape("simulator_dispute"),
        ]
        indexes = [models.Index(fields=["moves_at"], name="simulator_dispute_moves")]

    def __str__(self):
        return self.token
