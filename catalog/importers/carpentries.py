"""Carpentries Workbench lessons: config.yaml orders the episodes, fenced divs mark their parts.

A challenge becomes an exercise with its solutions; what is for instructors never enters the tree.
"""

import re

from catalog.importers import yamls
from catalog.importers.divs import Div, parse_divs
from catalog.importers.findings import reading_time, report_unused, texts_of
from catalog.importers.linking import Linker
from catalog.importers.names import (
    Keys,
    key_of,
    natural,
    plain,
    shortened,
    title_from_name,
    without_number,
)
from catalog.importers.packages import Package, shown
from catalog.importers.pandoc import with_alternative_texts
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import (
    CourseSource,
    ExerciseSource,
    Finding,
    LessonSource,
    ModuleSource,
    Outcome,
    SolutionSource,
    Target,
)

HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>.+?)[ \t]*#*[ \t]*(?:\{[^}]*\}[ \t]*)?$")
# Name of the div: (callout, title when the div has none of its own).
NOTES = {
    "callout": ("NOTE", "Note"),
    "objectives": ("IMPORTANT", "Objectives"),
    "questions": ("IMPORTANT", "Questions"),
    "keypoints": ("TIP", "Key points"),
    "prereq": ("WARNING", "Prerequisites"),
    "checklist": ("NOTE", "Checklist"),
    "discussion": ("NOTE", "Discussion"),
    "testimonial": ("NOTE", "Testimonial"),
    "hint": ("TIP", "Hint"),
    "spoiler": ("NOTE", "More"),
    "caution": ("WARNING", "Caution"),
    "warning": ("WARNING", "Warning"),
    "tip": ("TIP", "Tip"),
    "solution": ("TIP", "Solution"),
}
HIDDEN = ("instructor", "notes")


def is_carpentries(package: Package) -> bool:
    return any(name in package for name in ("config.yaml", "config.yml")) and bool(
        package.under("episodes", ".md")
    )


