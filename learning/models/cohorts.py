"""Courses that begin together: their dates, their places, and who waits for one."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from engineroom import clock, ids


class CohortQuerySet(models.QuerySet):
    def coming(self):
        """Shown on the course's page: places can be booked, or waited for."""
        now = clock.now()
        return self.filter(is_open=True, sells_until__gt=now)


class Cohort(models.Model):
    """`seats_taken` counts held and taken seats together. It is moved by a conditional UPDATE only,
    and the database refuses a number above the capacity."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("cohort"), editable=False
    )
    course = models.ForeignKey("catalog.Course", models.PROTECT, related_name="cohorts")
    title = models.CharField(max_length=120)
    starts_on = models.DateField()
    ends_on = models.DateField()
    sells_until = models.DateTimeField("seats are sold until")
    capacity = models.PositiveIntegerField("seats")
    seats_taken = models.PositiveIntegerField(default=0, editable=False)
    is_open = models.BooleanField("on sale", default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    objects = CohortQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(seats_taken__gte=0, seats_taken__lte=F("capacity")),
                name="cohort_seats_within_capacity",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="cohort_ends_after_it_starts"
            ),
        ]
        indexes = [models.Index(fields=["course", "sells_until"], name="cohort_by_course")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/cohorts/{self.public_id}/"

    @property
    def seats_left(self) -> int:
        return self.capacity - self.seats_taken

    @property
    def is_sold_out(self) -> bool:
        return self.seats_taken >= self.capacity

    @property
    def is_selling(self) -> bool:
        return self.is_open and self.sells_until > clock.now()


class Seat(models.Model):
    """One place in a cohort: held for a buyer or for who waited longest, then taken.

    `line` is the public id of the order line it belongs to; a seat offered to the waiting list has
    none until its person buys.
    """

    class State(models.TextChoices):
        HELD = "held"
        TAKEN = "taken"
        RELEASED = "released"
        EXPIRED = "expired"

    LIVE = (State.HELD, State.TAKEN)

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("seat"), editable=False
    )
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="seats")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="seats"
    )
    line = models.CharField("order line", max_length=40, null=True, blank=True, unique=True)
    entry = models.ForeignKey(
        "learning.WaitingEntry",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="seats",
        verbose_name="offered to",
    )
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "person"],
                condition=Q(state__in=["held", "taken"], person__isnull=False),
                name="one_live_seat_per_person_and_cohort",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["held", "taken", "released", "expired"]),
                name="seat_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=False) | ~Q(state="held"),
                name="held_seat_expires",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="seat_held_until")
        ]

    def __str__(self):
        return self.public_id


class WaitingEntry(models.Model):
    """A place in the line for a cohort that is sold out. Whoever came first is asked first."""

    class State(models.TextChoices):
        WAITING = "waiting"
        OFFERED = "offered"
        BOUGHT = "bought"
        LAPSED = "lapsed", "offer ran out"
        LEFT = "left"

    LIVE = (State.WAITING, State.OFFERED)

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("waiting"), editable=False
    )
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="waiting")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    email = models.EmailField("e-mail address", max_length=254)
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    offered_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField("waits since", default=clock.now, editable=False)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "waiting entries"
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "email"],
                condition=Q(state__in=["waiting", "offered"]),
                name="waits_once_per_cohort",
            ),
            models.CheckConstraint(
                condition=Q(offered_until__isnull=False) | ~Q(state="offered"),
                name="offered_seat_has_its_end",
            ),
        ]
        indexes = [models.Index(fields=["cohort", "state", "id"], name="waiting_in_line")]

    def __str__(self):
        return self.email
