"""Courses, the details of their drafts, their covers."""

from django.db import transaction

from catalog.actions.drafts import check_slug, clean, free_slug, open_draft, rename
from catalog.bodies import store_body
from catalog.events import CourseRenamed
from catalog.files import store_file
from catalog.models import Course, Cover, Edition
from catalog.refusals import StillUsed
from engineroom import audit
from engineroom.events import announce

FACTS = ("title", "summary", "level", "language")


@transaction.atomic
def create_course(*, actor, title: str, slug: str = "", is_free: bool = True, **details) -> Course:
    """A course with an empty draft. `details` are those of `change_draft`, and `topics` and
    `instructors`. Raises SlugTaken, BadSlug, Invalid."""
    if slug:
        check_slug(Course, slug)
    topics, instructors = details.pop("topics", ()), details.pop("instructors", ())
    facts = {name: details[name] for name in FACTS if name in details} | {"title": title}
    course = Course(slug=slug or free_slug(Course, title), is_free=is_free, **facts)
    clean(course)
    course.save()
    course.topics.set(topics)
    course.instructors.set(instructors)
    edition = Edition(course=course, **facts)
    clean(edition)
    edition.save()
    rest = {name: value for name, value in details.items() if name not in FACTS}
    if rest:
        change_draft(edition=edition, actor=actor, **rest)
    audit.record("course.created", course.public_id, actor=actor, slug=course.slug)
    return course


@transaction.atomic
def change_course(*, course: Course, actor, is_free=None, topics=None, instructors=None) -> Course:
    """What a course has outside its editions. None leaves a value as it is."""
    course = Course.objects.select_for_update().get(pk=course.pk)
    changed = {}
    if is_free is not None and is_free != course.is_free:
        course.is_free = changed["is_free"] = is_free
        course.save(update_fields=["is_free"])
    if topics is not None:
        course.topics.set(topics)
        changed["topics"] = sorted(topic.slug for topic in topics)
    if instructors is not None:
        course.instructors.set(instructors)
        changed["instructors"] = sorted(person.slug for person in instructors)
    if changed:
        audit.record("course.changed", course.public_id, actor=actor, **changed)
    return course


@transaction.atomic
def rename_course(*, course: Course, actor, slug: str) -> Course:
    """Move the course to another address; the old one redirects for good."""
    course = Course.objects.select_for_update().get(pk=course.pk)
    if slug == course.slug:
        return course
    old = rename(course, slug)
    audit.record("course.renamed", course.public_id, actor=actor, old=old, new=slug)
    announce(CourseRenamed(course_id=course.pk, old_slug=old, new_slug=slug))
    return course


@transaction.atomic
def delete_course(*, course: Course, actor) -> None:
    """Only a course that was never published can go. Raises StillUsed."""
    course = Course.objects.select_for_update().get(pk=course.pk)
    if course.editions.exclude(state=Edition.State.DRAFT).exists():
        raise StillUsed
    audit.record("course.deleted", course.public_id, actor=actor, slug=course.slug)
    course.delete()


@transaction.atomic
def change_draft(*, edition: Edition, actor, description: str | None = None, **details) -> Edition:
    """Title, summary, level, language, outcomes, requirements and description (Markdown) of a
    draft. A course that was never published takes the facts over at once."""
    edition = open_draft(edition)
    for name, value in details.items():
        setattr(edition, name, value)
    for name in ("outcomes", "requirements"):
        setattr(edition, name, _lines(getattr(edition, name)))
    if description is not None:
        edition.description = store_body(description) if description.strip() else None
    clean(edition)
    edition.save()
    course = edition.course
    if course.published_edition_id is None:
        for name in FACTS:
            setattr(course, name, getattr(edition, name))
        course.save(update_fields=FACTS)
    changed = sorted([*details, *(["description"] if description is not None else [])])
    audit.record("draft.changed", edition.public_id, actor=actor, fields=changed)
    return edition


@transaction.atomic
def change_whole_course(
    *, course: Course, actor, slug: str = "", outside: dict, details: dict
) -> Course:
    """Address, facts outside the editions and details of the draft, all or nothing."""
    course = change_course(course=course, actor=actor, **outside)
    if slug:
        course = rename_course(course=course, actor=actor, slug=slug)
    draft = course.editions.filter(state=Edition.State.DRAFT).first()
    if draft and details:
        course = change_draft(edition=draft, actor=actor, **details).course
    return course


def _lines(value) -> list[str]:
    """A list of at most 30 short lines, whatever was given."""
    rows = value if isinstance(value, list) else str(value or "").splitlines()
    return [str(row).replace("\0", "").strip()[:300] for row in rows if str(row).strip()][:30]


@transaction.atomic
def set_cover(
    *, course: Course, actor, palette=None, motif=None, picture=None, removes_picture=False
) -> Cover:
    """How the cover is drawn; `picture` is (name, bytes) of an uploaded one. Raises BadPicture."""
    cover = Cover.objects.select_for_update().filter(course=course).first() or Cover(course=course)
    cover.palette, cover.motif = palette, motif
    if picture:
        cover.image = store_file(*picture)
    elif removes_picture:
        cover.image = None
    clean(cover)
    cover.save()
    audit.record("cover.changed", course.public_id, actor=actor, has_picture=bool(cover.image_id))
    return cover
