"""What a course asks for its certificate, who was given one, and the keys that sign them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from engineroom import clock, ids
from engineroom.fields import EncryptedTextField
from learning import codes


class CertificateRule(models.Model):
    """One edition of a course's rule. A changed rule is a new row with the next number, so that a
    certificate can always say what was asked for it."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("rule"), editable=False
    )
    course = models.ForeignKey("catalog.Course", models.PROTECT, related_name="certificate_rules")
    number = models.PositiveIntegerField(editable=False)
    needs_completion = models.BooleanField("every item finished", default=True)
    min_score = models.PositiveSmallIntegerField(
        "least average result",
        null=True,
        blank=True,
        help_text="Percent, over the best attempt at each exercise. Empty: any result.",
    )
    needs_project = models.BooleanField("a project handed in", default=False)
    months = models.PositiveSmallIntegerField(
        "valid for months", null=True, blank=True, help_text="2 to 120. Empty: for good."
    )
    made_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "number"], name="one_rule_per_course_and_number"
            ),
            models.UniqueConstraint(
                fields=["course"], condition=Q(ended_at=None), name="one_rule_in_force_per_course"
            ),
            models.CheckConstraint(
                condition=Q(needs_completion=True)
                | Q(needs_project=True)
                | Q(min_score__isnull=False),
                name="rule_asks_for_something",
            ),
            models.CheckConstraint(
                condition=Q(min_score=None) | Q(min_score__gte=1, min_score__lte=100),
                name="rule_score_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(months=None) | Q(months__gte=2, months__lte=120),
                name="rule_months_are_plausible",
            ),
        ]

    def __str__(self):
        return f"{self.course} {self.number}"


class CertificateQuerySet(models.QuerySet):
    def of(self, person):
        """What this person may see: their own. Everything else does not exist for them."""
        return self.filter(person=person)

    def valid(self):
        """Certificates that hold at this moment."""
        now = clock.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class Certificate(models.Model):
    """Proof of learning, with the words of the day it was given on.

    `code` opens its public page and cannot be guessed. `facts` holds the counts and the result that
    are printed. The bit `status_index` of the list `status_list` tells the world that it was revoked.
    When its person leaves the school the row stays, without a name: what was revoked stays so.
    """

    class State(models.TextChoices):
        VALID = "valid"
        EXPIRED = "expired"
        REVOKED = "revoked"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("certificate"), editable=False
    )
    code = models.CharField(max_length=16, unique=True, default=codes.new_code, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="certificates",
    )
    course = models.ForeignKey("catalog.Course", models.PROTECT, related_name="certificates")
    rule = models.ForeignKey(CertificateRule, models.PROTECT, related_name="certificates")
    edition_number = models.PositiveIntegerField("edition")
    name = models.CharField("name printed", max_length=120, blank=True)
    title = models.CharField("course's title", max_length=200)
    facts = models.JSONField(default=dict)
    issued_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField("why revoked", max_length=300, blank=True)
    status_list = models.PositiveIntegerField()
    status_index = models.PositiveIntegerField()
    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "course", "rule"],
                condition=Q(revoked_at=None, person__isnull=False),
                name="one_certificate_per_person_and_rule",
            ),
            models.UniqueConstraint(
                fields=["status_list", "status_index"], name="one_certificate_per_status_bit"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at", "id"],
                name="certificate_expiring",
                condition=Q(revoked_at=None, reminded_at=None, expires_at__isnull=False),
            ),
            models.Index(
                fields=["status_list", "status_index"],
                name="certificate_revoked",
                condition=Q(revoked_at__isnull=False),
            ),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return f"/certificates/{self.number}/"

    @property
    def private_path(self) -> str:
        """The page of the person it was given to."""
        return f"/my-certificates/{self.public_id}/"

    @property
    def number(self) -> str:
        """The code as people read it: `ABCD-EFGH-JKMN-PQRS`."""
        return codes.spaced(self.code)

    @property
    def state(self) -> str:
        if self.revoked_at:
            return self.State.REVOKED
        is_over = self.expires_at is not None and self.expires_at <= clock.now()
        return self.State.EXPIRED if is_over else self.State.VALID

    @property
    def is_valid(self) -> bool:
        return self.state == self.State.VALID


class SigningKey(models.Model):
    """An Ed25519 key of the school. One signs; the public halves of all stay published, so that what
    an older one signed can be checked for ever. The secret half goes when the key retires."""

    name = models.CharField(max_length=40, unique=True, default=ids.maker("key"), editable=False)
    public = models.CharField("public key", max_length=43, unique=True)
    secret = EncryptedTextField(blank=True, default="", editable=False)
    made_at = models.DateTimeField(default=clock.real, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_signing = models.BooleanField(default=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_signing"], condition=Q(is_signing=True), name="one_key_signs"
            ),
            models.CheckConstraint(
                condition=Q(is_signing=True, retired_at=None)
                | Q(is_signing=False, retired_at__isnull=False, secret=""),
                name="retired_keys_have_no_secret",
            ),
        ]

    def __str__(self):
        return self.name
