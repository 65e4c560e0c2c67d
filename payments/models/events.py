"""What gateways tell us, and the secrets they sign with."""

from django.db import models

from engineroom import clock, ids
from engineroom.fields import EncryptedTextField
from payments.models.columns import one_of
from payments.models.orders import Mode


class GatewayAccount(models.Model):
    """The school's account at a gateway. The previous secret still counts while it is being changed."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("account"), editable=False
    )
    gateway = models.CharField(max_length=40)
    mode = models.CharField(max_length=4, choices=Mode)
    webhook_secret = EncryptedTextField()
    previous_secret = EncryptedTextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "mode"], name="one_account_per_gateway_and_mode"
            ),
            one_of("gateway_account", "mode", Mode.values),
        ]

    def __str__(self):
        return f"{self.gateway} ({self.mode})"

    @property
    def secrets(self) -> list[str]:
        return [secret for secret in (self.webhook_secret, self.previous_secret) if secret]


class GatewayEvent(models.Model):
    """The webhook inbox: one row an event, however often it is delivered."""

    gateway = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=80)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=clock.now, editable=False)
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "event_id"], name="one_row_per_gateway_event"
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=models.Q(processed_at=None),
                name="gateway_event_waiting",
            )
        ]

    def __str__(self):
        return f"{self.gateway} {self.event_id}"
