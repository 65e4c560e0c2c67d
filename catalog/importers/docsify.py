"""Docsify-style repositories: the README's table names the lessons, each a folder's README.

Chapters are the top folders, `assignment.md` beside a lesson is its project, quizzes come from the
quiz application's JSON, `translations/README.<locale>.md` are the lesson in other languages.
"""

import re
from dataclasses import replace
from posixpath import dirname

from catalog.importers.findings import reading_time, report_unused, texts_of
from catalog.importers.linking import Linker, references, resolved
from catalog.importers.names import (
    Keys,
    key_of,
    take_title,
    title_from_name,
    without_number,
)
from catalog.importers.packages import Package, shown
from catalog.importers.quizzes import read_quizzes
from catalog.importers.tree import (
    CourseSource,
    Finding,
    LessonSource,
    ModuleSource,
    Outcome,
    ProjectSource,
    Target,
    TextSource,
    TranslationSource,
)

TRANSLATION = re.compile(r"README\.([a-zA-Z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?)\.md$")
QUIZ_ADDRESS = re.compile(r"https?://\S+/quiz/(\d{1,4})/?(?:\?\S*)?$")


def is_docsify(package: Package) -> bool:
    return "README.md" in package and bool(lesson_paths(package))


def lesson_paths(package: Package) -> list[str]:
    """The lessons in the order of the README's tables; each links to a README two folders down."""
    paths = []
    rows = [row for row in package.text("README.md").split("\n") if row.lstrip().startswith("|")]
    for row in rows:
        for what, address, _, _ in references(re.sub(r"\s*\|\s*", "\n\n", row.strip())):
            path = resolved("", address) if what == "link" else ""
            is_lesson = path.count("/") == 2 and path.endswith("/README.md") and path in package
            if is_lesson and not path.split("/")[1].startswith("solution"):
                paths.append(path)
    return list(dict.fromkeys(paths))


