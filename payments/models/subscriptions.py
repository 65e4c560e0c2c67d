"""What is paid again and again: memberships, and purchases in instalments."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from engineroom import clock, ids
from payments import money, states
from payments.models.columns import currency_column, currency_shape, not_negative, one_of
from payments.models.offers import Offer


class SubscriptionQuerySet(models.QuerySet):
    def of(self, person):
        return self.filter(person=person)

    def running(self):
        return self.filter(state__in=states.RUNNING_SUBSCRIPTIONS)


class Subscription(models.Model):
    """The gateway keeps the card and asks for the money; every period paid is an order of its own.

    `reference` is the gateway's name for it. Instalments are a subscription of so many periods
    (`periods_total`) that is completed by the last one. `grace_ends_at` is set while payment is
    overdue: access goes on until then.
    """

    class Kind(models.TextChoices):
        MEMBERSHIP = "membership"
        INSTALMENTS = "instalments"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("subscription"), editable=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="subscriptions",
    )
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="subscriptions")
    kind = models.CharField(max_length=12, choices=Kind)
    title = models.CharField(max_length=200)
    gateway = models.CharField(max_length=40)
    mode = models.CharField(max_length=4)
    reference = models.CharField(max_length=200, null=True, blank=True)
    state = models.CharField(
        max_length=12,
        choices=list(states.SUBSCRIPTION_LABELS.items()),
        default=states.INCOMPLETE,
    )
    version = models.PositiveIntegerField(default=1)
    amount_minor = models.BigIntegerField("price of a period in minor units")
    currency = currency_column()
    period = models.CharField(max_length=5, choices=[("month", "month"), ("year", "year")])
    periods_total = models.PositiveSmallIntegerField(null=True, blank=True)
    periods_paid = models.PositiveSmallIntegerField(default=0)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    period_starts_at = models.DateTimeField(null=True, blank=True)
    period_ends_at = models.DateTimeField(null=True, blank=True)
    cancels_at_period_end = models.BooleanField(default=False)
    grace_ends_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField("paid with", max_length=80, blank=True)
    coupon = models.ForeignKey(
        "payments.Coupon", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    terms = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a period was agreed to cost: its lines and coupon, frozen.",
    )
    credit_minor = models.BigIntegerField("credited to the next payments", default=0)
    reminded_for = models.DateTimeField("last reminder was about", null=True, blank=True)
    attention = models.CharField("needs attention", max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField("last asked the gateway", null=True, blank=True)
    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("cancel_subscription", "Can cancel and settle subscriptions")]
        constraints = [
            currency_shape("subscription"),
            not_negative("subscription", "amount_minor"),
            not_negative("subscription", "credit_minor"),
            one_of("subscription", "state", states.SUBSCRIPTION_MOVES),
            models.UniqueConstraint(
                fields=["gateway", "reference"], name="one_subscription_per_gateway_reference"
            ),
            models.UniqueConstraint(
                fields=["person", "offer"],
                condition=Q(state__in=sorted(states.RUNNING_SUBSCRIPTIONS), person__isnull=False),
                name="one_running_subscription_per_offer",
            ),
        ]
        indexes = [
            models.Index(
                fields=["period_ends_at"],
                condition=Q(state__in=sorted(states.RUNNING_SUBSCRIPTIONS)),
                name="subscription_due",
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/subscriptions/{self.public_id}/"

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)

    @property
    def is_running(self) -> bool:
        return self.state in states.RUNNING_SUBSCRIPTIONS
