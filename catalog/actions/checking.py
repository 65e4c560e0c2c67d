"""Keeps the column `problem` of a draft's rows true."""

from catalog.models import Edition, Exercise, Lesson, Project, Question
from catalog.publishability import exercise_problem, question_problem, text_problem
from catalog.queries.editions import EditionContent, edition_content


def check_draft(*, edition: Edition, content: EditionContent | None = None) -> EditionContent:
    """Look at every row of the draft anew and write down what keeps it from being published.

    Runs in the caller's transaction. Returns the rows with `problem` and `question_count` as stored.
    """
    content = content or edition_content(edition)
    images, options = content.images_by_key(), content.options_by_question()
    questions = content.questions_by_exercise()
    for question in content.questions:
        _note(question, question_problem(question, options[question.pk]))
    for row in [*content.lessons, *content.projects]:
        _note(row, text_problem(row.title, row.body.text or row.body.source, images[row.key]))
    for row in content.exercises:
        problems = [question.problem for question in questions[row.pk]]
        text = row.body.source if row.body else ""
        _note(row, exercise_problem(row, text, problems, images[row.key]))
        if row.question_count != len(problems):
            row.question_count, row.is_stale = len(problems), True
    _store(Question, content.questions, ["problem"])
    _store(Lesson, content.lessons, ["problem"])
    _store(Project, content.projects, ["problem"])
    _store(Exercise, content.exercises, ["problem", "question_count"])
    return content


def _note(row, problem: str) -> None:
    if row.problem != problem:
        row.problem, row.is_stale = problem, True


def _store(model, rows, fields) -> None:
    stale = [row for row in rows if getattr(row, "is_stale", False)]
    model.objects.bulk_update(stale, fields, batch_size=200)
    for row in stale:
        row.is_stale = False
