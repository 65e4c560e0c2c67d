"""Who may study what, where they are, what they finished."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from catalog.models import Topic
from engineroom import clock, ids


class GrantQuerySet(models.QuerySet):
    def valid(self):
        """Grants that hold at this moment."""
        now = clock.now()
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)

    def of(self, person):
        return self.filter(person=person)

    def opening(self, course):
        """Grants that open the course."""
        return self._opening(course.public_id, Topic.objects.filter(courses=course.pk))

    def opening_enrollment(self):
        """The same inside a subquery of enrollments."""
        topics = Topic.objects.filter(courses=OuterRef(OuterRef("course")))
        return self._opening(OuterRef("course__public_id"), topics)

    def _opening(self, key, topics):
        return self.filter(
            Q(scope=Grant.Scope.SCHOOL)
            | Q(scope=Grant.Scope.COURSE, scope_key=key)
            | Q(scope=Grant.Scope.TOPIC, scope_key__in=topics.values("public_id"))
        )


class Grant(models.Model):
    """One source's permission to study. What a person may open is the union of the valid ones, so
    ending one source never takes away what another gave.

    `scope_key` is the public id of the topic or course (empty for the school), which survives a
    change of address. `source_key` names what gave it: an order line, a person, a staff decision.
    """

    class Scope(models.TextChoices):
        SCHOOL = "school"
        TOPIC = "topic"
        COURSE = "course"
        COHORT = "cohort"

    class Source(models.TextChoices):
        ORDER = "order"
        FREE = "free", "free start"
        STAFF = "staff"
        GIFT = "gift"
        SEAT = "seat"
        MEMBERSHIP = "membership"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("grant"), editable=False
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants")
    scope = models.CharField(max_length=10, choices=Scope)
    scope_key = models.CharField(max_length=160, blank=True)
    starts_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=12, choices=Source)
    source_key = models.CharField(max_length=160)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_key", "scope", "scope_key"],
                name="one_grant_per_source_and_scope",
            ),
            models.CheckConstraint(
                condition=Q(scope="school", scope_key="") | ~Q(scope="school") & ~Q(scope_key=""),
                name="grant_scope_has_its_key",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                name="grant_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["person", "scope", "scope_key"], name="grant_by_person")]

    def __str__(self):
        return f"{self.scope} {self.scope_key}".strip()

    @property
    def is_valid(self) -> bool:
        now = clock.now()
        return self.starts_at <= now and (self.ends_at is None or self.ends_at > now)


class EnrollmentQuerySet(models.QuerySet):
    def of(self, person):
        """What this person may see: their own places. Everything else does not exist for them."""
        return self.filter(person=person)

    def with_access(self):
        """Adds `has_access`: whether a grant of the person opens the course right now."""
        grants = Grant.objects.valid().filter(person=OuterRef("person"))
        return self.annotate(has_access=Exists(grants.opening_enrollment()))


class Enrollment(models.Model):
    """A person's place in a course, pinned to the edition they study. `last_key` is where they were.

    `finished_at` and `finished_edition` say when everything of which edition was done for the first
    time. No later edition and no mark taken back changes them.
    """

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("enrollment"), editable=False
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="enrollments")
    course = models.ForeignKey("catalog.Course", models.PROTECT, related_name="enrollments")
    edition = models.ForeignKey("catalog.Edition", models.PROTECT, related_name="enrollments")
    started_at = models.DateTimeField(default=clock.now, editable=False)
    last_key = models.CharField(max_length=160, blank=True)
    seen_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_edition = models.PositiveIntegerField(null=True, blank=True, editable=False)
    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "course"], name="one_enrollment_per_person_and_course"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None, finished_edition=None)
                | Q(finished_at__isnull=False, finished_edition__isnull=False),
                name="finished_enrollments_name_the_edition",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-seen_at", "-id"], name="enrollment_recent"),
            models.Index(fields=["started_at"], name="enrollment_by_start"),
        ]

    def __str__(self):
        return self.public_id

    @property
    def is_finished(self) -> bool:
        """Whether the course was ever finished; a new edition does not take that back."""
        return self.finished_at is not None

    @property
    def has_newer_edition(self) -> bool:
        """Whether the course is offered in another edition than the place's own. Needs `course`."""
        return self.course.published_edition_id not in (None, self.edition_id)

    @property
    def news_url(self) -> str:
        """Where it says what the edition on offer changes. Needs `course` and that edition."""
        return f"/learn/{self.course.slug}/editions/{self.course.published_edition.number}/"


class Completion(models.Model):
    """An item that was finished, by key: it outlives the edition in which it was done."""

    class Kind(models.TextChoices):
        LESSON = "lesson"
        EXERCISE = "exercise"
        PROJECT = "project"

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="completions")
    item_kind = models.CharField(max_length=10, choices=Kind)
    item_key = models.CharField(max_length=160)
    completed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "item_kind", "item_key"], name="completed_once_per_item"
            ),
        ]

    def __str__(self):
        return f"{self.item_kind} {self.item_key}"
