"""The school's own course folder, and plain Markdown folders without any front matter."""

import re

from catalog.importers import yamls
from catalog.importers.fields import faqs_of, gallery_of, instructor_of, rubric_of, sentences
from catalog.importers.findings import reading_time, report_unused, texts_of
from catalog.importers.linking import Linker
from catalog.importers.names import (
    Keys,
    key_of,
    natural,
    take_title,
    title_from_name,
    without_number,
)
from catalog.importers.packages import Package, shown
from catalog.importers.questions import read_questions
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import (
    CourseSource,
    ExerciseSource,
    LessonSource,
    ModuleSource,
    ProjectSource,
    Target,
    TranslationSource,
)

LEVELS = ("beginner", "intermediate", "advanced")
EXERCISE, PROJECT = ".exercise.yaml", ".project.md"
ABOUT_A_PROJECT = {
    "authors", "changelog", "citation", "code_of_conduct", "contributing", "license", "licence",
    "notice", "security", "source", "support",
}  # fmt: skip
WORDS_A_MINUTE = 200
LOCALE = re.compile(r"^(?P<stem>.+)\.(?P<locale>[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?)\.md$")


def is_folder(package: Package) -> bool:
    return "course.md" in package


def is_plain(package: Package) -> bool:
    return any(path.endswith(".md") for path in package.sizes)