class DocsifyReader:
    def __init__(self, package: Package, locale: str = ""):
        self.package, self.locale = package, locale
        self.keys, self.findings = Keys(), []
        self.linker = Linker(package, self.findings)
        self.used = {"README.md"}
        self.bodies: list[tuple] = []
        self.folders: list[str] = []

    def read(self) -> CourseSource:
        course = self._course()
        modules: dict[str, ModuleSource] = {}
        for path in lesson_paths(self.package):
            chapter = path.split("/")[0]
            if chapter not in modules:
                modules[chapter] = self._module(chapter)
            self._lesson(path, modules[chapter])
        course.modules = list(modules.values())
        self._quizzes(course)
        for holder, name, markdown, path, line, kind, bases in self.bodies:
            text = self.linker.text(markdown, path, line=line, kind=kind, bases=bases)
            setattr(holder, name, text)
        for _, item in course.items():
            lend_alternative_texts(item)
        course.findings = self.findings
        pictures = {image.path for text in texts_of(course) for image in text.images}
        report_unused(self.package, self.used | pictures, course)
        return course

    def _course(self) -> CourseSource:
        text = self.package.text("README.md")
        title, body, line = take_title(text)
        course = CourseSource(
            slug=key_of(self.package.name) or "course",
            title=title or title_from_name(self.package.name),
            format="docsify",
            language=self.locale or "en",
        )
        if self.locale and self.locale != "en":
            course.slug = f"{course.slug}-{key_of(self.locale)}"
        # The README is the repository's front page; its opening paragraphs describe the course.
        opening = re.split(r"^(?:#|\||>|\[?!\[)", body, maxsplit=1, flags=re.M)[0].strip()
        self.linker.targets["README.md"] = Target("course")
        self.bodies.append((course, "description", opening, "README.md", line, "course", ()))
        return course

    def _module(self, chapter: str) -> ModuleSource:
        path = f"{chapter}/README.md"
        title = title_from_name(chapter)
        if path in self.package:
            self.used.add(path)
            heading = take_title(self.package.text(path))[0]
            title = re.sub(r":[a-z0-9_+-]{2,30}:\s*", "", heading).strip() or title
        self.linker.targets[path] = self.linker.targets[chapter] = Target("course")
        return ModuleSource(key_of(without_number(chapter)) or "module", title, path=chapter)

    def _lesson(self, path: str, module: ModuleSource) -> None:
        folder = dirname(path)
        name = key_of(without_number(folder.rsplit("/", 1)[-1])) or "lesson"
        title, body, line = take_title(self.package.text(path))
        lesson = LessonSource(
            key=self.keys.take(name, f"{module.key}-{name}"),
            title=title or title_from_name(folder),
            path=path,
            minutes=reading_time(body),
        )
        self.used.add(path)
        self.folders.append(folder)
        self.linker.targets[path] = self.linker.targets[folder] = Target("lesson", lesson.key)
        module.items.append(lesson)
        translations = self._translations(lesson, folder)
        own = translations.pop(self.locale, None)
        for translation, entry in translations.values():
            lesson.translations.append(translation)
            self.bodies.append((translation, "text", *entry, "translation", (folder,)))
        if own:
            lesson.title = own[0].title
            self.bodies.append((lesson, "text", *own[1], "", (folder,)))
        else:
            self.bodies.append((lesson, "text", body, path, line, "", ()))
        if self.locale not in ("", "en") and not own:
            reason = f"There is no text in {shown(self.locale)}: the original is used."
            self.findings.append(Finding(path, 0, "lesson", Outcome.APPROXIMATED, reason))
        self._project(lesson, folder, module)

    def _translations(self, lesson, folder) -> dict[str, tuple]:
        """By locale: the translation and its (Markdown, path, line)."""
        found = {}
        for path in self.package.under(f"{folder}/translations", ".md"):
            match = TRANSLATION.search(path)
            if not match or dirname(path) != f"{folder}/translations":
                continue
            self.used.add(path)
            self.linker.targets[path] = self.linker.targets[lesson.path]
            title, body, line = take_title(self.package.text(path))
            translation = TranslationSource(match[1], title or lesson.title, TextSource())
            found[match[1]] = (translation, (body, path, line))
        return found

    def _project(self, lesson, folder, module) -> None:
        path = f"{folder}/assignment.md"
        if path not in self.package:
            return
        self.used.add(path)
        title, body, line = take_title(self.package.text(path))
        project = ProjectSource(
            key=self.keys.take(f"{lesson.key}-assignment"),
            title=title or f"{lesson.title}: assignment"[:200],
            path=path,
        )
        self.linker.targets[path] = Target("project", project.key)
        for translated in self.package.under(f"{folder}/translations", ".md"):
            if re.search(r"/assignment\.[\w-]+\.md$", translated):
                self.linker.targets[translated] = self.linker.targets[path]
        module.items.append(project)
        self.bodies.append((project, "text", body, path, line, "project", ()))

    # --- quizzes
    def _quizzes(self, course: CourseSource) -> None:
        """Quiz N belongs to lesson ceil(N / 2): odd ones stand before it, even ones after it."""
        lessons = [(m, item) for m, item in course.items() if isinstance(item, LessonSource)]
        quizzes = {quiz.number: quiz for quiz in read_quizzes(self.package, self.locale)}
        self.used.update(quiz.path for quiz in quizzes.values())
        known = {}
        for number, quiz in sorted(quizzes.items()):
            place = (number + 1) // 2 - 1
            if not 0 <= place < len(lessons):
                reason = f"There is no lesson for quiz {number}."
                self.findings.append(
                    Finding(quiz.path, quiz.line, "exercise", Outcome.DROPPED, reason)
                )
                continue
            module, lesson = lessons[place]
            exercise = quiz.exercise(self.keys.take(f"quiz-{number}"), lesson.key)
            at = module.items.index(lesson) + (number + 1) % 2
            module.items.insert(at, exercise)
            if quiz.reason:
                self.findings.append(
                    Finding(quiz.path, quiz.line, "exercise", Outcome.APPROXIMATED, quiz.reason)
                )
            if not exercise.problem:
                known[number] = Target("exercise", exercise.key)
        self._lead_to_quizzes(known)

    def _lead_to_quizzes(self, known: dict[int, Target]) -> None:
        """Links to the outside quiz application lead to the exercise here."""
        for place, folder in enumerate(self.folders):
            for number, name in ((2 * place + 1, "pre"), (2 * place + 2, "post")):
                if number in known:
                    path = f"{folder}/.github/{name}-lecture-quiz.md"
                    self.linker.targets[path] = known[number]

        def outside(address: str) -> Target | None:
            match = QUIZ_ADDRESS.match(address)
            return known.get(int(match[1])) if match else None

        self.linker.outside = outside


def lend_alternative_texts(item) -> None:
    """A translated lesson that describes a picture in no words borrows the original's."""
    words = {image.path: image.alt for image in item.text.images} if item.text else {}
    for translation in getattr(item, "translations", ()):
        images = translation.text.images
        for place, image in enumerate(images):
            if not image.alt and words.get(image.path):
                images[place] = replace(image, alt=words[image.path])
