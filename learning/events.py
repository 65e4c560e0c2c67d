"""What learning announces, in the past tense, inside the transaction that made it true."""

from dataclasses import dataclass

from engineroom.events import Event


@dataclass(frozen=True, kw_only=True)
class Enrolled(Event):
    """A person has a place. Announced once a person and course."""

    name = "learning.enrolled"
    enrollment_id: int
    person_id: int
    course_id: int


@dataclass(frozen=True, kw_only=True)
class LessonCompleted(Event):
    """An item (lesson, exercise or project) was finished, and was not before."""

    name = "learning.item_completed"
    enrollment_id: int
    item_kind: str
    item_key: str


@dataclass(frozen=True, kw_only=True)
class LessonReopened(Event):
    """A finished lesson is not finished any more: the learner took the mark back."""

    name = "learning.item_reopened"
    enrollment_id: int
    item_kind: str
    item_key: str


@dataclass(frozen=True, kw_only=True)
class AttemptGraded(Event):
    name = "learning.attempt_graded"
    attempt_id: int
    score: int
    max_score: int
