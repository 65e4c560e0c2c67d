"""Tables below deck. None of them knows a school word."""

from django.conf import settings
from django.db import models

from engineroom import clock, ids


class OutboxEvent(models.Model):
    """Something that must leave the database at least once, written in the business transaction."""

    topic = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    stream = models.CharField(max_length=120, blank=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    available_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["available_at", "id"],
                name="outbox_waiting",
                condition=models.Q(done_at=None, dead_at=None),
            ),
            models.Index(
                fields=["stream", "id"],
                name="outbox_by_stream",
                condition=models.Q(done_at=None, dead_at=None),
            ),
            models.Index(fields=["-dead_at"], name="outbox_dead"),
        ]

    def __str__(self):
        return f"{self.topic} {self.key}"


class AuditEntry(models.Model):
    """Who did what to which thing. Append-only: the database refuses changes by trigger."""

    at = models.DateTimeField(default=clock.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
    )
    actor_label = models.CharField(max_length=80, blank=True)
    action = models.CharField(max_length=80)
    target = models.CharField(max_length=120)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["target", "-id"], name="audit_by_target")]

    def __str__(self):
        return f"{self.action} {self.target}"


class IdempotencyKey(models.Model):
    """The stored answer to an unsafe call, so that a repeat has the same one effect."""

    class State(models.TextChoices):
        STARTED = "started"
        DONE = "done"

    owner = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.STARTED)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    locked_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="one_effect_per_owner_and_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self):
        return f"{self.owner} {self.key}"


class SettingValue(models.Model):
    """A value that staff or the school itself keeps in the database, by name."""

    name = models.CharField(max_length=80, unique=True)
    value = models.JSONField()
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        permissions = [("move_clock", "Can move the clock of a test school")]

    def __str__(self):
        return self.name


class Worker(models.Model):
    """A background process and when it was last seen."""

    public_id = models.CharField(max_length=40, unique=True, default=ids.maker("worker"))
    started_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(default=clock.now)

    def __str__(self):
        return self.public_id
