"""Filters and orders, applied to courses and to the items of published editions."""

from functools import reduce
from operator import and_, or_

from django.db.models import F, Q

from catalog.filters import Filters
from catalog.models import Course

COURSE_ORDERS = {
    "newest": ["-published_at", "-pk"],
    "title": ["title", "pk"],
    "shortest": ["minutes", "pk"],
}


def matching(words: list[str], *columns: str) -> Q:
    """Every word stands in one of the columns, in any case.

    SQLite folds only ASCII letters, so other words are tried in their usual writings too.
    """
    return reduce(and_, (_one(word, columns) for word in words), Q())


def _one(word: str, columns) -> Q:
    writings = {word}
    if not word.isascii():
        writings |= {word.lower(), word.upper(), word.capitalize()}
    parts = [Q(**{f"{column}__icontains": text}) for text in writings for column in columns]
    return reduce(or_, parts)


def course_conditions(filters: Filters, prefix: str = "") -> Q:
    """What narrows a list by facts of the course, which is found under `prefix`."""
    conditions = Q()
    if filters.topics:
        through = Course.topics.through.objects.filter(topic__slug__in=filters.topics)
        conditions &= Q(**{f"{prefix}pk__in": through.values("course_id")})
    if filters.levels:
        conditions &= Q(**{f"{prefix}level__in": filters.levels})
    if filters.languages:
        conditions &= Q(**{f"{prefix}language__in": filters.languages})
    return conditions


def matching_courses(filters: Filters):
    """Published courses that fit, in no order yet."""
    found = Course.objects.published().filter(course_conditions(filters))
    if filters.price:
        found = found.filter(is_free=filters.price == "free")
    return found.filter(matching(filters.words, "title", "summary"))


def published_items(model):
    """Rows of lessons, exercises or projects that stand in the edition on offer."""
    return model.objects.filter(edition__course__published_edition=F("edition"))


def matching_items(model, filters: Filters):
    """Items on offer that fit; free are those anybody may read and those of free courses."""
    found = published_items(model).filter(course_conditions(filters, "edition__course__"))
    if filters.price:
        is_free = Q(is_open=True) | Q(edition__course__is_free=True)
        found = found.filter(is_free if filters.price == "free" else ~is_free)
    return found.filter(matching(filters.words, "title", "summary"))
