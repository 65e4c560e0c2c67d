"""The neutral tree that every reader makes of its format, and what it tells about it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    KEPT = "kept"
    APPROXIMATED = "approximated"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Finding:
    """What became of one thing of the package. `line` counts from 1; 0 means the whole file."""

    path: str
    line: int
    kind: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Target:
    """Where a relative link leads: an item of the course by key, or the course page itself."""

    kind: str  # lesson, exercise, project, course
    key: str = ""


@dataclass(frozen=True)
class ImageSource:
    """A picture as a text uses it. `path` is the local file; remote ones have a `url` instead."""

    source: str  # the address as the Markdown has it
    alt: str
    line: int
    path: str = ""
    url: str = ""
    is_decorative: bool = False


@dataclass
class TextSource:
    """Markdown and what its relative addresses mean.

    `links` gives each relative address its target; None makes the link plain text. `owner` is the
    key of the item that its pictures count for, when that is not the text's own item.
    """

    markdown: str = ""
    path: str = ""
    line: int = 1
    links: dict[str, Target | None] = field(default_factory=dict)
    images: list[ImageSource] = field(default_factory=list)
    owner: str = ""


@dataclass
class TranslationSource:
    locale: str
    title: str
    text: TextSource


@dataclass
class OptionSource:
    key: str
    text: str
    is_right: bool = False
    why: str = ""
    match: str = ""


@dataclass
class QuestionSource:
    key: str
    kind: str
    prompt: str
    explanation: str = ""
    answer: dict = field(default_factory=dict)
    options: list[OptionSource] = field(default_factory=list)
    problem: str = ""
    path: str = ""
    line: int = 0


@dataclass
class SolutionSource:
    title: str
    text: TextSource


@dataclass
class ItemSource:
    key: str
    title: str
    summary: str = ""
    path: str = ""
    line: int = 1
    is_open: bool = False
    problem: str = ""


@dataclass
class LessonSource(ItemSource):
    text: TextSource = field(default_factory=TextSource)
    minutes: int = 0
    translations: list[TranslationSource] = field(default_factory=list)


@dataclass
class ExerciseSource(ItemSource):
    lesson_key: str = ""
    text: TextSource | None = None
    minutes: int = 0
    questions: list[QuestionSource] = field(default_factory=list)
    solutions: list[SolutionSource] = field(default_factory=list)


@dataclass
class GallerySource:
    title: str
    author: str
    text: str


@dataclass
class ProjectSource(ItemSource):
    text: TextSource = field(default_factory=TextSource)
    hours: int = 0
    rubric: list[dict] = field(default_factory=list)
    gallery: list[GallerySource] = field(default_factory=list)


@dataclass
class ModuleSource:
    key: str
    title: str
    summary: str = ""
    path: str = ""
    items: list[ItemSource] = field(default_factory=list)


@dataclass
class InstructorSource:
    slug: str
    name: str
    bio: str = ""


@dataclass
class FAQSource:
    question: str
    answer: str


@dataclass
class CourseSource:
    """A whole course. Prices are decimal text with a currency, or empty for a free course."""

    slug: str
    title: str
    format: str
    summary: str = ""
    level: str = "beginner"
    language: str = "en"
    topics: list[str] = field(default_factory=list)
    instructor: InstructorSource | None = None
    price: str = ""
    currency: str = ""
    outcomes: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    faqs: list[FAQSource] = field(default_factory=list)
    description: TextSource = field(default_factory=TextSource)
    modules: list[ModuleSource] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def items(self):
        """Each item with its module, in order."""
        for module in self.modules:
            for item in module.items:
                yield module, item


@dataclass
class SectionSource:
    key: str
    title: str
    text: TextSource


@dataclass(frozen=True)
class RecommendationSource:
    kind: str
    course: str
    key: str = ""


@dataclass
class ResourceSource:
    title: str
    url: str
    note: str = ""


@dataclass
class TopicSource:
    slug: str
    title: str
    summary: str
    path: str
    introduction: str = ""
    sections: list[SectionSource] = field(default_factory=list)
    recommendations: list[RecommendationSource] = field(default_factory=list)
    resources: list[ResourceSource] = field(default_factory=list)
    faqs: list[FAQSource] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
