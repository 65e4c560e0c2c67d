"""Codes that make something cheaper, and who used them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from engineroom import clock, ids
from payments.models.columns import currency_shape
from payments.models.offers import Offer


class CouponBatch(models.Model):
    """One-time codes made together."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("batch"), editable=False
    )
    title = models.CharField(max_length=120)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "coupon batches"

    def __str__(self):
        return self.title


class Coupon(models.Model):
    """Percent or a fixed amount off. `uses` counts redemptions held or paid, never more than `most_uses`."""

    class Kind(models.TextChoices):
        PERCENT = "percent"
        FIXED = "fixed", "fixed amount"

    class Duration(models.TextChoices):
        FIRST = "first", "the first period only"
        ALWAYS = "always", "every period"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("coupon"), editable=False
    )
    code = models.CharField(max_length=40, unique=True, help_text="Capital letters and digits.")
    title = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PERCENT)
    percent = models.PositiveIntegerField(
        "hundredths of a percent", null=True, blank=True, help_text="2500 is 25 %."
    )
    amount_minor = models.BigIntegerField("amount in minor units", null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    duration = models.CharField(max_length=8, choices=Duration, default=Duration.FIRST)
    offers = models.ManyToManyField(
        Offer, blank=True, related_name="coupons", help_text="None: every offer."
    )
    is_active = models.BooleanField(default=True)
    starts_at = models.DateTimeField("valid from", null=True, blank=True)
    ends_at = models.DateTimeField("valid until", null=True, blank=True)
    most_uses = models.PositiveIntegerField("how often in all", null=True, blank=True)
    most_per_person = models.PositiveIntegerField("how often a person", null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, editable=False)
    batch = models.ForeignKey(
        CouponBatch, models.CASCADE, null=True, blank=True, related_name="coupons", editable=False
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="percent",
                    percent__isnull=False,
                    percent__gte=1,
                    percent__lte=10_000,
                    amount_minor=None,
                )
                | Q(kind="fixed", amount_minor__isnull=False, amount_minor__gt=0, percent=None),
                name="coupon_takes_off_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(most_uses=None) | Q(uses__lte=F("most_uses")),
                name="coupon_uses_within_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                name="coupon_ends_after_it_starts",
            ),
        ]

    def __str__(self):
        return self.code

    @property
    def is_valid_now(self) -> bool:
        now = clock.now()
        has_begun = self.starts_at is None or self.starts_at <= now
        return self.is_active and has_begun and (self.ends_at is None or self.ends_at > now)


class CouponUse(models.Model):
    """A redemption: held by a live order, given back when the order is not paid."""

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="redemptions")
    order = models.OneToOneField("payments.Order", models.PROTECT, related_name="coupon_use")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    email = models.EmailField("e-mail address", max_length=254, blank=True)
    discount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [currency_shape("coupon_use")]
        indexes = [models.Index(fields=["coupon", "email"], name="coupon_use_by_email")]

    def __str__(self):
        return f"{self.coupon_id} {self.order_id}"
