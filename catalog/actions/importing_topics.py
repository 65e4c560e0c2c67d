"""Topic files become topics of the school."""

from django.db import transaction

from catalog.actions.importing import ImportReport
from catalog.importers.facts import write_faqs
from catalog.importers.packages import Package, open_package
from catalog.importers.refusals import PackageRefused
from catalog.importers.settling import Tally, assign, settle
from catalog.importers.texts import TextWriter
from catalog.importers.topics import read_topics
from catalog.importers.tree import Finding, Outcome, TopicSource
from catalog.markdown import render
from catalog.models import (
    Course,
    Exercise,
    Lesson,
    Project,
    Recommendation,
    Topic,
    TopicResource,
    TopicSection,
)
from engineroom import audit, clock

ITEMS = {"lesson": Lesson, "exercise": Exercise, "project": Project}


def import_topics(*, source, actor, is_dry_run: bool = False) -> ImportReport:
    """Bring topics in line with their files: a folder's or zip file's path, or a Package.

    Imported topics are public at once. What a topic recommends and the school does not have is
    left out and reported. Raises PackageRefused; then nothing was changed.
    """
    package = source if isinstance(source, Package) else open_package(source)
    topics = read_topics(package)
    if not topics:
        raise PackageRefused("The package has no topics.")
    tally, report = Tally(), ImportReport()
    with transaction.atomic():
        for position, topic in enumerate(topics, 1):
            before = (tally.created, tally.changed)
            row = _write(topic, position, package, tally)
            report.items += [Finding(topic.path, 0, "topic", Outcome.KEPT), *topic.findings]
            if before != (tally.created, tally.changed) and not is_dry_run:
                audit.record("topic.imported", row.public_id, actor=actor)
        if is_dry_run:
            transaction.set_rollback(True)
    report.created, report.changed = tally.created, tally.changed
    report.unchanged = tally.unchanged
    return report


def _write(source: TopicSource, position: int, package, tally: Tally) -> Topic:
    fields = {
        "title": source.title,
        "summary": source.summary,
        "introduction": source.introduction,
        "introduction_html": render(source.introduction).html,
        "is_published": True,
        "position": position,
    }
    before = (tally.created, tally.changed)
    topic, is_new = Topic.objects.get_or_create(slug=source.slug, defaults=fields)
    changed = [] if is_new else assign(topic, fields)
    tally.note(is_new, bool(changed))
    _sections(topic, source, TextWriter(package, ""), tally)
    _resources(topic, source, tally)
    _recommendations(topic, source, tally)
    write_faqs(source.faqs, tally, topic_id=topic.pk)
    if before != (tally.created, tally.changed):
        topic.changed_at = clock.now()
        topic.save(update_fields=[*changed, "changed_at"])
    return topic


def _sections(topic, source, writer, tally) -> None:
    wanted = {
        section.key: {
            "topic_id": topic.pk,
            "key": section.key,
            "position": position,
            "title": section.title,
            "body_id": writer.body(section.text).pk,
        }
        for position, section in enumerate(source.sections, 1)
    }
    settle(TopicSection, {row.key: row for row in topic.sections.all()}, wanted, tally)


def _resources(topic, source, tally) -> None:
    wanted = {
        resource.url: {
            "topic_id": topic.pk,
            "position": position,
            "title": resource.title,
            "url": resource.url,
            "note": resource.note,
        }
        for position, resource in enumerate(source.resources, 1)
    }
    settle(TopicResource, {row.url: row for row in topic.resources.all()}, wanted, tally)


def _recommendations(topic, source, tally) -> None:
    wanted = {}
    courses = {
        course.slug: course
        for course in Course.objects.filter(slug__in={row.course for row in source.recommendations})
    }
    known = _known_items(courses)
    for position, row in enumerate(source.recommendations, 1):
        course = courses.get(row.course)
        if course is None or (row.key and (row.kind, course.pk, row.key) not in known):
            name = f"{row.course}/{row.key}" if row.key else row.course
            reason = f"The school has no {row.kind} {name}."
            source.findings.append(
                Finding(source.path, 0, "recommendation", Outcome.DROPPED, reason)
            )
            continue
        wanted[row.kind, course.pk, row.key] = {
            "topic_id": topic.pk,
            "kind": row.kind,
            "course_id": course.pk,
            "key": row.key,
            "position": position,
        }
    stored = {(row.kind, row.course_id, row.key): row for row in topic.recommendations.all()}
    settle(Recommendation, stored, wanted, tally)


def _known_items(courses) -> set[tuple]:
    """(kind, course, key) of every item that the courses have in any edition."""
    return {
        (kind, *row)
        for kind, model in ITEMS.items()
        for row in model.objects.filter(edition__course__in=list(courses.values()))
        .values_list("edition__course_id", "key")
        .distinct()
    }
