"""What every change of a draft has to observe. Called inside the caller's transaction."""

import re
import unicodedata

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from catalog.models import (
    Course,
    Edition,
    Exercise,
    Instructor,
    Lesson,
    Project,
    SlugRedirect,
    Topic,
)
from catalog.refusals import BadKey, BadSlug, EditionClosed, KeyTaken, SlugTaken
from engineroom.refusals import Invalid

ITEMS = (Lesson, Exercise, Project)
KINDS = {Course: "course", Topic: "topic", Instructor: "instructor"}
WORD = re.compile(r"[\w-]{1,160}")


def open_draft(edition: Edition) -> Edition:
    """The edition, locked until the transaction ends. Raises EditionClosed when it is no draft."""
    locked = Edition.objects.select_for_update().select_related("course").get(pk=edition.pk)
    if not locked.is_draft:
        raise EditionClosed
    return locked


def clean(row, *, exclude=()) -> None:
    """Check a row as a form would; the first error becomes a refusal beside its field."""
    _refuse_nul(row)
    try:
        row.full_clean(exclude=set(exclude))
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        name = None if field == NON_FIELD_ERRORS else field
        raise Invalid(messages[0], field=name) from error


def _refuse_nul(row) -> None:
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, str) and "\0" in value:
            raise Invalid("The text holds a character that cannot be stored.", field=field.name)


def word_of(title: str, fallback: str) -> str:
    """A slug or key made of a title in any script."""
    text = unicodedata.normalize("NFKC", title).lower()
    return re.sub(r"[^\w]+", "-", text).strip("-_")[:80].strip("-_") or fallback


def free_slug(model, title: str) -> str:
    """A slug of the title that nothing of the kind has or had."""
    base = word_of(title, model._meta.model_name)
    slug, number = base, 1
    while is_slug_taken(model, slug):
        number += 1
        slug = f"{base}-{number}"
    return slug


def is_slug_taken(model, slug: str, but_not=None) -> bool:
    rows = model.objects.filter(slug=slug)
    if but_not is not None:
        rows = rows.exclude(pk=but_not.pk)
    return rows.exists()


def check_slug(model, slug: str, but_not=None) -> None:
    if not WORD.fullmatch(slug):
        raise BadSlug
    if is_slug_taken(model, slug, but_not):
        raise SlugTaken


def rename(row, slug: str) -> str:
    """Give a course, topic or instructor another slug and leave a redirect. Returns the old one."""
    model, old = type(row), row.slug
    check_slug(model, slug, row)
    kind = KINDS[model]
    SlugRedirect.objects.filter(kind=kind, old_slug=slug).delete()
    SlugRedirect.objects.filter(kind=kind, new_slug=old).update(new_slug=slug)
    SlugRedirect.objects.update_or_create(kind=kind, old_slug=old, defaults={"new_slug": slug})
    row.slug = slug
    row.save(update_fields=["slug"])
    return old


def free_key(edition: Edition, title: str, fallback: str) -> str:
    base = word_of(title, fallback)
    key, number = base, 1
    while is_key_taken(edition, key):
        number += 1
        key = f"{base}-{number}"
    return key


def is_key_taken(edition: Edition, key: str, but_not=None) -> bool:
    """Keys are unique over lessons, exercises and projects together."""
    for model in ITEMS:
        rows = model.objects.filter(edition=edition, key=key)
        if but_not is not None and isinstance(but_not, model):
            rows = rows.exclude(pk=but_not.pk)
        if rows.exists():
            return True
    return False


def check_key(edition: Edition, key: str, but_not=None) -> None:
    if not WORD.fullmatch(key):
        raise BadKey
    if is_key_taken(edition, key, but_not):
        raise KeyTaken
