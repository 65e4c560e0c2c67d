"""Seats that a team has bought, and who sits in them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from engineroom import clock, ids
from learning.models.access import Grant


class SeatPool(models.Model):
    """What one team has of one thing. Invitations and claims both take a seat: `taken` counts them,
    is moved by a conditional UPDATE only, and the database refuses a number above `seats`."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("seats"), editable=False
    )
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="pools")
    scope = models.CharField(max_length=10, choices=Grant.Scope, default=Grant.Scope.COURSE)
    scope_key = models.CharField(max_length=160, blank=True)
    course = models.ForeignKey(
        "catalog.Course", models.PROTECT, null=True, blank=True, related_name="+"
    )
    seats = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    link_digest = models.CharField(
        max_length=64, unique=True, null=True, blank=True, editable=False
    )
    link_made_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "scope", "scope_key"], name="one_pool_per_team_and_thing"
            ),
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("seats")), name="pool_taken_within_seats"
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/teams/seats/{self.public_id}/"

    @property
    def title(self) -> str:
        return self.course.title if self.course_id else "Every course of the school"

    @property
    def free(self) -> int:
        return self.seats - self.taken


class SeatBatch(models.Model):
    """How many seats one paid order line gave. Withdrawn once, with exactly that line."""

    pool = models.ForeignKey(SeatPool, models.PROTECT, related_name="batches")
    line = models.CharField("order line", max_length=40, unique=True)
    seats = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "seat batches"

    def __str__(self):
        return self.line


class SeatClaim(models.Model):
    """A seat given to somebody: invited by address, or claimed. Taken back, it is free again.

    The key of an invitation's link is kept as a SHA-256 digest only.
    """

    class State(models.TextChoices):
        INVITED = "invited"
        CLAIMED = "claimed"
        TAKEN_BACK = "taken_back", "taken back"

    LIVE = (State.INVITED, State.CLAIMED)

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("claim"), editable=False
    )
    pool = models.ForeignKey(SeatPool, models.PROTECT, related_name="claims")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    email = models.EmailField("e-mail address", max_length=254, blank=True)
    name = models.CharField(max_length=120, blank=True)
    key_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.INVITED)
    created_at = models.DateTimeField("invited at", default=clock.now, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField("taken back at", null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "person"],
                condition=Q(state__in=["invited", "claimed"], person__isnull=False),
                name="one_live_seat_per_pool_and_person",
            ),
            models.UniqueConstraint(
                fields=["pool", "email"],
                condition=Q(state__in=["invited", "claimed"]) & ~Q(email=""),
                name="one_live_seat_per_pool_and_address",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["invited", "claimed", "taken_back"]),
                name="seat_claim_state_is_known",
            ),
        ]
        indexes = [models.Index(fields=["pool", "state", "-id"], name="seat_claim_by_pool")]

    def __str__(self):
        return self.email or self.public_id

    @property
    def who(self) -> str:
        """The address to show; needs the person selected with the row."""
        own = self.person.email if self.person_id else ""
        return self.email or own or "A person who left"

    @property
    def since(self):
        return self.ended_at or self.claimed_at or self.created_at
