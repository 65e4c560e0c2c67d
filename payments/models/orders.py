"""Orders: written before money moves, frozen from then on, moved only as `payments.states` says."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from engineroom import clock, ids
from payments import money, states
from payments.models.checkouts import Checkout
from payments.models.columns import (
    currency_column,
    currency_shape,
    not_negative,
    one_of,
    within,
)
from payments.models.offers import Offer

# Crockford's letters: no I, L, O, U, so that a number can be read out over the phone.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def order_number() -> str:
    """Random, 60 bits, in three groups: `7QF2-M9XK-4TBW`. Tells nothing about other orders."""
    letters = [secrets.choice(LETTERS) for _ in range(12)]
    return "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))


class Mode(models.TextChoices):
    """Test money and live money never meet."""

    TEST = "test"
    LIVE = "live"


class TaxKind(models.TextChoices):
    NONE = "none", "no tax"
    STANDARD = "standard", "VAT"
    REVERSE = "reverse", "reverse charge"
    OUTSIDE = "outside", "outside the scope of VAT"


class OrderKind(models.TextChoices):
    PURCHASE = "purchase"
    RENEWAL = "renewal"
    CHANGE = "change", "change of plan"
    INVOICE = "invoice", "on invoice"


class OrderQuerySet(models.QuerySet):
    def of(self, person):
        """The person's orders; a still empty attempt that expired or was canceled is left out."""
        hidden = (states.CANCELED, states.DRAFT)
        return self.filter(person=person).exclude(state__in=hidden)

    def settled(self):
        return self.filter(state__in=states.SETTLED_ORDERS)


class Order(models.Model):
    number = models.CharField(max_length=20, unique=True, default=order_number, editable=False)
    checkout = models.ForeignKey(
        Checkout, models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    email = models.EmailField("e-mail address", max_length=254, blank=True)
    was_guest = models.BooleanField(default=False)
    kind = models.CharField(max_length=10, choices=OrderKind, default=OrderKind.PURCHASE)
    subscription = models.ForeignKey(
        "payments.Subscription", models.PROTECT, null=True, blank=True, related_name="orders"
    )
    period_starts_at = models.DateTimeField(null=True, blank=True)
    period_ends_at = models.DateTimeField(null=True, blank=True)
    billing = models.JSONField(default=dict, blank=True)
    country = models.CharField(max_length=2, blank=True)
    vat_id = models.CharField("VAT id", max_length=20, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    coupon = models.ForeignKey(
        "payments.Coupon", models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    coupon_code = models.CharField(max_length=40, blank=True)
    discount_minor = models.BigIntegerField(default=0)
    tax_kind = models.CharField(max_length=10, choices=TaxKind, default=TaxKind.NONE)
    tax_minor = models.BigIntegerField(default=0)
    mode = models.CharField(max_length=4, choices=Mode)
    state = models.CharField(
        max_length=20, choices=list(states.ORDER_LABELS.items()), default=states.AWAITING
    )
    version = models.PositiveIntegerField(default=1)
    currency = currency_column()
    total_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    steps = models.JSONField(default=list, help_text="How the total came about, step by step.")
    attention = models.CharField(
        "needs attention", max_length=300, blank=True, help_text="Why staff should look at it."
    )
    placed_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("refund_order", "Can refund lines of an order")]
        constraints = [
            currency_shape("order"),
            one_of("order", "state", states.ORDER_MOVES),
            one_of("order", "mode", Mode.values),
            not_negative("order", "total_minor"),
            not_negative("order", "tax_minor"),
            not_negative("order", "discount_minor"),
            one_of("order", "kind", OrderKind.values),
            one_of("order", "tax_kind", TaxKind.values),
            models.UniqueConstraint(
                fields=["subscription", "period_starts_at"],
                condition=Q(kind="renewal", state__in=sorted(states.LIVE_ORDERS)),
                name="one_renewal_per_period",
            ),
            within("order", "refunded_minor", "total_minor"),
            models.UniqueConstraint(
                fields=["checkout"],
                condition=Q(state__in=sorted(states.LIVE_ORDERS)),
                name="one_live_order_per_checkout",
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=False) | ~Q(state__in=sorted(states.SETTLED_ORDERS)),
                name="paid_order_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="order_by_person"),
            models.Index(fields=["state", "expires_at"], name="order_by_state"),
            models.Index(fields=["paid_at"], name="order_by_payment_day"),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return f"/orders/{self.number}/"

    @property
    def text(self) -> str:
        return money.text(self.total_minor, self.currency)

    @property
    def refunded_text(self) -> str:
        return money.text(self.refunded_minor, self.currency)

    @property
    def is_settled(self) -> bool:
        return self.state in states.SETTLED_ORDERS


class OrderLine(models.Model):
    """One thing that was sold: its kind and key, and everything else frozen."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("item"), editable=False
    )
    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    offer = models.ForeignKey(
        Offer, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    url = models.CharField("address", max_length=300, blank=True)
    tax_class = models.CharField(max_length=20)
    quantity = models.PositiveIntegerField(default=1)
    discount_minor = models.BigIntegerField(default=0)
    net_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    rounding_minor = models.SmallIntegerField(default=0)
    tax_rate = models.PositiveIntegerField(default=0, help_text="Hundredths of a percent.")
    total_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    currency = currency_column()
    gift = models.JSONField(null=True, blank=True)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who claimed it, when it was a gift.",
    )
    steps = models.JSONField(default=list, help_text="How the price came about, step by step.")
    delivered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            currency_shape("order_line"),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0), name="order_line_total_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor") + F("rounding_minor")),
                name="order_line_adds_up",
            ),
            within("order_line", "refunded_minor", "total_minor"),
        ]
        indexes = [models.Index(fields=["kind", "key"], name="order_line_by_thing")]

    def __str__(self):
        return self.title

    @property
    def person(self):
        """Who gets it: the buyer, or whoever claimed the gift."""
        return self.recipient if self.gift else self.order.person

    @property
    def is_for(self) -> str:
        """Whom the gift is for, as its giver said: a name or an address. Empty for no gift, and
        where nobody was named. Reads the line's `claim`."""
        gift = getattr(self, "claim", None) if self.gift else None
        return (gift.name or gift.email) if gift else ""

    @property
    def left_minor(self) -> int:
        """What can still be refunded."""
        return self.total_minor - self.refunded_minor

    def pieces_for(self, left_minor: int) -> int:
        """How many pieces so much of the line pays for. One that is paid in part counts; the minor
        unit that dividing the price may have lost does not."""
        if not left_minor:
            return 0
        lost = 1 if self.total_minor > self.quantity else 0
        return max(1, -(-(left_minor - lost) * self.quantity // self.total_minor))

    @property
    def left_pieces(self) -> int:
        """How many pieces are still paid for."""
        return self.pieces_for(self.left_minor)

    @property
    def text(self) -> str:
        return money.text(self.total_minor, self.currency)

    @property
    def left_text(self) -> str:
        return money.text(self.left_minor, self.currency)

    @property
    def refunded_text(self) -> str:
        return money.text(-self.refunded_minor, self.currency)
