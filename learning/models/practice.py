"""Attempts at exercises, and work handed in for projects."""

from django.db import models
from django.db.models import F, Q

from engineroom import clock, ids


class Attempt(models.Model):
    """One try at an exercise. It is graded against the edition it names.

    `layout` freezes what the learner sees: a list of {"question", "options", "partners"} of keys in
    shuffled order; their places in it are the only names of choices that leave the server. A closed
    one ended without grading, because the learner's edition has no such exercise any more.
    """

    class State(models.TextChoices):
        OPEN = "open"
        GRADED = "graded"
        CLOSED = "closed"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("attempt"), editable=False
    )
    enrollment = models.ForeignKey("learning.Enrollment", models.CASCADE, related_name="attempts")
    exercise_key = models.CharField(max_length=160)
    edition_number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    layout = models.JSONField(default=list)
    started_at = models.DateTimeField(default=clock.now, editable=False)
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    score = models.PositiveIntegerField(null=True, blank=True)
    max_score = models.PositiveIntegerField(null=True, blank=True)

    # Set on the object that `start_attempt` has just created.
    is_new = False

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "exercise_key"],
                condition=Q(state="open"),
                name="one_open_attempt_per_exercise",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["open", "closed"], submitted_at=None, score=None, max_score=None
                )
                | Q(
                    state="graded",
                    submitted_at__isnull=False,
                    score__isnull=False,
                    max_score__isnull=False,
                ),
                name="graded_attempts_have_a_score",
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__lte=F("max_score")),
                name="score_is_at_most_the_maximum",
            ),
        ]
        indexes = [
            models.Index(fields=["enrollment", "exercise_key", "-id"], name="attempt_by_exercise")
        ]

    def __str__(self):
        return self.public_id

    @property
    def is_graded(self) -> bool:
        return self.state == self.State.GRADED


class Answer(models.Model):
    """What was given to a question. `given` names options by key; `is_right` is set by grading."""

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="answers")
    question_key = models.CharField(max_length=160)
    given = models.JSONField(default=dict)
    is_right = models.BooleanField(null=True)
    points = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "question_key"], name="one_answer_per_question"
            ),
        ]

    def __str__(self):
        return self.question_key


class SubmissionQuerySet(models.QuerySet):
    def of(self, person):
        return self.filter(enrollment__person=person)

    def shown(self):
        """What the gallery may show: by consent, and not hidden by staff."""
        return self.filter(is_public=True, is_hidden=False)


class Submission(models.Model):
    """A finished work. Samples of the school have no enrollment and are marked as such."""

    class State(models.TextChoices):
        SUBMITTED = "submitted"

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("work"), editable=False
    )
    enrollment = models.ForeignKey(
        "learning.Enrollment", models.CASCADE, null=True, blank=True, related_name="submissions"
    )
    course = models.ForeignKey("catalog.Course", models.PROTECT, related_name="submissions")
    project_key = models.CharField(max_length=160)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    link = models.URLField(max_length=500, blank=True)
    author_name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.SUBMITTED)
    is_public = models.BooleanField("in the gallery", default=False)
    is_hidden = models.BooleanField("hidden by staff", default=False)
    is_sample = models.BooleanField("sample work", default=False)
    submitted_at = models.DateTimeField(default=clock.now)
    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "project_key"],
                condition=Q(enrollment__isnull=False),
                name="one_submission_per_project",
            ),
            models.UniqueConstraint(
                fields=["course", "project_key", "title"],
                condition=Q(is_sample=True),
                name="one_sample_per_title",
            ),
            models.CheckConstraint(
                condition=Q(is_sample=True, enrollment=None)
                | Q(is_sample=False, enrollment__isnull=False),
                name="only_samples_have_no_learner",
            ),
        ]
        indexes = [
            models.Index(
                fields=["course", "project_key", "-id"],
                name="submission_gallery",
                condition=Q(is_public=True, is_hidden=False),
            )
        ]

    def __str__(self):
        return self.title
