"""Course packages become drafts; topic files become topics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from catalog.actions.checking import check_draft
from catalog.actions.publishing import publish_edition
from catalog.importers.counting import NOTHING, counts_of, problems_of
from catalog.importers.facts import write_facts
from catalog.importers.findings import item_findings
from catalog.importers.packages import Package, open_package
from catalog.importers.prices import minor_units
from catalog.importers.reading import read_course
from catalog.importers.rows import DraftWriter
from catalog.importers.settling import Tally, assign
from catalog.importers.texts import TextWriter
from catalog.importers.tree import CourseSource, Finding, Outcome, ProjectSource
from catalog.models import Course, Edition, ImportRun, Instructor
from catalog.queries.editions import draft_of
from catalog.refusals import NothingChanged
from engineroom import audit, slots
from engineroom.refusals import NotAllowed


@dataclass
class ImportReport:
    """What an import did, or would do. `run` is None when nothing was kept of it."""

    course: str = ""
    title: str = ""
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict(NOTHING))
    items: list[Finding] = field(default_factory=list)
    is_published: bool = False
    run: ImportRun | None = None

    def as_json(self) -> dict:
        """The report as files and the database hold it."""
        return {
            "course": self.course,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "counts": self.counts,
            "items": [
                {
                    "path": item.path,
                    "line": item.line,
                    "kind": item.kind,
                    "outcome": str(item.outcome),
                    "reason": item.reason,
                }
                for item in self.items
            ],
        }


def import_course(
    *,
    source,
    actor,
    name: str = "",
    is_dry_run: bool = False,
    publish: bool = False,
    price: str = "",
    currency: str = "",
    locale: str = "",
    may_change: Callable[[Course], bool] = lambda course: True,
    instructors: Sequence[Instructor] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ImportReport:
    """Bring the draft of a course in line with a package: a folder's or zip file's path, an open
    zip file, or an opened Package. The same package again changes nothing.

    `price` (decimal text) and `currency` override the package's own. A course that the school
    already has and `may_change` denies is refused (NotAllowed). The course names `instructors`
    besides the package's own. `progress` hears of each text that is done. A dry run undoes
    everything it did. Raises PackageRefused, or what publishing refuses; then nothing was changed.
    """
    package = source if isinstance(source, Package) else open_package(source, name)
    tree = read_course(package, locale)
    price, currency = (price, currency) if price else (tree.price, tree.currency)
    amount = minor_units(price, currency.upper()) if price else 0
    known = Course.objects.filter(slug=tree.slug).first()
    if known is not None and not may_change(known):
        raise NotAllowed("You may not change the course that the school has at this address.")
    with transaction.atomic():
        report = _Import(package, tree, instructors, is_free=not amount, progress=progress).run()
        course = Course.objects.get(slug=tree.slug)
        if amount:
            _set_price(course, amount, currency.upper(), actor, report)
        _plant_works(course, tree, report)
        if publish:
            report.is_published = _publish(course, actor)
        if is_dry_run:
            transaction.set_rollback(True)
        else:
            report.run = _keep(course, actor, name or package.name, report)
    return report


class _Import:
    def __init__(self, package, tree: CourseSource, instructors, *, is_free, progress):
        self.package, self.tree, self.is_free = package, tree, is_free
        self.instructors = instructors
        self.tally = Tally()
        self.total = sum(1 + len(getattr(item, "translations", ())) for _, item in tree.items())
        self.done, self.progress = 0, progress

    def run(self) -> ImportReport:
        course, is_new = self._course()
        edition = draft_of(course) or Edition.objects.create(course=course, title=course.title)
        writer = TextWriter(self.package, self.tree.slug)
        self._details(course, edition, writer, is_new)
        DraftWriter(edition, writer, self.tally, self._step).write(self.tree)
        write_facts(course, self.tree, self.tally, self.instructors)
        check_draft(edition=edition)
        return ImportReport(
            course=course.slug,
            title=self.tree.title,
            created=self.tally.created,
            changed=self.tally.changed,
            unchanged=self.tally.unchanged,
            counts=counts_of(edition),
            items=[
                *item_findings(self.tree, problems_of(edition)),
                *self.tree.findings,
                *(
                    Finding(label[:200], 0, kind, Outcome.DROPPED, "Removed: no longer there.")
                    for kind, label in self.tally.removed
                ),
            ],
        )

    def _step(self) -> None:
        self.done += 1
        self.progress(self.done, self.total)

    def _course(self) -> tuple[Course, bool]:
        tree = self.tree
        _, is_new = Course.objects.get_or_create(
            slug=tree.slug,
            defaults={
                "title": tree.title,
                "summary": tree.summary,
                "level": tree.level,
                "language": tree.language,
                "is_free": self.is_free,
                "source": f"{tree.format}:{self.package.name}"[:200],
            },
        )
        # The lock orders imports and publications of one course.
        return Course.objects.select_for_update().get(slug=tree.slug), is_new

    def _details(self, course, edition, writer, is_new) -> None:
        tree = self.tree
        details = {
            "title": tree.title,
            "summary": tree.summary,
            "level": tree.level,
            "language": tree.language,
        }
        changed = assign(
            edition,
            details
            | {
                "description_id": writer.body(tree.description).pk
                if tree.description.markdown.strip()
                else None,
                "outcomes": tree.outcomes,
                "requirements": tree.requirements,
            },
        )
        if changed:
            edition.save(update_fields=changed)
        # A course that nobody has seen yet is listed for staff by its draft's facts. A price makes
        # a course paid; the absence of one leaves what staff decided.
        facts = details if course.published_edition_id is None else {}
        if moved := assign(course, facts if self.is_free else {**facts, "is_free": False}):
            course.save(update_fields=moved)
        self.tally.note(is_new, bool(changed or moved))


def _set_price(course, amount, currency, actor, report) -> None:
    if not slots.entries("catalog.price_course"):
        reason = "This school sells nothing: the course is not free, and has no price."
        report.items.append(Finding("course.md", 0, "price", Outcome.APPROXIMATED, reason))
    slots.ask("catalog.price_course", course.slug, report.title, amount, currency, actor)


def _plant_works(course, tree, report) -> None:
    for _, item in tree.items():
        for work in item.gallery if isinstance(item, ProjectSource) else ():
            if slots.entries("catalog.plant_work"):
                outcome, reason = Outcome.KEPT, ""
                slots.ask(
                    "catalog.plant_work", course, item.key, work.title, work.author, work.text
                )
            else:
                outcome, reason = Outcome.DROPPED, "This school shows no works of learners."
            report.items.append(Finding(item.path, 0, "gallery", outcome, reason))


def _publish(course, actor) -> bool:
    try:
        publish_edition(course=course, actor=actor)
    except NothingChanged:
        return False
    return True


def _keep(course, actor, name, report) -> ImportRun:
    """The run with its report. One that found nothing to do is told by the run before it."""
    last = course.imports.first()
    if last and not (report.created or report.changed or report.is_published):
        return last
    audit.record(
        "course.imported",
        course.public_id,
        actor=actor,
        created=report.created,
        changed=report.changed,
        is_published=report.is_published,
    )
    return ImportRun.objects.create(
        course=course,
        actor=actor if getattr(actor, "pk", None) else None,
        name=name[:200],
        report=report.as_json(),
    )
