"""What the school sells, at which price, from when to when."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from engineroom import clock, ids
from payments import money
from payments.models.columns import above_zero, currency_column, currency_shape


class OfferQuerySet(models.QuerySet):
    def open(self):
        """Offers that can be bought at this second."""
        now = clock.now()
        return self.filter(
            Q(starts_at=None) | Q(starts_at__lte=now),
            Q(ends_at=None) | Q(ends_at__gt=now),
            is_active=True,
        )

    def open_or_coming(self):
        """Offers that can be bought at this second or later."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=clock.now()), is_active=True)


class Offer(models.Model):
    """What is sold, and how it is paid for. `amount_minor` is the price, tax included; for an open
    price it is the least that may be paid, for a membership the price of one period."""

    class Pricing(models.TextChoices):
        FIXED = "fixed", "Fixed price"
        OPEN = "open", "Pay what you want"

    class Period(models.TextChoices):
        ONCE = "", "Once"
        MONTH = "month", "Every month"
        YEAR = "year", "Every year"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("offer"), editable=False
    )
    title = models.CharField(max_length=200)
    amount_minor = models.BigIntegerField("amount in minor units")
    currency = currency_column()
    pricing = models.CharField(max_length=8, choices=Pricing, default=Pricing.FIXED)
    list_minor = models.BigIntegerField(
        "list price in minor units",
        null=True,
        blank=True,
        help_text="The ordinary price, where the offer is below it.",
    )
    suggested_minor = models.BigIntegerField(
        "suggested amount in minor units", null=True, blank=True
    )
    period = models.CharField("paid", max_length=5, choices=Period, default=Period.ONCE, blank=True)
    trial_days = models.PositiveSmallIntegerField("days of trial", default=0)
    instalments = models.PositiveSmallIntegerField(
        "monthly instalments", default=1, help_text="1: paid at once. Up to 24."
    )
    most_sold = models.PositiveIntegerField(
        "how many can be sold", null=True, blank=True, help_text="Empty: any number."
    )
    sold = models.PositiveIntegerField(default=0, editable=False)
    most_per_person = models.PositiveIntegerField("how many a person", null=True, blank=True)
    is_giftable = models.BooleanField("may be given as a gift", default=True)
    tax_class = models.CharField(max_length=20, default="standard")
    is_active = models.BooleanField("on sale", default=True)
    starts_at = models.DateTimeField("on sale from", null=True, blank=True)
    ends_at = models.DateTimeField("on sale until", null=True, blank=True)
    reference = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text="Such as course:<slug>: the offer that the thing's own price makes and changes.",
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            above_zero("offer", "amount_minor"),
            currency_shape("offer"),
            models.CheckConstraint(
                condition=Q(most_sold=None) | Q(sold__lte=F("most_sold")),
                name="offer_sold_within_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(instalments=1) | Q(period="", instalments__gte=1, instalments__lte=24),
                name="offer_instalments_in_reach",
            ),
            models.CheckConstraint(
                condition=Q(list_minor=None) | Q(list_minor__gte=F("amount_minor")),
                name="offer_list_price_not_below_price",
            ),
            models.CheckConstraint(
                condition=Q(trial_days=0) | ~Q(period=""), name="offer_trial_of_a_membership"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                name="offer_ends_after_it_starts",
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/buy/{self.public_id}/"

    @property
    def text(self) -> str:
        return money.text(self.amount_minor, self.currency)

    @property
    def is_gone(self) -> bool:
        """As many were sold as there are."""
        return self.most_sold is not None and self.sold >= self.most_sold

    @property
    def is_open(self) -> bool:
        now = clock.now()
        has_begun = self.starts_at is None or self.starts_at <= now
        return self.is_active and has_begun and (self.ends_at is None or self.ends_at > now)

    @property
    def changes_at(self) -> datetime | None:
        """When it opens or ends next; None when it stays as it is."""
        now = clock.now()
        coming = [at for at in (self.starts_at, self.ends_at) if at is not None and at > now]
        return min(coming, default=None) if self.is_active else None


class OfferItem(models.Model):
    """One thing that the offer gives: a kind and key of `payments.sellables`."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="items")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    weight = models.PositiveIntegerField(
        default=1, help_text="Share of the offer's price when it gives several things."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "kind", "key"], name="one_item_per_offer"),
        ]
        indexes = [models.Index(fields=["kind", "key"], name="offer_item_by_thing")]

    def __str__(self):
        return f"{self.kind} {self.key}"
