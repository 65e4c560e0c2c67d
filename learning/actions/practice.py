"""Attempts: started, answered, graded. All on the server."""

from django.db import IntegrityError, transaction

from engineroom import audit, clock, events
from learning import grading
from learning.actions.progress import hold_place, mark_done
from learning.events import AttemptGraded
from learning.models import Answer, Attempt, Completion, Enrollment
from learning.queries import access
from learning.queries.exercises import Sheet, exercise_in, sheet_of, specs_of
from learning.refusals import AttemptClosed, BadAnswers, NoSuchItem, Unanswered

SHOWN_ERRORS = 50


@transaction.atomic
def start_attempt(*, enrollment: Enrollment, exercise_key: str, actor=None) -> Attempt:
    """The open attempt at the exercise, a new one if there is none (`is_new` tells). An open
    one of an edition that was corrected meanwhile is laid out anew and keeps its answers.
    Raises NoGrant, AccessEnded, Withdrawn, NoSuchItem."""
    access.require_open(hold_place(enrollment))
    sheet = sheet_of(enrollment, exercise_key)
    if sheet is None:
        raise NoSuchItem
    if sheet.attempt is None:
        return _open_attempt(sheet, actor)
    if sheet.is_stale:
        number = enrollment.edition.number
        Attempt.objects.filter(pk=sheet.attempt.pk, state=Attempt.State.OPEN).update(
            layout=sheet.layout, edition_number=number
        )
        sheet.attempt.layout, sheet.attempt.edition_number = sheet.layout, number
    return sheet.attempt


def _open_attempt(sheet: Sheet, actor) -> Attempt:
    enrollment, key = sheet.enrollment, sheet.exercise.key
    try:
        with transaction.atomic():
            attempt = Attempt.objects.create(
                enrollment=enrollment,
                exercise_key=key,
                edition_number=enrollment.edition.number,
                layout=sheet.layout,
            )
    except IntegrityError:
        return Attempt.objects.get(
            enrollment=enrollment, exercise_key=key, state=Attempt.State.OPEN
        )
    attempt.is_new = True
    audit.record(
        "learning.attempt_started", attempt.public_id, actor=actor or enrollment.person, key=key
    )
    return attempt


def _read_all(attempt: Attempt, answers: dict) -> tuple[dict, list[dict], list[str]]:
    """What of the answers can be kept, what is wrong with the others, what is empty."""
    entries = {entry["question"]: entry for entry in attempt.layout}
    kept, errors, emptied = {}, [], []
    for key, raw in answers.items():
        entry = entries.get(key)
        if entry is None:
            detail = "The exercise has no such question."
            name = str(key)[:160].encode("utf-8", "replace").decode()
            errors.append({"field": name, "code": "no_such_question", "detail": detail})
            continue
        try:
            kept[key] = grading.read(entry, raw)
        except grading.Missing:
            emptied.append(key)
        except grading.Unreadable as problem:
            errors.append({"field": key, "code": "unreadable", "detail": str(problem)})
    return kept, errors, emptied


@transaction.atomic
def save_answers(*, attempt: Attempt, answers: dict, keep_readable: bool = False) -> list[dict]:
    """Keep answers of an open attempt, by question key, choices as places in its layout; an empty one
    takes the kept one back. Returns the errors; without `keep_readable` any error refuses all.

    Raises BadAnswers, AttemptClosed, NoGrant, AccessEnded, Withdrawn. Not audited: the row is the record.
    """
    access.require_open(attempt.enrollment)
    kept, errors, emptied = _read_all(attempt, answers)
    if errors and not keep_readable:
        raise BadAnswers(errors=errors[:SHOWN_ERRORS])
    now = clock.now()
    # The conditional update also takes the row's lock, so that grading never runs between.
    is_open = Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.OPEN)
    if not is_open.update(saved_at=now):
        raise AttemptClosed
    attempt.saved_at = now
    if emptied:
        Answer.objects.filter(attempt=attempt, question_key__in=emptied).delete()
    rows = [
        Answer(attempt=attempt, question_key=key, given=given, saved_at=now)
        for key, given in kept.items()
    ]
    Answer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["attempt", "question_key"],
        update_fields=["given", "saved_at"],
    )
    return errors


def save_answer(*, attempt: Attempt, question_key: str, given) -> None:
    """One answer; see `save_answers`."""
    save_answers(attempt=attempt, answers={question_key: given})


@transaction.atomic
def submit_attempt(*, attempt: Attempt, actor=None) -> Attempt:
    """Grade the attempt on the server and finish the exercise. Asked again, it returns the graded
    attempt as it is. Raises Unanswered, AttemptClosed (ended without grading), NoSuchItem, NoGrant,
    AccessEnded, Withdrawn."""
    enrollment = access.require_open(hold_place(attempt.enrollment))
    now = clock.now()
    # Whoever moves the row out of `open` grades it; a second submit finds nothing to move. The
    # score is a placeholder until the end of this transaction.
    moved = Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.OPEN).update(
        state=Attempt.State.GRADED, submitted_at=now, score=0, max_score=0
    )
    if moved:
        _grade(attempt, enrollment, actor or enrollment.person)
    attempt.refresh_from_db(
        fields=["state", "submitted_at", "score", "max_score", "layout", "edition_number"]
    )
    if not attempt.is_graded:
        raise AttemptClosed
    return attempt


def _grade(attempt: Attempt, enrollment: Enrollment, actor) -> None:
    attempt.refresh_from_db(fields=["layout", "edition_number"])
    exercise = exercise_in(enrollment.course_id, attempt.edition_number, attempt.exercise_key)
    if exercise is None:
        raise NoSuchItem
    specs = {spec["key"]: spec for spec in specs_of(exercise)}
    entries = {entry["question"]: entry for entry in attempt.layout if entry["question"] in specs}
    asked = list(entries)
    answers = {answer.question_key: answer for answer in attempt.answers.all()}
    if missing := [
        key
        for key in asked
        if key not in answers or not grading.is_complete(entries[key], answers[key].given)
    ]:
        raise Unanswered(
            errors=[
                {"field": key, "code": "unanswered", "detail": "There is no answer yet."}
                for key in missing
            ]
        )
    for key in asked:
        answers[key].is_right = grading.is_right(specs[key], answers[key].given)
        answers[key].points = int(answers[key].is_right)
    graded = [answers[key] for key in asked]
    Answer.objects.bulk_update(graded, ["is_right", "points"])
    score = sum(answer.points for answer in graded)
    Attempt.objects.filter(pk=attempt.pk).update(score=score, max_score=len(asked))
    audit.record(
        "learning.attempt_graded", attempt.public_id, actor=actor, score=score, of=len(asked)
    )
    events.announce(AttemptGraded(attempt_id=attempt.pk, score=score, max_score=len(asked)))
    mark_done(enrollment, Completion.Kind.EXERCISE, attempt.exercise_key, actor)
