"""A checkout: 1 to 20 lines on their way to an order. There is no cart."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from engineroom import clock, ids
from payments import money
from payments.models.columns import currency_column, currency_shape
from payments.models.offers import Offer


class CheckoutQuerySet(models.QuerySet):
    def visible_to(self, person):
        """A person's own; and those of guests, whose unguessable id is the key."""
        if person is None:
            return self.filter(person=None)
        return self.filter(Q(person=None) | Q(person=person))


class Checkout(models.Model):
    class State(models.TextChoices):
        OPEN = "open"
        FINISHED = "finished"
        EXPIRED = "expired"

    public_id = models.CharField(
        max_length=60, unique=True, default=ids.random_maker("checkout"), editable=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="checkouts",
    )
    email = models.EmailField("e-mail address", max_length=254, blank=True)
    currency = currency_column()
    coupon = models.ForeignKey(
        "payments.Coupon", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    in_instalments = models.BooleanField(default=False)
    billing = models.JSONField(
        default=dict,
        blank=True,
        help_text="name, company, street, postal_code, city, region: plain texts.",
    )
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166, of the address.")
    vat_id = models.CharField("VAT id", max_length=20, blank=True)
    evidence = models.JSONField(
        default=dict, blank=True, help_text="Where the buyer is: source to country."
    )
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    objects = CheckoutQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            currency_shape("checkout"),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state="open", person__isnull=False),
                name="one_open_checkout_per_person",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="checkout_open")
        ]

    def __str__(self):
        return self.public_id

    def get_absolute_url(self):
        return f"/checkout/{self.public_id}/"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN and self.expires_at > clock.now()


class CheckoutLine(models.Model):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("line"), editable=False
    )
    checkout = models.ForeignKey(Checkout, models.CASCADE, related_name="lines")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    amount_minor = models.BigIntegerField(
        null=True, blank=True, help_text="What the buyer chose, for an open price."
    )
    gift = models.JSONField(
        null=True,
        blank=True,
        help_text="email, name, sender, note, deliver_on (ISO date), when it is for somebody else.",
    )
    parts = models.JSONField(
        default=list, help_text="The things it gives, described when it was added."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["checkout", "offer"], name="one_line_per_offer"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=1000), name="line_quantity_in_reach"
            ),
        ]

    def __str__(self):
        return self.public_id

    @property
    def unit_minor(self) -> int:
        """What one of it costs: the offer's price, or what the buyer chose of an open one."""
        if self.offer.pricing != Offer.Pricing.OPEN:
            return self.offer.amount_minor
        return self.amount_minor or self.offer.suggested_minor or self.offer.amount_minor

    @property
    def text(self) -> str:
        """The ordinary price, of which the steps take off what is cheaper."""
        ordinary = max(self.offer.list_minor or 0, self.unit_minor)
        return money.text(ordinary * self.quantity, self.offer.currency)
