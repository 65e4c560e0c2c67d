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


@dataclass(frozen=True, kw_only=True)
class CourseFinished(Event):
    """Everything of an edition is done, for the first time. Announced once an enrollment."""

    name = "learning.finished"
    enrollment_id: int
    edition_number: int


@dataclass(frozen=True, kw_only=True)
class MovedUp(Event):
    """A place is in a later edition now. What was finished there and before stays finished."""

    name = "learning.moved_up"
    enrollment_id: int
    from_number: int
    to_number: int


@dataclass(frozen=True, kw_only=True)
class CertificateIssued(Event):
    """A certificate was given. Once a person and rule."""

    name = "learning.certificate_issued"
    certificate_id: int
    person_id: int
    course_id: int


@dataclass(frozen=True, kw_only=True)
class CertificateRenewed(Event):
    """A certificate that runs out is valid for longer."""

    name = "learning.certificate_renewed"
    certificate_id: int


@dataclass(frozen=True, kw_only=True)
class CertificateRevoked(Event):
    """A certificate holds no longer. Nothing makes it valid again."""

    name = "learning.certificate_revoked"
    certificate_id: int
