"""What happened in the catalog."""

from dataclasses import dataclass

from engineroom.events import Event


@dataclass(frozen=True, kw_only=True)
class EditionPublished(Event):
    """A draft became an edition that anybody may see. A correction has the same keys as the one
    before it and reaches every learner at once."""

    name = "edition.published"
    course_id: int
    edition_id: int
    is_correction: bool


@dataclass(frozen=True, kw_only=True)
class EditionWithdrawn(Event):
    """An edition was taken down; nobody may read it any more."""

    name = "edition.withdrawn"
    course_id: int
    edition_id: int


@dataclass(frozen=True, kw_only=True)
class CourseRenamed(Event):
    """The course moved to another address. The old one redirects."""

    name = "course.renamed"
    course_id: int
    old_slug: str
    new_slug: str
