"""Answers of the API as plain values, built from rows."""

from learning.models import Attempt, Enrollment
from learning.outlines import Outline
from learning.queries.editions import Outlook
from learning.queries.exercises import exercise_in, written_answers
from learning.queries.results import result_of
from learning.refusals import NoSuchItem


def _editions(place: Enrollment) -> dict:
    offered = place.course.published_edition
    return {
        "own": place.edition.number,
        "offered": offered.number if offered else None,
        "has_newer": place.has_newer_edition,
        "finished": place.finished_edition,
    }


def enrollment_document(place: Enrollment, outline: Outline, *, with_outline: bool = False) -> dict:
    upcoming = outline.next_open(place.last_key)
    document = {
        "id": place.public_id,
        "course": place.course.slug,
        "title": place.edition.title,
        "edition": place.edition.number,
        "editions": _editions(place),
        "finished_at": place.finished_at,
        "started_at": place.started_at,
        "is_open": place.has_access and place.edition.state == "published",
        "last_key": place.last_key,
        "next_key": upcoming.key if upcoming else None,
        "done": outline.done,
        "total": outline.total,
        "percent": outline.percent,
    }
    return document | ({"outline": outline.parts} if with_outline else {})


def reading_document(row, outline: Outline) -> dict:
    """A lesson or project with its neighbors."""
    before, after = outline.around(row.key)
    item = outline.find(row.key)
    return {
        "key": row.key,
        "title": row.title,
        "summary": row.summary,
        "html": row.body.html,
        "minutes": getattr(row, "minutes", None) or getattr(row, "hours", 0) * 60,
        "is_done": bool(item and item.is_done),
        "previous_key": before.key if before else None,
        "next_key": after.key if after else None,
        "rubric": getattr(row, "rubric", []),
    }


def _choices(keys, options, prefix, show):
    return [
        {"id": f"{prefix}{place}", "html": show(options[key])}
        for place, key in enumerate(keys, 1)
        if key in options
    ]


def _questions(attempt, exercise, given):
    questions = {question.key: question for question in exercise.questions.all()}
    for entry in attempt.layout:
        question = questions.get(entry["question"])
        if question is None:
            continue
        options = {option.key: option for option in question.options.all()}
        is_numeric = question.kind == "numeric"
        yield {
            "key": question.key,
            "kind": question.kind,
            "prompt_html": question.prompt_html,
            "unit": str(question.answer.get("unit") or "") if is_numeric else "",
            "options": _choices(entry["options"], options, "o", lambda option: option.text_html),
            "partners": _choices(entry["partners"], options, "p", lambda option: option.match),
            "given": given.get(question.key),
        }


def _lines(lines):
    names = ("html", "text", "verdict", "why_html", "is_chosen", "is_right")
    return [{name: getattr(line, name) for name in names} for line in lines]


def _result(result):
    return {
        "questions": [
            {
                "key": graded.question.key,
                "is_right": graded.is_right,
                "explanation_html": graded.question.explanation_html,
                "lines": _lines(graded.lines),
                "right": _lines(graded.right_lines),
            }
            for graded in result.questions
        ],
        "solutions": [
            {"title": solution.title, "html": solution.body.html} for solution in result.solutions
        ],
    }


def attempt_document(attempt: Attempt) -> dict:
    """The attempt with its questions; with what was right only once it is graded."""
    result = result_of(attempt) if attempt.is_graded else None
    exercise = (
        result.exercise
        if result
        else exercise_in(attempt.enrollment.course_id, attempt.edition_number, attempt.exercise_key)
    )
    if exercise is None:
        raise NoSuchItem
    given = dict(attempt.answers.values_list("question_key", "given"))
    return {
        "public_id": attempt.public_id,
        "enrollment": {"public_id": attempt.enrollment.public_id},
        "exercise_key": attempt.exercise_key,
        "state": attempt.state,
        "edition_number": attempt.edition_number,
        "started_at": attempt.started_at,
        "saved_at": attempt.saved_at,
        "submitted_at": attempt.submitted_at,
        "score": attempt.score,
        "max_score": attempt.max_score,
        "title": exercise.title,
        "html": exercise.body.html if exercise.body else "",
        "questions": list(_questions(attempt, exercise, written_answers(attempt.layout, given))),
        "result": _result(result) if result else None,
    }


def _change(change, is_done: bool = False) -> dict:
    return {
        "kind": change.kind,
        "key": change.key,
        "title": change.title,
        "is_done": is_done,
        "words": change.words,
    }


def outlook_document(place: Enrollment, seen: Outlook | None) -> dict:
    """What moving up would change; empty lists when there is nothing to move to."""
    if seen is None:
        seen_lists = {"added": [], "removed": [], "changed": []}
        return {"editions": _editions(place), "now": None, "then": None, **seen_lists}
    return {
        "editions": _editions(place),
        "now": {"done": seen.own.done, "total": seen.own.total},
        "then": {"done": seen.offered.done, "total": seen.offered.total},
        "added": [_change(change) for change in seen.changes.added],
        "removed": [_change(line.change, line.is_done) for line in seen.removed],
        "changed": [_change(line.change, line.is_done) for line in seen.changed],
    }