class CarpentriesReader:
    def __init__(self, package: Package):
        self.package = package
        self.keys, self.findings = Keys(), []
        self.linker = Linker(package, self.findings)
        self.bodies: list[tuple] = []
        self.used: set[str] = set()

    def read(self) -> CourseSource:
        name = "config.yaml" if "config.yaml" in self.package else "config.yml"
        config = yamls.mapped(yamls.load(self.package.text(name), name), name, "the configuration")
        self.used.add(name)
        course = CourseSource(
            slug=key_of(self.package.name) or "course",
            title=yamls.words(config.get("title", ""), name, "title", 200)
            or title_from_name(self.package.name),
            format="carpentries",
            language=yamls.words(config.get("lang", ""), name, "lang", 12) or "en",
        )
        module = ModuleSource(course.slug, course.title, path="episodes")
        course.modules = [module]
        for path in self._episodes(config, name):
            self._episode(path, module)
        if not module.items:
            raise PackageRefused("The package has no episodes.")
        self._description(course)
        for holder, attribute, rows, path, kind, owner in self.bodies:
            text = self._text(rows, path, kind)
            text.owner = owner
            setattr(holder, attribute, text)
        course.findings = self.findings
        pictures = {image.path for text in texts_of(course) for image in text.images}
        report_unused(self.package, self.used | pictures, course)
        return course

    def _episodes(self, config, name) -> list[str]:
        listed = yamls.listed(config.get("episodes"), name, "episodes")
        if not listed:
            return sorted(self.package.under("episodes", ".md"), key=natural)
        paths = []
        for episode in listed:
            path = f"episodes/{yamls.words(episode, name, 'episode', 200)}"
            if path in self.package:
                paths.append(path)
            else:
                reason = f"There is no {shown(path)}."
                self.findings.append(Finding(name, 0, "lesson", Outcome.DROPPED, reason))
        return list(dict.fromkeys(paths))

    def _description(self, course) -> None:
        if "index.md" not in self.package:
            return
        self.used.add("index.md")
        _, body, line = yamls.front_matter(self.package.text("index.md"), "index.md")
        self.linker.targets["index.md"] = Target("course")
        rows = self._flat(parse_divs(body, "index.md", line), None, "index.md", "course_")
        self.bodies.append((course, "description", rows, "index.md", "course", ""))

    # --- episodes
    def _episode(self, path: str, module: ModuleSource) -> None:
        self.used.add(path)
        fields, body, line = yamls.front_matter(self.package.text(path), path)
        stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        lesson = LessonSource(
            key=self.keys.take(key_of(without_number(stem)) or "lesson"),
            title=yamls.words(fields.get("title", ""), path, "title", 200) or title_from_name(path),
            path=path,
            line=line,
            minutes=yamls.whole(fields.get("teaching", ""), path, "teaching") or reading_time(body),
        )
        self.linker.targets[path] = Target("lesson", lesson.key)
        module.items.append(lesson)
        root, exercises = parse_divs(body, path, line), []
        rows = self._flat(root, (lesson, exercises), path)
        self.bodies.append((lesson, "text", rows, path, "", ""))
        minutes = yamls.whole(fields.get("exercises", ""), path, "exercises")
        for exercise, share in zip(exercises, shares(minutes, len(exercises)), strict=True):
            exercise.minutes = share
            module.items.append(exercise)

    def _flat(self, div: Div, owner, path, prefix="") -> list[tuple[int, str]]:
        """The div's lines with inner divs turned into callouts, links to exercises, or nothing."""
        rows: list[tuple[int, str]] = []
        for part in div.parts:
            if not isinstance(part, Div):
                rows.append(part)
            elif part.name in HIDDEN:
                self._find(path, part.line, "instructor", Outcome.DROPPED, "For instructors only.")
            elif part.name == "challenge" and owner:
                rows += self._challenge(part, owner, path)
            elif part.name in NOTES:
                self._find(path, part.line, f"{prefix}{part.name}", Outcome.KEPT)
                rows += self._note(part, self._flat(part, owner, path, prefix))
            else:
                reason = f"The block {shown(part.name)} is shown as plain text."
                self._find(path, part.line, f"{prefix}block", Outcome.APPROXIMATED, reason)
                rows += self._flat(part, owner, path, prefix)
        return rows

    def _find(self, path, line, kind, outcome, reason=""):
        self.findings.append(Finding(path, line, kind, outcome, reason))

    def _note(self, div, rows) -> list[tuple[int, str]]:
        word, title = NOTES[div.name]
        own, rows = split_title(rows)
        quoted = [(number, f"> {row}".rstrip()) for number, row in rows]
        title = f"{title}: {own}" if own and div.name != "callout" else own or title
        opening = [(div.line, ""), (div.line, f"> [!{word}] {title}"), (div.line, ">")]
        return [*opening, *quoted, (rows[-1][0] if rows else div.line, "")]

    def _challenge(self, div, owner, path) -> list[tuple[int, str]]:
        lesson, exercises = owner
        outside = Div("", div.line, [part for part in div.parts if not _is(part, "solution")])
        title, rows = split_title(self._flat(outside, None, path, "exercise_"))
        title = shortened(plain(title)) or f"Exercise {len(exercises) + 1}"
        wish = key_of(title, 80) or "exercise"
        exercise = ExerciseSource(
            key=self.keys.take(f"{lesson.key}-{wish}"),
            title=title,
            path=path,
            line=div.line,
            lesson_key=lesson.key,
        )
        exercises.append(exercise)
        self.bodies.append((exercise, "text", rows, path, "", lesson.key))
        for part in div.parts:
            if _is(part, "solution"):
                self._find(path, part.line, "solution", Outcome.KEPT)
                own, inner = split_title(self._flat(part, None, path, "solution_"))
                solution = SolutionSource(shortened(plain(own)) or "Solution", None)
                exercise.solutions.append(solution)
                self.bodies.append((solution, "text", inner, path, "", lesson.key))
        address = f"exercise/{exercise.key}"
        self.linker.named[address] = Target("exercise", exercise.key)
        label = title.replace("[", "\\[").replace("]", "\\]")
        return [(div.line, ""), (div.line, f"**Exercise:** [{label}](<{address}>)"), (div.line, "")]

    def _text(self, rows, path, kind):
        while rows and not rows[0][1].strip():
            rows = rows[1:]
        origins = [number for number, _ in rows] or [1]
        markdown = with_alternative_texts("\n".join(row for _, row in rows)).rstrip()
        return self.linker.text(markdown, path, kind=kind, origins=origins, bases=("episodes", ""))


def _is(part, name: str) -> bool:
    return isinstance(part, Div) and part.name == name


def split_title(rows: list[tuple[int, str]]) -> tuple[str, list[tuple[int, str]]]:
    """(title, rest): a heading that opens the block is its title."""
    rest = list(rows)
    while rest and not rest[0][1].strip():
        rest.pop(0)
    match = HEADING.match(rest[0][1]) if rest else None
    if not match:
        return "", rest
    return match["title"].strip(), rest[1:]


def shares(minutes: int, count: int) -> list[int]:
    """Whole minutes for each of so many exercises; together exactly the given ones."""
    return [minutes * (place + 1) // count - minutes * place // count for place in range(count)]
