"""A line bought for somebody else: claimed once, by a link, from a chosen date on."""

from django.conf import settings
from django.db import models

from engineroom import clock, ids
from payments.models.orders import OrderLine


class Gift(models.Model):
    """The link's key is kept as a SHA-256 digest only."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("gift"), editable=False
    )
    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="claim")
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField("recipient's address", max_length=254, blank=True)
    name = models.CharField("recipient's name", max_length=120, blank=True)
    sender = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True)
    deliver_at = models.DateTimeField(help_text="When the mail with the link leaves.")
    sent_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="gifts"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField("refunded at", null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["deliver_at"],
                condition=models.Q(sent_at=None, ended_at=None),
                name="gift_to_send",
            )
        ]

    def __str__(self):
        return self.public_id
