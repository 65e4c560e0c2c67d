"""Component tags, built into every template. Each lists its variables; none runs a query."""

import json

from django import template
from django.contrib.messages import get_messages
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from engineroom import slots

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", classes: str = "icon--sm"):
    """An icon of the sprite. Without a label it is decoration."""
    voice = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon {}" {}><use href="{}#{}"/></svg>',
        classes,
        voice,
        static("icons/icons.svg"),
        name,
    )


@register.inclusion_tag("components/field.html")
def field(bound, hint: str = "", kind: str = "input", autocomplete: str = ""):
    """A form field with label, hint and error beside it. `bound` is a BoundField."""
    attrs = {"class": kind}
    described = []
    if hint or bound.help_text:
        described.append(f"{bound.auto_id}-hint")
    if bound.errors:
        described.append(f"{bound.auto_id}-error")
        attrs["aria-invalid"] = "true"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if autocomplete:
        attrs["autocomplete"] = autocomplete
    return {
        "field": bound,
        "hint": hint or bound.help_text,
        "control": bound.as_widget(attrs=attrs),
        "is_check": getattr(bound.field.widget, "input_type", "") == "checkbox",
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(form):
    """The errors of a form, first in main, each a link to its field."""
    return {"form": form}


@register.inclusion_tag("components/messages.html", takes_context=True)
def notices(context):
    """Waiting messages. Read only when there can be some, so that shared pages stay shared."""
    request = context.get("request")
    if request is None or not (context.get("has_messages") or hasattr(request, "_messages")):
        return {"messages": []}
    waiting = get_messages(request) if context.get("has_messages") else []
    return {"messages": list(waiting)}


@register.simple_tag
def json_ld(data: dict):
    """schema.org data for search engines, escaped so that no text can end the block."""
    text = json.dumps(data, ensure_ascii=False)
    for char, escaped in (("<", "\\u003C"), (">", "\\u003E"), ("&", "\\u0026")):
        text = text.replace(char, escaped)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


@register.simple_tag(takes_context=True)
def slot(context, name: str, *args):
    """What other rooms put into this place of the page, rendered."""
    request = context.get("request")
    return mark_safe("".join(str(part) for part in slots.gather(name, request, *args) if part))


@register.simple_tag(takes_context=True)
def here(context, prefix: str):
    """aria-current for a navigation link whose address starts with `prefix`."""
    request = context.get("request")
    is_here = request is not None and request.path.startswith(prefix)
    return mark_safe(' aria-current="page"') if is_here else ""


@register.simple_tag
def board(entry: dict):
    """A board of the admin's front page: its template rendered with its own context."""
    return mark_safe(render_to_string(entry["template"], entry["context"]))


@register.filter
def initials(name: str) -> str:
    """Up to two letters for an avatar."""
    return "".join(part[0] for part in name.split()[:2]).upper()


@register.filter
def roman(number: int) -> str:
    """Part numbers of a table of contents."""
    out = ""
    for value, sign in (
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ):
        while number >= value:
            out, number = out + sign, number - value
    return out
