"""Exercises as learners meet them: without a word of what is right, until they are graded."""

from dataclasses import dataclass

from catalog.models import Exercise
from learning import grading, shuffling
from learning.models import Attempt, Enrollment

SHOWN_ATTEMPTS = 20


def exercise_in(course_id: int, edition_number: int, key: str) -> Exercise | None:
    """The exercise of one edition with questions and options. Three queries."""
    return (
        Exercise.objects.filter(
            edition__course_id=course_id, edition__number=edition_number, key=key
        )
        .select_related("body", "module")
        .prefetch_related("questions__options")
        .first()
    )


def specs_of(exercise: Exercise) -> list[dict]:
    """What grading needs, a question each, options in the author's order. From loaded rows."""
    return [
        {
            "key": question.key,
            "kind": question.kind,
            "answer": question.answer,
            "options": [
                {"key": option.key, "is_right": option.is_right, "match": option.match}
                for option in question.options.all()
            ],
        }
        for question in exercise.questions.all()
    ]


def layout_for(exercise: Exercise, seed: str) -> list[dict]:
    return shuffling.layout(seed, specs_of(exercise))


@dataclass
class Sheet:
    """An exercise as one learner has it before them. `attempt` is the open one, or None: then the
    layout is the one that starting will freeze."""

    exercise: Exercise
    enrollment: Enrollment
    attempt: Attempt | None
    is_stale: bool
    layout: list[dict]
    given: dict[str, dict]
    past: list[Attempt]

    @property
    def best(self) -> Attempt | None:
        return max(self.past, key=lambda attempt: attempt.score, default=None)


def sheet_of(enrollment: Enrollment, key: str) -> Sheet | None:
    """Five queries, four while there is no open attempt. None when the edition has no such exercise."""
    number = enrollment.edition.number
    exercise = exercise_in(enrollment.course_id, number, key)
    if exercise is None:
        return None
    recent = list(
        Attempt.objects.filter(enrollment=enrollment, exercise_key=key).order_by("-pk")[
            :SHOWN_ATTEMPTS
        ]
    )
    attempt = next((one for one in recent if one.state == Attempt.State.OPEN), None)
    past = [one for one in recent if one.is_graded]
    is_stale = attempt is not None and attempt.edition_number != number
    if attempt and not is_stale:
        layout = attempt.layout
    else:
        before = attempt or (past[0] if past else None)
        seed = before.public_id if before else f"{enrollment.public_id}/{key}"
        layout = layout_for(exercise, seed)
    given = dict(attempt.answers.values_list("question_key", "given")) if attempt else {}
    return Sheet(exercise, enrollment, attempt, is_stale, layout, given, past)


def written_answers(layout: list[dict], given: dict[str, dict]) -> dict:
    """Kept answers as they leave the server, by question key; unanswered ones are absent."""
    found = {}
    for entry in layout:
        if entry["question"] in given:
            value = grading.written(entry, given[entry["question"]])
            if value not in (None, "", [], {}):
                found[entry["question"]] = value
    return found


def own_attempt(person, public_id: str) -> Attempt | None:
    """The person's own attempt, with its place. One query."""
    if "\0" in public_id:
        return None
    return (
        Attempt.objects.filter(public_id=public_id, enrollment__person=person)
        .select_related("enrollment__course", "enrollment__edition", "enrollment__person")
        .first()
    )


def attempts_of(person, enrollment_id: str = ""):
    """The person's attempts, newest first, of one enrollment if it is named. One query."""
    found = Attempt.objects.filter(enrollment__person=person).select_related("enrollment")
    if enrollment_id:
        is_name = "\0" not in enrollment_id
        found = found.filter(enrollment__public_id=enrollment_id) if is_name else found.none()
    return found.order_by("-pk")
