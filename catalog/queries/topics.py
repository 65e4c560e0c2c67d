"""Topic pages."""

from dataclasses import dataclass

from django.db.models import Q, prefetch_related_objects

from catalog.models import FAQ, Course, Topic, TopicResource, TopicSection
from catalog.queries.courses import add_prices
from catalog.queries.items import items_by_key
from engineroom import slots

PLACES = {"lesson": "lessons", "exercise": "exercises", "project": "projects"}


@dataclass(frozen=True)
class TopicPage:
    topic: Topic
    sections: list[TopicSection]
    courses: list[Course]
    lessons: list
    exercises: list
    projects: list
    faqs: list[FAQ]
    resources: list[TopicResource]
    gallery: list[dict]
    related: list[Topic]

    @property
    def minutes(self) -> int:
        words = sum(section.body.word_count for section in self.sections)
        return max(1, round((words + len(self.topic.introduction.split())) / 220))


def topic_page(slug: str, *, with_instructors: bool = False) -> TopicPage | None:
    """Twelve queries at most. Recommendations of what is not on offer are left out."""
    topic = Topic.objects.filter(slug=slug, is_published=True).first()
    if topic is None:
        return None
    wanted = list(topic.recommendations.select_related("course__cover__image"))
    courses = [
        row.course for row in wanted if row.kind == "course" and row.course.published_edition_id
    ]
    found = {
        place: list(
            items_by_key(
                [(row.course_id, row.key) for row in wanted if row.kind == kind], place
            ).values()
        )
        for kind, place in PLACES.items()
    }
    courses = courses or _of_topic(topic)
    if with_instructors:
        prefetch_related_objects(courses, "instructors")
    pairs = [(row.edition.course.slug, row.key) for row in found["projects"]]
    return TopicPage(
        topic=topic,
        sections=list(topic.sections.select_related("body")),
        courses=add_prices(courses),
        faqs=list(topic.faqs.all()),
        resources=list(topic.resources.all()),
        gallery=slots.ask("catalog.gallery", pairs, 6, default=[]) if pairs else [],
        related=list(
            Topic.objects.filter(is_published=True)
            .exclude(pk=topic.pk)
            .only("slug", "title")
            .order_by("position", "title")[:8]
        ),
        **found,
    )


def _of_topic(topic: Topic) -> list[Course]:
    """Courses that name the topic, when it recommends none itself."""
    found = Course.objects.published().filter(topics=topic).select_related("cover__image")
    return list(found[:6])


def faqs_on_offer(*, topic: str = "", course: str = ""):
    """Questions of published topics and courses, narrowed to one of them by slug."""
    found = FAQ.objects.filter(
        Q(topic__is_published=True) | Q(course__published_edition__isnull=False)
    )
    if topic:
        found = found.filter(topic__slug=topic)
    if course:
        found = found.filter(course__slug=course)
    return found.select_related("topic", "course")


def topic_source(slug: str) -> Topic | None:
    """A topic as staff write it, with all its parts. Six queries."""
    parts = ("sections__body", "recommendations__course", "resources", "faqs__topic")
    return Topic.objects.filter(slug=slug).prefetch_related(*parts).first()