class FolderReader:
    def __init__(self, package: Package, locale: str = ""):
        self.package, self.locale = package, locale
        self.keys, self.findings = Keys(), []
        self.linker = Linker(package, self.findings)
        self.used: set[str] = set()
        self.bodies: list[tuple] = []

    def read(self) -> CourseSource:
        course = self._course()
        course.findings = self.findings
        for folder, paths in self._folders().items():
            course.modules.append(self._module(folder, paths, course))
        if not any(module.items for module in course.modules):
            raise PackageRefused("The package has no lesson, exercise or project.")
        for holder, name, markdown, path, line, kind in self.bodies:
            setattr(holder, name, self.linker.text(markdown, path, line=line, kind=kind))
        if self.locale and not any(
            isinstance(item, LessonSource) and item.translations for _, item in course.items()
        ):
            raise PackageRefused(f"The package has no texts in {shown(self.locale)}.")
        self._report(course)
        return course

    # --- the course
    def _course(self) -> CourseSource:
        path = "course.md"
        if path not in self.package:
            return self._plain_course()
        self.used.add(path)
        fields, body, line = yamls.front_matter(self.package.text(path), path)
        heading, body, line = take_title(body, line)
        text = lambda name, limit: yamls.words(fields.get(name, ""), path, name, limit)  # noqa: E731 - one line says it
        course = CourseSource(
            slug=key_of(text("slug", 160) or self.package.name) or "course",
            title=text("title", 200) or heading or title_from_name(self.package.name),
            format="folder",
            summary=text("summary", 300),
            level=text("level", 14) or "beginner",
            language=text("language", 12) or "en",
            topics=[str(slug) for slug in yamls.listed(fields.get("topics"), path, "topics")],
            price=text("price", 20),
            currency=text("currency", 3).upper(),
            outcomes=sentences(fields, "outcomes", path),
            requirements=sentences(fields, "requirements", path),
            instructor=instructor_of(fields, path),
            faqs=faqs_of(fields, path),
        )
        if course.level not in LEVELS:
            raise PackageRefused(f"{path}: level must be one of {', '.join(LEVELS)}.")
        if course.price and not re.fullmatch(r"\d{1,7}(\.\d{1,3})?", course.price):
            raise PackageRefused(f"{path}: price must be a plain number such as 49.00.")
        if course.price and not re.fullmatch(r"[A-Z]{3}", course.currency):
            raise PackageRefused(f"{path}: a price needs a currency such as EUR.")
        self.linker.targets[path] = Target("course")
        self.bodies.append((course, "description", body, path, line, "course"))
        return course

    def _plain_course(self) -> CourseSource:
        path = next((name for name in ("README.md", "index.md") if name in self.package), "")
        title = title_from_name(self.package.name)
        course = CourseSource(
            slug=key_of(self.package.name) or "course", title=title, format="folder"
        )
        if path and len(self.package.under("", ".md")) > 1:
            self.used.add(path)
            _, body, line = yamls.front_matter(self.package.text(path), path)
            heading, body, line = take_title(body, line)
            course.title = heading or title
            self.linker.targets[path] = Target("course")
            self.bodies.append((course, "description", body, path, line, "course"))
        return course

    # --- modules
    def _folders(self) -> dict[str, list[str]]:
        """The item files of each top folder, in order; those beside course.md come first."""
        folders: dict[str, list[str]] = {}
        for path in sorted(self.package.sizes, key=natural):
            top, _, rest = path.partition("/")
            folder = top if rest else ""
            name = path.rsplit("/", 1)[-1]
            if path in self.used or not name.endswith((".md", EXERCISE)):
                continue
            if name.rsplit(".", 1)[0].lower() in ABOUT_A_PROJECT and not is_folder(self.package):
                continue
            folders.setdefault(folder, []).append(path)
        return folders

    def _module(self, folder, paths, course) -> ModuleSource:
        name = without_number(folder) if folder else course.slug
        module = ModuleSource(
            key=key_of(name) or "module",
            title=title_from_name(name) if folder else course.title,
            path=folder or ".",
        )
        taken = [other.key for other in course.modules]
        if module.key in taken:
            module.key = f"{module.key}-{taken.count(module.key) + 1}"
        about = f"{folder}/module.md" if folder else "module.md"
        for path in paths:
            self.used.add(path)
            if path == about:
                fields, body, _ = yamls.front_matter(self.package.text(path), path)
                module.title = (
                    yamls.words(fields.get("title", ""), path, "title", 200)
                    or take_title(body)[0]
                    or module.title
                )
                module.summary = yamls.words(fields.get("summary", ""), path, "summary", 300)
            elif not self._translation(path, module):
                module.items.append(self._item(path))
        return module

    def _translation(self, path, module) -> bool:
        """`01-intro.fr.md` beside `01-intro.md` is a translation, no lesson."""
        match = LOCALE.match(path)
        original = f"{match['stem']}.md" if match else ""
        lesson = next((item for item in module.items if item.path == original), None)
        if not isinstance(lesson, LessonSource) or original not in self.package:
            return False
        fields, body, line = yamls.front_matter(self.package.text(path), path)
        heading, body, line = take_title(body, line)
        title = yamls.words(fields.get("title", ""), path, "title", 200) or heading or lesson.title
        translation = TranslationSource(match["locale"], title, None)
        lesson.translations.append(translation)
        self.bodies.append((translation, "text", body, path, line, "translation"))
        return True

    # --- items
    def _item(self, path):
        if path.endswith(EXERCISE):
            return self._exercise(path)
        is_project = path.endswith(PROJECT)
        fields, body, line = yamls.front_matter(self.package.text(path), path)
        heading, body, line = take_title(body, line)
        stem = path.removesuffix(PROJECT if is_project else ".md")
        common = {
            **self._common(path, stem, fields, heading),
            "line": line,
            "is_open": yamls.truth(fields.get("free", ""), path, "free"),
        }
        if is_project:
            item = ProjectSource(**common)
            item.hours = yamls.whole(fields.get("hours", ""), path, "hours", 1000)
            item.rubric = rubric_of(fields, path)
            item.gallery = gallery_of(fields, path)
        else:
            item = LessonSource(**common)
            item.minutes = yamls.whole(fields.get("minutes", ""), path, "minutes") or reading_time(
                body
            )
        kind = "project" if is_project else "lesson"
        self.linker.targets[path] = Target(kind, item.key)
        self.bodies.append((item, "text", body, path, line, "project" if is_project else ""))
        return item

    def _exercise(self, path) -> ExerciseSource:
        fields = yamls.load(self.package.text(path), path)
        fields = yamls.mapped(fields, path, "the exercise")
        stem = path.removesuffix(EXERCISE)
        item = ExerciseSource(**self._common(path, stem, fields, ""))
        item.is_open = yamls.truth(fields.get("free", ""), path, "free")
        item.minutes = yamls.whole(fields.get("minutes", ""), path, "minutes")
        item.questions = read_questions(fields, path)
        self.linker.targets[path] = Target("exercise", item.key)
        introduction = fields.get("introduction", "")
        if introduction:
            self.bodies.append((item, "text", str(introduction), path, fields.line, "exercise"))
        return item

    def _common(self, path, stem, fields, heading) -> dict:
        name = stem.rsplit("/", 1)[-1]
        folder = without_number(stem.rsplit("/", 2)[-2]) if "/" in stem else ""
        own = key_of(without_number(name)) or key_of(name) or "item"
        if own in ("readme", "index") and folder:
            own = key_of(folder)
        title = yamls.words(fields.get("title", ""), path, "title", 200)
        return {
            "key": self.keys.take(own, f"{key_of(folder)}-{own}" if folder else own),
            "title": title or heading or title_from_name(name),
            "summary": yamls.words(fields.get("summary", ""), path, "summary", 300),
            "path": path,
        }

    def _report(self, course) -> None:
        pictures = {image.path for text in texts_of(course) for image in text.images}
        report_unused(self.package, self.used | pictures, course)
