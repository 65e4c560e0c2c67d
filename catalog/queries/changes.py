"""Two editions of a course side by side."""

from collections import defaultdict

from django.db.models import F

from catalog import changes
from catalog.changes import Changes, Content, Row
from catalog.models import (
    Course,
    Edition,
    Exercise,
    ImageReference,
    Lesson,
    Module,
    Option,
    Project,
    Question,
    Solution,
    Translation,
)

DETAILS = ("title", "summary", "level", "language", "outcomes", "requirements")
SHARED = ["edition_id", "key", "title", "module__key", "module__title", "body_id", "problem"]
SHARED += ["summary", "is_open"]
# What a kind has of its own, by the words for it.
OWN = (
    (Lesson, "lesson", {"time": "minutes"}),
    (Exercise, "exercise", {"time": "minutes", "lesson": "lesson_key"}),
    (Project, "project", {"time": "hours", "rubric": "rubric"}),
)


def edition_changes(before: Edition, after: Edition) -> Changes:
    """How the later edition differs from the earlier one; either may be the draft. Nine queries,
    whatever the size; texts are compared by their digest and not read."""
    ids = [before.pk, after.pk]
    asked, beside = _questions(ids), _beside(ids)
    modules, rows = _modules(ids), _rows(ids, asked, beside)
    sides = [
        Content(_details(edition), modules[edition.pk], rows[edition.pk])
        for edition in (before, after)
    ]
    return changes.compare(*sides)


def _details(edition: Edition) -> dict:
    # Bodies are stored once per digest: the same row is the same text.
    said = {name: getattr(edition, name) for name in DETAILS}
    return said | {"description": edition.description_id}


def _modules(ids) -> dict[int, dict[str, str]]:
    found = defaultdict(dict)
    rows = Module.objects.filter(edition_id__in=ids).order_by("position", "pk")
    for edition_id, key, title in rows.values_list("edition_id", "key", "title"):
        found[edition_id][key] = title
    return found


def _rows(ids, asked, beside) -> dict[int, list[Row]]:
    found = defaultdict(list)
    for model, kind, own in OWN:
        rows = model.objects.filter(edition_id__in=ids).order_by()
        place = ("module__position", "module_id", "position", "pk")
        for row in rows.values(*SHARED, *own.values(), *place):
            name = (row["edition_id"], row["key"])
            facts = {"summary": row["summary"], "open to everybody": row["is_open"]}
            facts |= {word: row[column] for word, column in own.items()}
            facts |= beside[name]
            line = Row(
                kind=kind,
                key=row["key"],
                title=row["title"],
                module=row["module__key"],
                module_title=row["module__title"],
                text=row["body_id"],
                facts=facts,
                questions=asked.get(name, {}) if kind == "exercise" else {},
                problem=row["problem"],
            )
            found[row["edition_id"]].append((*(row[one] for one in place[:3]), kind, line))
    return {
        edition_id: [line for *_, line in sorted(lines, key=lambda line: line[:4])]
        for edition_id, lines in found.items()
    }


def _questions(ids) -> dict[tuple, dict[str, list]]:
    """By (edition, exercise key): the questions by key, with all that a learner meets of them."""
    options = defaultdict(list)
    chosen = Option.objects.filter(question__exercise__edition_id__in=ids).order_by("position")
    for question_id, *seen in chosen.values_list(
        "question_id", "key", "text_html", "is_right", "why_html", "match"
    ):
        options[question_id].append(seen)
    found = defaultdict(dict)
    rows = Question.objects.filter(exercise__edition_id__in=ids).order_by("position")
    for pk, edition_id, exercise, key, *seen in rows.values_list(
        *("pk", "exercise__edition_id", "exercise__key", "key", "kind"),
        *("prompt_html", "explanation_html", "answer"),
    ):
        found[edition_id, exercise][key] = [*seen, options[pk]]
    return found


def _beside(ids) -> dict[tuple, dict[str, list]]:
    """By (edition, item key): solutions, pictures and translations, each under its word."""
    found = defaultdict(lambda: {"solutions": [], "pictures": [], "translations": []})
    solutions = Solution.objects.filter(exercise__edition_id__in=ids).order_by("position")
    pictures = ImageReference.objects.filter(edition_id__in=ids).order_by("position")
    translations = Translation.objects.filter(edition_id__in=ids).order_by("locale")
    for word, rows, names in (
        ("solutions", solutions.annotate(edition_id=F("exercise__edition_id")),
         ("exercise__key", "title", "body_id")),
        ("pictures", pictures, ("item_key", "file_id", "remote_url", "alt", "is_decorative")),
        ("translations", translations, ("item_key", "locale", "title", "body_id")),
    ):  # fmt: skip
        for edition_id, key, *seen in rows.values_list("edition_id", *names):
            found[edition_id, key][word].append(seen)
    return found


def edition_named(course: Course, name: str) -> Edition | None:
    """The course's edition with the number, or its draft by the name `draft`. One query."""
    if name == Edition.State.DRAFT:
        return course.editions.filter(state=Edition.State.DRAFT).first()
    is_number = name.isascii() and name.isdigit() and len(name) < 10
    return course.editions.filter(number=int(name)).first() if is_number else None
