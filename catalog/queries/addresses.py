"""Old addresses, and all addresses for the site map."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Max

from catalog.models import Course, Instructor, SlugRedirect, Topic
from catalog.queries.items import KINDS
from catalog.queries.searching import published_items

BLOCK = 20_000


def new_slug(kind: str, old_slug: str) -> str | None:
    """Where a course, topic or instructor of that old slug lives now."""
    return (
        SlugRedirect.objects.filter(kind=kind, old_slug=old_slug)
        .values_list("new_slug", flat=True)
        .first()
    )


def map_blocks() -> list[str]:
    """Names of the parts of the site map. Blocks are ranges of keys, so none is ever renumbered."""
    names = ["pages"]
    for place, model in [("courses", Course), *KINDS.items()]:
        last = model.objects.aggregate(last=Max("pk"))["last"]
        if last is not None:
            names += [f"{place}-{number}" for number in range(last // BLOCK + 1)]
    return names


def mapped(place: str, number: int) -> Iterator[tuple[str, datetime]]:
    """(path, changed at) of one block, read from the database as it is sent."""
    ids = {"pk__gte": number * BLOCK, "pk__lt": (number + 1) * BLOCK}
    if place == "courses":
        rows = Course.objects.published().filter(**ids).order_by("pk")
        for slug, changed_at in rows.values_list("slug", "published_at").iterator():
            yield f"/courses/{slug}/", changed_at
        return
    rows = published_items(KINDS[place]).filter(**ids).order_by("pk")
    columns = ["edition__course__slug", "key", "edition__published_at"]
    for slug, key, changed_at in rows.values_list(*columns).iterator():
        yield f"/courses/{slug}/{place}/{key}/", changed_at


def mapped_pages() -> Iterator[tuple[str, datetime | None]]:
    for path in ("/", "/courses/", "/topics/", "/lessons/", "/exercises/", "/projects/"):
        yield path, None
    for topic in Topic.objects.filter(is_published=True).only("slug", "changed_at"):
        yield topic.get_absolute_url(), topic.changed_at
    for slug in Instructor.objects.order_by("pk").values_list("slug", flat=True).iterator():
        yield f"/instructors/{slug}/", None
