"""The draft of a course as rows, made from the neutral tree."""

from functools import lru_cache

from catalog import markdown
from catalog.importers.findings import kind_of
from catalog.importers.settling import Tally, place, settle
from catalog.importers.texts import TextWriter
from catalog.importers.tree import (
    CourseSource,
    ExerciseSource,
    LessonSource,
    ProjectSource,
    TextSource,
)
from catalog.models import (
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

# A dry run comes before most imports, in the same process.
render_brief = lru_cache(maxsize=1024)(markdown.render_brief)
render_inline = lru_cache(maxsize=1024)(markdown.render_inline)
MODELS = {"lesson": Lesson, "exercise": Exercise, "project": Project}


class DraftWriter:
    """Writes one tree into one draft. `step` is called after each item."""

    def __init__(self, edition: Edition, writer: TextWriter, tally: Tally, step=lambda: None):
        self.edition, self.writer, self.tally, self.step = edition, writer, tally, step
        self.images: dict[tuple[str, int], dict] = {}
        self.counts: dict[str, int] = {}

    def write(self, course: CourseSource) -> None:
        self._pictures("", course.description)
        stored = {row.key: row for row in self.edition.modules.all()}
        wanted = {
            module.key: {
                "edition_id": self.edition.pk,
                "key": module.key,
                "position": position,
                "title": module.title,
                "summary": module.summary,
            }
            for position, module in enumerate(course.modules, 1)
        }
        modules = place(Module, stored, wanted, self.tally)
        self._items(course, modules)
        self._translations(course)
        stored = {(row.item_key, row.position): row for row in self.edition.images.all()}
        settle(ImageReference, stored, self.images, self.tally, _image_label)
        # Only now, when their items have moved elsewhere, may modules go.
        gone = [row for key, row in stored_modules(self.edition).items() if key not in wanted]
        if gone:
            Module.objects.filter(pk__in=[row.pk for row in gone]).delete()
            self.tally.remove(gone, _key)

    # --- items
    def _items(self, course, modules) -> None:
        wanted = {Lesson: {}, Exercise: {}, Project: {}}
        for module in course.modules:
            for position, item in enumerate(module.items, 1):
                fields = self._fields(item) | {
                    "edition_id": self.edition.pk,
                    "module_id": modules[module.key].pk,
                    "position": position,
                }
                wanted[MODELS[kind_of(item)]][item.key] = fields
                self.step()
        exercises = {}
        for model, fields in wanted.items():
            stored = {row.key: row for row in model.objects.filter(edition=self.edition)}
            made = settle(model, stored, fields, self.tally, _key)
            if model is Exercise:
                exercises = made
        sources = [item for _, item in course.items() if isinstance(item, ExerciseSource)]
        self._questions(sources, exercises)
        self._solutions(sources, exercises)

    def _fields(self, item) -> dict:
        fields = {
            "key": item.key,
            "title": item.title,
            "summary": item.summary,
            "is_open": item.is_open,
            "source_path": item.path,
            "body_id": self.writer.body(item.text).pk if item.text is not None else None,
        }
        self._pictures(item.key, item.text)
        if isinstance(item, LessonSource):
            return fields | {"minutes": item.minutes}
        if isinstance(item, ProjectSource):
            return fields | {"hours": item.hours, "rubric": item.rubric}
        return fields | {"minutes": item.minutes, "lesson_key": item.lesson_key}

    def _pictures(self, key: str, text: TextSource | None) -> None:
        """The references of a text, behind those that its owner already has."""
        for image in text.images if text else ():
            self._picture(text.owner or key, image)

    def _picture(self, owner: str, image) -> None:
        position = self.counts[owner] = self.counts.get(owner, 0) + 1
        self.images[owner, position] = {
            "edition_id": self.edition.pk,
            "item_key": owner,
            "position": position,
            "file_id": self.writer.file(image.path).pk if image.path else None,
            "remote_url": image.url[:500],
            "alt": image.alt,
            "is_decorative": image.is_decorative,
        }

    def _own_pictures(self, key: str, text: TextSource) -> None:
        """Pictures that only a translation has: they too are served by what they belong to."""
        known = {row["file_id"] for (owner, _), row in self.images.items() if owner == key}
        for image in text.images:
            if image.path and (file := self.writer.file(image.path).pk) not in known:
                known.add(file)
                self._picture(key, image)

    # --- what exercises hold
    def _questions(self, sources, exercises) -> None:
        wanted, options = {}, {}
        for source in sources:
            for position, question in enumerate(source.questions, 1):
                key = (source.key, question.key)
                wanted[key] = _question_fields(question) | {
                    "exercise_id": exercises[source.key].pk,
                    "position": position,
                }
                for place_, option in enumerate(question.options, 1):
                    options[(*key, option.key)] = _option_fields(option) | {"position": place_}
        mine = {"exercise__edition": self.edition}
        stored = {
            (row.exercise.key, row.key): row
            for row in Question.objects.filter(**mine).select_related("exercise")
        }
        questions = settle(Question, stored, wanted, self.tally, _key)
        for key, fields in options.items():
            fields["question_id"] = questions[key[:2]].pk
        stored = {
            (row.question.exercise.key, row.question.key, row.key): row
            for row in Option.objects.filter(
                question__exercise__edition=self.edition
            ).select_related("question__exercise")
        }
        settle(Option, stored, options, self.tally, _key)

    def _solutions(self, sources, exercises) -> None:
        wanted = {}
        for source in sources:
            for position, solution in enumerate(source.solutions, 1):
                self._pictures(source.key, solution.text)
                wanted[source.key, position] = {
                    "exercise_id": exercises[source.key].pk,
                    "position": position,
                    "title": solution.title,
                    "body_id": self.writer.body(solution.text).pk,
                }
        stored = {
            (row.exercise.key, row.position): row
            for row in Solution.objects.filter(exercise__edition=self.edition).select_related(
                "exercise"
            )
        }
        settle(Solution, stored, wanted, self.tally, str)

    def _translations(self, course) -> None:
        wanted = {}
        for _, item in course.items():
            for translation in getattr(item, "translations", ()):
                wanted[item.key, translation.locale] = {
                    "edition_id": self.edition.pk,
                    "item_key": item.key,
                    "locale": translation.locale,
                    "title": translation.title,
                    "body_id": self.writer.body(translation.text).pk,
                }
                self._own_pictures(item.key, translation.text)
                self.step()
        stored = {(row.item_key, row.locale): row for row in self.edition.translations.all()}
        settle(Translation, stored, wanted, self.tally, str)


def stored_modules(edition: Edition) -> dict[str, Module]:
    return {row.key: row for row in edition.modules.all()}


def _key(row) -> str:
    return row.key


def _image_label(row) -> str:
    return f"{row.item_key} {row.position}"


def _question_fields(question) -> dict:
    return {
        "key": question.key,
        "kind": question.kind,
        "prompt": question.prompt,
        "prompt_html": render_brief(question.prompt) if question.prompt else "",
        "explanation": question.explanation,
        "explanation_html": render_brief(question.explanation) if question.explanation else "",
        "answer": question.answer,
    }


def _option_fields(option) -> dict:
    return {
        "key": option.key,
        "text": option.text,
        "text_html": render_inline(option.text) if option.text else "",
        "is_right": option.is_right,
        "why": option.why,
        "why_html": render_brief(option.why) if option.why else "",
        "match": option.match,
    }
