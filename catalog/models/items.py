"""The items of a module: lessons, exercises with questions, projects."""

from django.db import models

from engineroom import ids


class Item(models.Model):
    """What lessons, exercises and projects share. `key` is unique in the edition over all three and
    stays the same from edition to edition. `problem` tells why a draft item cannot be published."""

    edition = models.ForeignKey("catalog.Edition", models.CASCADE, related_name="%(class)ss")
    module = models.ForeignKey("catalog.Module", models.CASCADE, related_name="%(class)ss")
    key = models.CharField(max_length=160)
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    is_open = models.BooleanField(
        "open to everybody", default=False, help_text="May be read without a place in the course."
    )
    problem = models.CharField(max_length=300, blank=True, editable=False)
    source_path = models.CharField(max_length=400, blank=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["module__position", "position"]

    def __str__(self):
        return self.title


class Lesson(Item):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("lesson"), editable=False
    )
    body = models.ForeignKey("catalog.Body", models.PROTECT, related_name="+")
    minutes = models.PositiveIntegerField(default=0, help_text="reading time")

    class Meta(Item.Meta):
        constraints = [
            models.UniqueConstraint(fields=["edition", "key"], name="one_lesson_per_key")
        ]
        indexes = [models.Index(fields=["title", "id"], name="lesson_by_title")]


class Exercise(Item):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("exercise"), editable=False
    )
    lesson_key = models.CharField(
        max_length=160, blank=True, help_text="The lesson it belongs to, if any."
    )
    body = models.ForeignKey(
        "catalog.Body",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What stands above the questions.",
    )
    minutes = models.PositiveIntegerField(default=0)
    question_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta(Item.Meta):
        constraints = [
            models.UniqueConstraint(fields=["edition", "key"], name="one_exercise_per_key")
        ]
        indexes = [models.Index(fields=["title", "id"], name="exercise_by_title")]


class Question(models.Model):
    """`answer` holds what grading needs, by kind; it never leaves the server before grading:
    text {"answers": [...]}; numeric {"answer": "250", "tolerance": "0", "unit": "ms"} (decimal strings);
    single and multiple: the options' `is_right`; ordering: the options' position is the right order;
    matching: each option's `match` is its right partner."""

    class Kind(models.TextChoices):
        SINGLE = "single", "single choice"
        MULTIPLE = "multiple", "multiple choice"
        TEXT = "text", "short text"
        NUMERIC = "numeric", "number"
        ORDERING = "ordering", "ordering"
        MATCHING = "matching", "matching"

    exercise = models.ForeignKey(Exercise, models.CASCADE, related_name="questions")
    key = models.CharField(max_length=160)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    prompt = models.TextField()
    prompt_html = models.TextField(editable=False)
    explanation = models.TextField(blank=True)
    explanation_html = models.TextField(blank=True, editable=False)
    answer = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["exercise", "key"], name="one_question_per_key")
        ]

    def __str__(self):
        return self.key


class Option(models.Model):
    question = models.ForeignKey(Question, models.CASCADE, related_name="options")
    key = models.CharField(max_length=160)
    position = models.PositiveIntegerField()
    text = models.TextField()
    text_html = models.TextField(editable=False)
    is_right = models.BooleanField(default=False)
    why = models.TextField(blank=True)
    why_html = models.TextField(blank=True, editable=False)
    match = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["question", "key"], name="one_option_per_key")
        ]

    def __str__(self):
        return self.key


class Solution(models.Model):
    """A worked answer that belongs to an exercise; shown only after an attempt."""

    exercise = models.ForeignKey(Exercise, models.CASCADE, related_name="solutions")
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=200, blank=True)
    body = models.ForeignKey("catalog.Body", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["exercise", "position"], name="one_solution_per_place")
        ]

    def __str__(self):
        return self.title or f"Solution {self.position}"


class Project(Item):
    """`rubric` is a list of {"criterion": text, "points": integer}."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("project"), editable=False
    )
    body = models.ForeignKey("catalog.Body", models.PROTECT, related_name="+")
    hours = models.PositiveIntegerField(default=0)
    rubric = models.JSONField(default=list, blank=True)

    class Meta(Item.Meta):
        constraints = [
            models.UniqueConstraint(fields=["edition", "key"], name="one_project_per_key")
        ]
        indexes = [models.Index(fields=["title", "id"], name="project_by_title")]
