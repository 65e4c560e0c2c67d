"""Imports and what they reported."""

from django.conf import settings
from django.db import models

from engineroom import clock, ids


class ImportRun(models.Model):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("import"), editable=False
    )
    course = models.ForeignKey(
        "catalog.Course", models.SET_NULL, null=True, blank=True, related_name="imports"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=200)
    is_dry_run = models.BooleanField(default=False)
    report = models.JSONField(default=dict)
    refusal = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.name
