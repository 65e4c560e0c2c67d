"""What the self-check found: one row for each thing that is wrong, until it is repaired."""

from django.conf import settings
from django.db import models

from engineroom import clock, ids


class Finding(models.Model):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("finding"), editable=False
    )
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, help_text="Such as an order's number.")
    detail = models.CharField(max_length=500)
    data = models.JSONField(default=dict, blank=True)
    found_at = models.DateTimeField(default=clock.now, editable=False)
    seen_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    how = models.CharField("how it was closed", max_length=300, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(closed_at=None),
                name="one_open_finding_per_subject",
            )
        ]

    def __str__(self):
        return self.detail
