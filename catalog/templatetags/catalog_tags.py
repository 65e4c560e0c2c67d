"""Covers, spines, prices and times. No tag runs a query."""

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from catalog.art import cover_of
from catalog.covers import spine_svg

register = template.Library()
drawn_spine = lru_cache(maxsize=2048)(spine_svg)


@register.simple_tag
def cover(course, edition=None):
    """The course's cover: the uploaded picture, else the drawing of its slug. Decoration."""
    return format_html('<div class="cover">{}</div>', cover_of(course, (edition or course).title))


@register.simple_tag
def spine(course):
    return mark_safe(drawn_spine(course.slug, course.title))


@register.filter
def hours(minutes: int) -> str:
    """45 min, 1 h, 7 h."""
    return f"{minutes} min" if minutes < 55 else f"{max(1, round(minutes / 60))} h"


@register.filter
def spoken_hours(minutes: int) -> str:
    if minutes < 55:
        return f"{minutes} minutes"
    count = max(1, round(minutes / 60))
    return f"{count} hour{'' if count == 1 else 's'}"


@register.filter
def price(course) -> str:
    """What the course costs, in words."""
    if course.is_free:
        return "Free"
    offer = getattr(course, "offer", None)
    return offer["text"] if offer else ""


@register.filter
def by_letter(rows) -> list:
    """Rows with a title, grouped by its first letter: [(letter, rows)]."""
    groups: dict[str, list] = {}
    for row in rows:
        groups.setdefault(row.title[:1].upper(), []).append(row)
    return sorted(groups.items())


@register.filter
def at(mapping, key):
    """mapping[key], or 0."""
    return mapping.get(key, 0)


@register.simple_tag
def item_address(base: str, place: str, key: str) -> str:
    return f"{base}{place}/{key}/"


LANGUAGES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fa": "Persian",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
    "ru": "Russian", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "zh": "Chinese",
}  # fmt: skip


@register.filter
def language_name(locale: str) -> str:
    base, _, rest = locale.partition("-")
    name = LANGUAGES.get(base.lower(), locale)
    return f"{name} ({rest})" if rest and name != locale else name
