"""Topics, questions and answers, instructors."""

from contextlib import contextmanager

from django.db import transaction
from django.db.models import Max

from catalog.actions.drafts import check_slug, clean, free_slug, rename
from catalog.bodies import store_body
from catalog.markdown import render, render_brief
from catalog.models import FAQ, Instructor, Recommendation, Topic, TopicResource, TopicSection
from catalog.queries.items import item_of
from catalog.refusals import StillUsed
from engineroom import audit, clock, slots
from engineroom.refusals import Invalid, Refusal

PLACES = {"lesson": "lessons", "exercise": "exercises", "project": "projects"}


@transaction.atomic
def save_topic(*, topic: Topic, actor) -> Topic:
    """Add or change a topic; another slug leaves a redirect. `topic` is unsaved."""
    wanted = topic.slug or free_slug(Topic, topic.title)
    old = Topic.objects.select_for_update().filter(pk=topic.pk).first() if topic.pk else None
    topic.introduction_html = render(topic.introduction).html
    topic.changed_at = clock.now()
    topic.slug = old.slug if old else wanted
    check_slug(Topic, wanted, old)
    clean(topic)
    topic.save()
    if old and wanted != old.slug:
        rename(topic, wanted)
    audit.record("topic.saved", topic.public_id, actor=actor, slug=topic.slug)
    return topic


@transaction.atomic
def delete_topic(*, topic: Topic, actor) -> None:
    """What nobody has bought or may study as a whole. Raises StillUsed, saying why."""
    for why in slots.gather("catalog.topic_in_use", topic):
        if why:
            raise StillUsed(f"This topic cannot be deleted: {why}")
    audit.record("topic.deleted", topic.public_id, actor=actor, slug=topic.slug)
    topic.delete()


@transaction.atomic
def save_section(*, section: TopicSection, actor, source: str | None = None) -> TopicSection:
    """A section of a topic; its headings start below the section's own. Without a position it is
    the last one."""
    if section.position is None:
        last = section.topic.sections.aggregate(last=Max("position"))["last"]
        section.position = (last or 0) + 1
    if source is not None:
        section.body = store_body(source, top=3, anchor_prefix=f"{section.key}-")
    clean(section, exclude=["body"])
    section.save()
    _touch(section.topic, actor, "section", section.key)
    return section


@transaction.atomic
def save_resource(*, resource: TopicResource, actor) -> TopicResource:
    clean(resource)
    resource.save()
    _touch(resource.topic, actor, "resource", resource.title[:80])
    return resource


@transaction.atomic
def save_recommendation(*, recommendation: Recommendation, actor) -> Recommendation:
    """A course, or an item of it that its draft or edition has."""
    row = recommendation
    clean(row)
    if row.key:
        editions = [row.course.published_edition, row.course.editions.filter(state="draft").first()]
        place = PLACES[row.kind]
        if not any(edition and item_of(edition, place, row.key) for edition in editions):
            raise Invalid(f"The course has no {row.kind} with this key.", field="key")
    row.save()
    _touch(row.topic, actor, "recommendation", str(row))
    return row


@transaction.atomic
def set_recommendations(*, topic: Topic, actor, rows: list[Recommendation]) -> None:
    """Recommend exactly `rows`, unsaved, in this order. Raises what `save_recommendation` raises,
    with the row's place in the field."""
    old = {(row.kind, row.course_id, row.key): row for row in topic.recommendations.all()}
    for position, row in enumerate(rows, start=1):
        row = old.pop((row.kind, row.course_id, row.key), row)
        row.topic, row.position = topic, position
        with _placed("recommendations", position):
            save_recommendation(recommendation=row, actor=actor)
    for row in old.values():
        delete_topic_part(part=row, actor=actor)


@transaction.atomic
def set_resources(*, topic: Topic, actor, rows: list[TopicResource]) -> None:
    """Name exactly `rows`, unsaved, in this order."""
    old = list(topic.resources.all())
    for position, row in enumerate(rows, start=1):
        row.topic, row.position = topic, position
        if position <= len(old):
            row.pk, row._state.adding = old[position - 1].pk, False
        with _placed("resources", position):
            save_resource(resource=row, actor=actor)
    for row in old[len(rows) :]:
        delete_topic_part(part=row, actor=actor)


@contextmanager
def _placed(name: str, position: int):
    """A refusal inside names the row of the list that it is about."""
    try:
        yield
    except Refusal as refusal:
        inner = f".{refusal.field}" if refusal.field else ""
        refusal.field = f"{name}.{position - 1}{inner}"
        raise


@transaction.atomic
def delete_topic_part(*, part, actor) -> None:
    """A section, resource or recommendation."""
    topic = part.topic
    part.delete()
    _touch(topic, actor, type(part).__name__.lower(), "removed")


def _touch(topic: Topic, actor, part: str, what: str) -> None:
    Topic.objects.filter(pk=topic.pk).update(changed_at=clock.now())
    audit.record("topic.changed", topic.public_id, actor=actor, part=part, what=what)


@transaction.atomic
def save_faq(*, faq: FAQ, actor) -> FAQ:
    """A question and its answer (Markdown) of a topic or a course."""
    faq.answer_html = render_brief(faq.answer)
    clean(faq, exclude=["answer_html"])
    faq.save()
    audit.record("faq.saved", faq.public_id, actor=actor)
    return faq


@transaction.atomic
def delete_faq(*, faq: FAQ, actor) -> None:
    audit.record("faq.deleted", faq.public_id, actor=actor)
    faq.delete()


@transaction.atomic
def save_instructor(*, instructor: Instructor, actor) -> Instructor:
    """Another slug leaves a redirect."""
    wanted = instructor.slug or free_slug(Instructor, instructor.name)
    old = Instructor.objects.filter(pk=instructor.pk).first() if instructor.pk else None
    check_slug(Instructor, wanted, old)
    instructor.slug = old.slug if old else wanted
    clean(instructor)
    instructor.save()
    if old and wanted != old.slug:
        rename(instructor, wanted)
    audit.record("instructor.saved", instructor.public_id, actor=actor, slug=instructor.slug)
    return instructor


@transaction.atomic
def delete_instructor(*, instructor: Instructor, actor) -> None:
    audit.record("instructor.deleted", instructor.public_id, actor=actor, slug=instructor.slug)
    instructor.delete()
