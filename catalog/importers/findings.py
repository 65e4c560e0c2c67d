"""What every reader reports the same way."""

from catalog.importers.packages import Package
from catalog.importers.tree import (
    CourseSource,
    ExerciseSource,
    Finding,
    LessonSource,
    Outcome,
    ProjectSource,
)

KINDS = {LessonSource: "lesson", ExerciseSource: "exercise", ProjectSource: "project"}
WORDS_A_MINUTE = 200


def reading_time(markdown: str) -> int:
    """Minutes, at 200 words each; at least one."""
    return max(1, round(len(markdown.split()) / WORDS_A_MINUTE))


def kind_of(item) -> str:
    return KINDS[type(item)]


def texts_of(course: CourseSource):
    """Every text there is, in order."""
    yield course.description
    for _, item in course.items():
        if item.text is not None:
            yield item.text
        for translation in getattr(item, "translations", ()):
            yield translation.text
        for solution in getattr(item, "solutions", ()):
            yield solution.text


def item_findings(course: CourseSource, problems: dict[tuple, str]):
    """A finding for each module, item, translation and for each question that stays behind.

    `problems` tells by (item key,) or (exercise key, question key) why a row of the draft cannot be
    published.
    """
    for module in course.modules:
        yield Finding(module.path, 0, "module", Outcome.KEPT)
        for item in module.items:
            yield from _item(item, problems)


def _item(item, problems):
    # The questions that keep an exercise back are reported themselves.
    problem = problems.get((item.key,), "").partition(" The first:")[0]
    yield _judged(item.path, item.line, kind_of(item), problem)
    for translation in getattr(item, "translations", ()):
        text = translation.text
        yield Finding(text.path, text.line, "translation", Outcome.KEPT, translation.locale)
    for question in getattr(item, "questions", ()):
        if problem := problems.get((item.key, question.key)):
            yield _judged(question.path or item.path, question.line, "question", problem)


def _judged(path, line, kind, problem) -> Finding:
    if not problem:
        return Finding(path, line, kind, Outcome.KEPT)
    return Finding(path, line, kind, Outcome.DROPPED, f"Stays in the draft: {problem}")


def report_unused(package: Package, used: set[str], course: CourseSource) -> None:
    course.findings.extend(
        Finding(path, 0, "file", Outcome.DROPPED, "No part of the course uses it.")
        for path in package.sizes
        if path not in used
    )
