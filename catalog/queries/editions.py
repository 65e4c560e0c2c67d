"""Everything of an edition, read in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from json import dumps

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

DETAILS = ["title", "summary", "level", "language", "description_id", "outcomes", "requirements"]
ITEM = ["key", "position", "title", "summary", "is_open", "body_id"]
# What a reader can notice of each row; the digest of an edition is made of it.
SEEN = {
    Module: ["key", "position", "title", "summary"],
    Lesson: [*ITEM, "minutes"],
    Exercise: [*ITEM, "minutes", "lesson_key"],
    Project: [*ITEM, "hours", "rubric"],
    Question: ["key", "position", "kind", "prompt_html", "explanation_html", "answer"],
    Option: ["key", "position", "text_html", "is_right", "why_html", "match"],
    Solution: ["position", "title", "body_id"],
    ImageReference: ["item_key", "position", "file_id", "remote_url", "alt", "is_decorative"],
    Translation: ["item_key", "locale", "title", "body_id"],
}


@dataclass
class EditionContent:
    """All rows of an edition: ten lists, in order. `without_problems()` is what can be published."""

    edition: Edition
    modules: list[Module]
    lessons: list[Lesson]
    exercises: list[Exercise]
    projects: list[Project]
    questions: list[Question]
    options: list[Option]
    solutions: list[Solution]
    images: list[ImageReference]
    translations: list[Translation]

    def items(self) -> list:
        return [*self.lessons, *self.exercises, *self.projects]

    def options_by_question(self) -> dict[int, list[Option]]:
        found = defaultdict(list)
        for option in self.options:
            found[option.question_id].append(option)
        return found

    def questions_by_exercise(self) -> dict[int, list[Question]]:
        found = defaultdict(list)
        for question in self.questions:
            found[question.exercise_id].append(question)
        return found

    def images_by_key(self) -> dict[str, list[ImageReference]]:
        found = defaultdict(list)
        for image in self.images:
            found[image.item_key].append(image)
        return found

    def without_problems(self) -> "EditionContent":
        lessons = [row for row in self.lessons if not row.problem]
        exercises = [row for row in self.exercises if not row.problem]
        projects = [row for row in self.projects if not row.problem]
        items = [*lessons, *exercises, *projects]
        keys, modules = {row.key for row in items}, {row.module_id for row in items}
        exercise_ids = {row.pk for row in exercises}
        questions = [
            row for row in self.questions if row.exercise_id in exercise_ids and not row.problem
        ]
        question_ids = {row.pk for row in questions}
        return EditionContent(
            edition=self.edition,
            modules=[row for row in self.modules if row.pk in modules],
            lessons=lessons,
            exercises=exercises,
            projects=projects,
            questions=questions,
            options=[row for row in self.options if row.question_id in question_ids],
            solutions=[row for row in self.solutions if row.exercise_id in exercise_ids],
            images=[row for row in self.images if row.item_key in keys or not row.item_key],
            translations=[row for row in self.translations if row.item_key in keys],
        )

    def digest(self) -> str:
        """SHA-256 over what readers see: equal for equal content whatever its row numbers."""
        names = {row.pk: row.key for row in self.modules}
        exercises = {row.pk: row.key for row in self.exercises}
        questions = {row.pk: f"{exercises[row.exercise_id]}/{row.key}" for row in self.questions}
        parts = [[getattr(self.edition, name) for name in DETAILS]]
        parts += [_seen(row) for row in self.modules + self.images + self.translations]
        parts += [[names[row.module_id], *_seen(row)] for row in self.items()]
        parts += [[exercises[row.exercise_id], *_seen(row)] for row in self.questions]
        parts += [[exercises[row.exercise_id], *_seen(row)] for row in self.solutions]
        parts += [[questions[row.question_id], *_seen(row)] for row in self.options]
        lines = sorted(dumps(part, ensure_ascii=False, sort_keys=True) for part in parts)
        return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()

    def item_keys(self) -> set[tuple]:
        """What a correction must keep: kind and key of every item and question."""
        exercises = {row.pk: row.key for row in self.exercises}
        return {(type(row).__name__, row.key) for row in self.items()} | {
            ("Question", exercises[row.exercise_id], row.key) for row in self.questions
        }


def _seen(row) -> list:
    return [type(row).__name__, *(getattr(row, name) for name in SEEN[type(row)])]


def edition_content(edition: Edition) -> EditionContent:
    """Nine queries, whatever the size."""
    exercise = {"exercise__edition": edition}
    return EditionContent(
        edition=edition,
        modules=list(edition.modules.order_by("position", "pk")),
        lessons=list(_items(Lesson, edition)),
        exercises=list(_items(Exercise, edition)),
        projects=list(_items(Project, edition)),
        questions=list(Question.objects.filter(**exercise).order_by("exercise_id", "position")),
        options=list(
            Option.objects.filter(question__exercise__edition=edition).order_by(
                "question_id", "position"
            )
        ),
        solutions=list(
            Solution.objects.filter(**exercise)
            .select_related("body")
            .order_by("exercise_id", "position")
        ),
        images=list(edition.images.order_by("item_key", "position")),
        translations=list(edition.translations.order_by("item_key", "locale")),
    )


def _items(model, edition):
    return (
        model.objects.filter(edition=edition)
        .select_related("body")
        .order_by("module__position", "position", "pk")
    )


def draft_of(course: Course) -> Edition | None:
    return course.editions.filter(state=Edition.State.DRAFT).select_related("description").first()
