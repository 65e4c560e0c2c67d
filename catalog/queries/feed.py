"""What is new, for the feed."""

from catalog.models import Course, Lesson
from catalog.queries.searching import published_items


def newest_courses(limit: int = 20) -> list[Course]:
    return list(Course.objects.published().order_by("-published_at", "-pk")[:limit])


def newest_open_lessons(limit: int = 20) -> list[Lesson]:
    """Open lessons only: nothing else may leave with its text."""
    found = published_items(Lesson).filter(is_open=True).select_related("body", "edition__course")
    return list(found.order_by("-pk")[:limit])
