"""Covers as they stand in a page: the uploaded picture, else the drawing."""

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from catalog.covers import cover_svg
from catalog.models import Course

drawn_cover = lru_cache(maxsize=2048)(cover_svg)


def cover_of(course: Course, title: str = "") -> SafeString:
    """The inside of a cover, safe to print. Decoration: the title stands beside it in the page."""
    row = getattr(course, "cover", None) if course.pk else None
    if row is not None and row.image_id:
        return format_html('<img src="{}" alt="" loading="lazy">', row.image.get_absolute_url())
    palette, motif = (row.palette, row.motif) if row is not None else (None, None)
    label = course.get_level_display()
    return mark_safe(drawn_cover(course.slug, title or course.title, label, palette, motif))


def line_art(things: list[tuple[str, str]]) -> dict[tuple[str, str], SafeString]:
    """Covers of the courses among (kind, key) of what is bought: one query. Others are left out."""
    slugs = {key for kind, key in things if kind == "course"}
    if not slugs:
        return {}
    found = Course.objects.published().order_by().select_related("cover__image")
    return {("course", row.slug): cover_of(row) for row in found.filter(slug__in=slugs)}
