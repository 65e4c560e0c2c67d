"""Texts in the database: rendered once, stored once per digest."""

from catalog.markdown import Rendered, render
from catalog.models import Body


def store_body(source: str, rendered: Rendered | None = None, **how) -> Body:
    """The body of a text. `rendered` is the result of `markdown.render`; without it the text is
    rendered here with `how` (`resolve_link`, `resolve_image`, `top`, `anchor_prefix`)."""
    rendered = rendered or render(source, **how)
    body, _ = Body.objects.get_or_create(
        digest=rendered.digest,
        defaults={
            "source": source.replace("\0", "�"),
            "html": rendered.html,
            "text": rendered.text,
            "word_count": rendered.word_count,
        },
    )
    return body


def reading_minutes(word_count: int) -> int:
    """At 220 words a minute, at least one."""
    return max(1, round(word_count / 220))
