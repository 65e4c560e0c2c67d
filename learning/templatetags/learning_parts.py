"""Parts of the learner's pages. None runs a query."""

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from catalog.covers import cover_svg
from learning.pictures import qr_svg
from learning.rosettes import rosette_svg

register = template.Library()
WORDS = ["No", "One", "Two", "Three", "Four", "Five", "Six"] + [
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
]

drawn = lru_cache(maxsize=512)(cover_svg)


@register.simple_tag
def book_cover(course):
    """The course's cover: the uploaded picture, else the drawing. Needs `cover__image` selected."""
    cover = getattr(course, "cover", None)
    if cover and cover.image:
        image = cover.image
        return format_html(
            '<img src="{}" alt="" width="{}" height="{}" loading="lazy">',
            image.get_absolute_url(),
            image.width or 300,
            image.height or 400,
        )
    palette, motif = (cover.palette, cover.motif) if cover else (None, None)
    return mark_safe(drawn(course.slug, course.title, "", palette, motif))


@register.inclusion_tag("learning/ticks.html")
def ticks(outline, label):
    """A progress bar with one box a part; the values are also in words."""
    return {"outline": outline, "label": label}


@register.filter
def in_words(number: int) -> str:
    """Small numbers as a word that starts a sentence."""
    return WORDS[number] if 0 <= number < len(WORDS) else str(number)


@register.filter
def hours(minutes: int) -> str:
    """A rough time left, such as `about 9 hours`."""
    if minutes < 60:
        return f"about {minutes} minutes" if minutes != 1 else "about a minute"
    count = round(minutes / 60)
    return f"about {count} hours" if count != 1 else "about an hour"


@register.filter
def sentence_list(numbers: list[int]) -> str:
    """`2`, `2 and 4`, `2, 4 and 5`."""
    names = [str(number) for number in numbers]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


@register.simple_tag
def rosette(number: str):
    """The engraved rosette of a certificate's number, as decoration."""
    return mark_safe(rosette_svg(number))


@register.simple_tag
def qr(address: str):
    """The address as square code, with its name for assistive technology."""
    return mark_safe(qr_svg(address))
