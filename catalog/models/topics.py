"""Topics: articles that recommend what to study."""

from django.db import models
from django.db.models import Q

from engineroom import clock, ids


class Topic(models.Model):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("topic"), editable=False
    )
    slug = models.SlugField(max_length=160, unique=True, allow_unicode=True)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    introduction = models.TextField(blank=True)
    introduction_html = models.TextField(blank=True, editable=False)
    is_published = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["position", "title"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/topics/{self.slug}/"


class TopicSection(models.Model):
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="sections")
    key = models.CharField(max_length=160)
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.ForeignKey("catalog.Body", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["topic", "key"], name="one_section_per_key")]

    def __str__(self):
        return self.title


class TopicResource(models.Model):
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="resources")
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    url = models.URLField(max_length=500)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position"]

    def __str__(self):
        return self.title


class Recommendation(models.Model):
    """What a topic recommends: a course, or one item of it by key."""

    class Kind(models.TextChoices):
        COURSE = "course"
        LESSON = "lesson"
        EXERCISE = "exercise"
        PROJECT = "project"

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="recommendations")
    kind = models.CharField(max_length=10, choices=Kind)
    course = models.ForeignKey("catalog.Course", models.CASCADE, related_name="recommended_by")
    key = models.CharField(max_length=160, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "kind", "course", "key"], name="recommended_once_per_topic"
            ),
            models.CheckConstraint(
                condition=Q(kind="course", key="") | ~Q(kind="course") & ~Q(key=""),
                name="recommended_items_have_a_key",
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.key or self.course_id}"


class FAQ(models.Model):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("faq"), editable=False
    )
    topic = models.ForeignKey(Topic, models.CASCADE, null=True, blank=True, related_name="faqs")
    course = models.ForeignKey(
        "catalog.Course", models.CASCADE, null=True, blank=True, related_name="faqs"
    )
    position = models.PositiveIntegerField(default=0)
    question = models.CharField(max_length=300)
    answer = models.TextField()
    answer_html = models.TextField(editable=False)

    class Meta:
        ordering = ["position"]
        verbose_name = "FAQ"
        verbose_name_plural = "FAQs"
        constraints = [
            models.CheckConstraint(
                condition=Q(topic=None, course__isnull=False) | Q(topic__isnull=False, course=None),
                name="faq_belongs_to_topic_or_course",
            ),
        ]

    def __str__(self):
        return self.question
