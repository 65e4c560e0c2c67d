"""The contents of an edition in order, without any text: one query."""

from dataclasses import dataclass, field

from django.db.models import CharField, F, IntegerField, Value

from catalog.models import Edition, Exercise, Lesson, Project

SIZES = {"lesson": "minutes", "exercise": "question_count", "project": "hours"}
PLACES = {"lesson": "lessons", "exercise": "exercises", "project": "projects"}
SHARED = ["key", "position", "title", "summary", "is_open", "problem"]


@dataclass(frozen=True)
class Row:
    """An item without its text. `size` counts minutes of a lesson, questions of an exercise, hours
    of a project; `minutes` is the time it takes, where that is known."""

    kind: str
    key: str
    title: str
    summary: str
    is_open: bool
    problem: str
    size: int
    minutes: int

    @property
    def size_text(self) -> str:
        if self.kind == "exercise":
            if not self.size:
                return "practice"
            return f"{self.size} question{'' if self.size == 1 else 's'}"
        if not self.size:
            return ""
        return f"{self.size} min" if self.kind == "lesson" else f"{self.size} h"

    @property
    def place(self) -> str:
        """The part of the address that names the kind: lessons, exercises or projects."""
        return PLACES[self.kind]


@dataclass(frozen=True)
class Part:
    """A module with its rows."""

    key: str
    title: str
    summary: str
    rows: list[Row] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.rows)


def outline(edition: Edition) -> list[Part]:
    """Modules in order with their lessons, exercises and projects in order: one query."""
    rows = (
        _rows(Lesson, "lesson", edition, F("minutes"))
        .union(
            _rows(Exercise, "exercise", edition, F("minutes")),
            _rows(Project, "project", edition, F("hours") * 60),
            all=True,
        )
        .order_by("module__position", "module_id", "position", "kind", "key")
    )
    parts: dict[int, Part] = {}
    for found in rows:
        part = parts.setdefault(
            found["module_id"],
            Part(found["module__key"], found["module__title"], found["module__summary"]),
        )
        part.rows.append(
            Row(
                kind=found["kind"],
                size=found["size"],
                minutes=found["time"],
                **{name: found[name] for name in SHARED if name != "position"},
            )
        )
    return list(parts.values())


def _rows(model, kind, edition, time):
    return (
        model.objects.filter(edition=edition)
        .order_by()
        .annotate(
            kind=Value(kind, output_field=CharField()),
            size=F(SIZES[kind]),
            time=time if kind != "project" else _as_integer(time),
        )
        .values(
            "module__position",
            "module_id",
            "module__key",
            "module__title",
            "module__summary",
            *SHARED,
            "kind",
            "size",
            "time",
        )
    )


def _as_integer(expression):
    expression.output_field = IntegerField()
    return expression


def neighbors(parts: list[Part], key: str) -> tuple[Row | None, Row | None]:
    """The rows before and after the item in the order of reading."""
    rows = [row for part in parts for row in part.rows]
    place = next((index for index, row in enumerate(rows) if row.key == key), None)
    if place is None:
        return None, None
    before = rows[place - 1] if place else None
    return before, rows[place + 1] if place + 1 < len(rows) else None
