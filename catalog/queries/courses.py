"""The home page, the list of courses and the page of one."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, Q

from catalog.filters import Filters
from catalog.models import FAQ, Course, Instructor, Lesson, Topic
from catalog.queries.outlines import Part, outline
from catalog.queries.searching import COURSE_ORDERS, matching_courses, published_items
from engineroom import slots
from engineroom.pagination import KeyPage, key_page

PAGE_SIZE = 24
SHELF_SIZE = 16


def with_cover(courses):
    return courses.select_related("cover__image")


def add_prices(courses: list[Course]) -> list[Course]:
    """Give each course its `offer` (see the slot catalog.prices) or None: one query for all."""
    slugs = [course.slug for course in courses if not course.is_free]
    found = slots.ask("catalog.prices", slugs, default={}) if slugs else {}
    for course in courses:
        course.offer = found.get(course.slug)
    return courses


def add_memberships(course: Course, topics: list[Topic]) -> Course:
    """Give the course its `memberships`: those on sale that open it, one query. A free one needs
    none."""
    slugs = [topic.slug for topic in topics]
    found = [] if course.is_free else slots.ask("catalog.memberships", slugs, default=[])
    course.memberships = found
    return course


def topic_counts() -> list[Topic]:
    """Published topics that have courses on offer, each with `course_count`: one query."""
    on_offer = Count("courses", filter=Q(courses__published_edition__isnull=False))
    counted = Topic.objects.filter(is_published=True).annotate(course_count=on_offer)
    return list(counted.order_by("title", "pk"))


@dataclass(frozen=True)
class Home:
    shelf: list[Course]
    newest: list[Course]
    topics: list[Topic]
    beginnings: list[tuple[str, list[Course]]]
    open_lesson: Lesson | None
    gallery: list[dict]


def home() -> Home:
    """Five queries: courses, prices, topics, an open lesson, works."""
    newest = Course.objects.published().order_by(*COURSE_ORDERS["newest"])
    shelf = add_prices(list(with_cover(newest)[:SHELF_SIZE]))
    by_level = [
        (level, [course for course in shelf if course.level == level][:3])
        for level in ("beginner", "intermediate", "advanced")
    ]
    return Home(
        shelf=shelf,
        newest=shelf[:4],
        topics=topic_counts(),
        beginnings=[pair for pair in by_level if pair[1]],
        open_lesson=published_items(Lesson)
        .filter(is_open=True)
        .select_related("edition__course")
        .order_by("-pk")
        .first(),
        gallery=slots.ask("catalog.gallery", [], 3, default=[]),
    )


@dataclass(frozen=True)
class Facets:
    """How many courses there are by level, language and price, whatever is filtered."""

    levels: dict
    languages: dict
    free: int
    paid: int

    @property
    def total(self) -> int:
        return self.free + self.paid


def facets() -> Facets:
    rows = Course.objects.published().order_by().values_list("level", "language", "is_free")
    levels, languages, prices = Counter(), Counter(), Counter()
    for level, language, is_free, count in rows.annotate(count=Count("pk")):
        levels[level] += count
        languages[language] += count
        prices[is_free] += count
    return Facets(dict(levels), dict(sorted(languages.items())), prices[True], prices[False])


@dataclass(frozen=True)
class CourseList:
    page: KeyPage
    total: int
    topics: list[Topic]
    facets: Facets
    nearby: list[Course] = field(default_factory=list)


def course_list(filters: Filters, *, size: int = PAGE_SIZE) -> CourseList:
    """Six queries: page, instructors, prices, number, topics, facets. Raises BadCursor."""
    found = matching_courses(filters)
    page = key_page(
        with_cover(found).prefetch_related("instructors"),
        COURSE_ORDERS[filters.sort],
        after=filters.after,
        size=size,
    )
    nearby = [] if page.rows else list(with_cover(Course.objects.published())[:4])
    add_prices(page.rows or nearby)
    return CourseList(page, found.count(), topic_counts(), facets(), nearby)


@dataclass(frozen=True)
class CoursePage:
    course: Course
    parts: list[Part]
    topics: list[Topic]
    instructors: list[Instructor]
    faqs: list[FAQ]


def published_course(slug: str) -> Course | None:
    """The course with the edition on offer, its description and its cover: one query."""
    return (
        Course.objects.published()
        .select_related("published_edition__description", "cover__image")
        .filter(slug=slug)
        .first()
    )


def course_page(slug: str) -> CoursePage | None:
    """Six queries, the price and the memberships."""
    if (course := published_course(slug)) is None:
        return None
    add_prices([course])
    topics = list(course.topics.filter(is_published=True))
    add_memberships(course, topics)
    return CoursePage(
        course=course,
        parts=outline(course.published_edition),
        topics=topics,
        instructors=list(course.instructors.order_by("name", "pk")),
        faqs=list(course.faqs.all()),
    )


def instructor_page(
    slug: str, *, with_instructors: bool = False
) -> tuple[Instructor, list[Course]] | None:
    """An instructor with the courses on offer."""
    instructor = Instructor.objects.filter(slug=slug).first()
    if instructor is None:
        return None
    courses = Course.objects.published().filter(instructors=instructor)
    if with_instructors:
        courses = courses.prefetch_related("instructors")
    return instructor, add_prices(list(with_cover(courses)[:100]))
