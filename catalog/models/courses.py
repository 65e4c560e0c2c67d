"""Courses, their editions and modules."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from engineroom import clock, ids


class Level(models.TextChoices):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Instructor(models.Model):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("instructor"), editable=False
    )
    slug = models.SlugField(max_length=160, unique=True, allow_unicode=True)
    name = models.CharField(max_length=120)
    bio = models.TextField(blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="teaches_as"
    )

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return f"/instructors/{self.slug}/"


class CourseQuerySet(models.QuerySet):
    def published(self):
        """Courses with an edition that anybody may see."""
        return self.filter(published_edition__isnull=False)


class Course(models.Model):
    """A course across its editions. The facts below `published_edition` are copied from it when it
    is published, so that lists read one row a course."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("course"), editable=False
    )
    slug = models.SlugField(max_length=160, unique=True, allow_unicode=True)
    topics = models.ManyToManyField("catalog.Topic", blank=True, related_name="courses")
    instructors = models.ManyToManyField(Instructor, blank=True, related_name="courses")
    is_free = models.BooleanField(
        default=True, help_text="Free courses can be started by anybody who is signed in."
    )
    source = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    published_edition = models.OneToOneField(
        "catalog.Edition", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    level = models.CharField(max_length=14, choices=Level, default=Level.BEGINNER)
    language = models.CharField(max_length=12, default="en")
    module_count = models.PositiveIntegerField(default=0, editable=False)
    lesson_count = models.PositiveIntegerField(default=0, editable=False)
    exercise_count = models.PositiveIntegerField(default=0, editable=False)
    project_count = models.PositiveIntegerField(default=0, editable=False)
    minutes = models.PositiveIntegerField(default=0, editable=False)
    objects = CourseQuerySet.as_manager()

    class Meta:
        ordering = ["title", "pk"]
        # Without it, who may change courses changes by the API those that name them as instructor.
        permissions = [("write_every_course", "Can write every course")]
        indexes = [
            models.Index(
                fields=["-published_at", "-id"],
                name="course_newest",
                condition=Q(published_edition__isnull=False),
            ),
            models.Index(
                fields=["title", "id"],
                name="course_by_title",
                condition=Q(published_edition__isnull=False),
            ),
            models.Index(
                fields=["minutes", "id"],
                name="course_by_minutes",
                condition=Q(published_edition__isnull=False),
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/courses/{self.slug}/"


class Cover(models.Model):
    """How the course's cover is drawn; an uploaded picture takes the drawing's place."""

    course = models.OneToOneField(Course, models.CASCADE, related_name="cover")
    image = models.ForeignKey(
        "catalog.ContentFile", models.PROTECT, null=True, blank=True, related_name="+"
    )
    palette = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="0 to 7; empty: by the slug"
    )
    motif = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="0 to 7; empty: by the slug"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(palette=None) | Q(palette__lte=7)) & (Q(motif=None) | Q(motif__lte=7)),
                name="cover_palette_and_motif_exist",
            )
        ]

    def __str__(self):
        return f"Cover of {self.course_id}"


class Edition(models.Model):
    """A state of a course. One draft; published ones never change again (guarded by trigger)."""

    class State(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        WITHDRAWN = "withdrawn"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("edition"), editable=False
    )
    course = models.ForeignKey(Course, models.CASCADE, related_name="editions")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    number = models.PositiveIntegerField(null=True, blank=True, editable=False)
    is_correction = models.BooleanField(default=False, editable=False)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    level = models.CharField(max_length=14, choices=Level, default=Level.BEGINNER)
    language = models.CharField(max_length=12, default="en")
    description = models.ForeignKey(
        "catalog.Body", models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcomes = models.JSONField(default=list, blank=True)
    requirements = models.JSONField(default=list, blank=True)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["course", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=Q(state="draft"), name="one_draft_per_course"
            ),
            models.UniqueConstraint(fields=["course", "number"], name="one_edition_per_number"),
            models.CheckConstraint(
                condition=Q(state="draft", number=None)
                | ~Q(state="draft") & Q(number__isnull=False),
                name="published_editions_are_numbered",
            ),
        ]

    def __str__(self):
        return f"{self.title}, {'draft' if self.number is None else f'edition {self.number}'}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT


class Module(models.Model):
    edition = models.ForeignKey(Edition, models.CASCADE, related_name="modules")
    key = models.CharField(max_length=160)
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "key"], name="one_module_per_key"),
        ]

    def __str__(self):
        return self.title


class SlugRedirect(models.Model):
    """An address that something used to have."""

    kind = models.CharField(max_length=12)
    old_slug = models.CharField(max_length=160)
    new_slug = models.CharField(max_length=160)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "old_slug"], name="one_redirect_per_old_slug")
        ]

    def __str__(self):
        return f"{self.old_slug} → {self.new_slug}"
