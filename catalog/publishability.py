"""Why a draft row cannot be published: one sentence, or an empty string. Pure functions over rows.

Rows are anything with the attributes of the models; nothing here reads a database.
"""

from decimal import Decimal, InvalidOperation


def text_problem(title: str, text: str, pictures: list) -> str:
    """Of a lesson, project or an exercise's introduction. `pictures` have `alt`, `is_decorative`."""
    if not title.strip():
        return "It has no title."
    if not text.strip() and not pictures:
        return "It has no text."
    return picture_problem(pictures)


def picture_problem(pictures: list) -> str:
    """Every picture needs words for those who cannot see it, or says that it is decoration."""
    for number, picture in enumerate(pictures, start=1):
        if not picture.alt.strip() and not picture.is_decorative:
            return f"Picture {number} has no alternative text and is not marked as decorative."
    return ""


def exercise_problem(exercise, text: str, question_problems: list[str], pictures: list) -> str:
    """`question_problems` has one entry a question. Questions that cannot be published are left out
    of an edition; an exercise is, when none remains. One without any questions needs a text."""
    if not exercise.title.strip():
        return "It has no title."
    if question_problems and all(question_problems):
        return f"None of its questions can be published. The first: {question_problems[0]}"[:300]
    if not question_problems and not text.strip():
        return "It has neither questions nor a text."
    return picture_problem(pictures)


def question_problem(question, options: list) -> str:
    if not question.prompt.strip():
        return "The question has no text."
    return _CHECKS[question.kind](question, options)


def _choice(question, options) -> str:
    if len(options) < 2:
        return "The question has fewer than two options."
    if any(not option.text.strip() for option in options):
        return "An option has no text."
    right = sum(option.is_right for option in options)
    if not right:
        return "The question has no right option."
    if question.kind == "single" and right > 1:
        return "The question has more than one right option."
    return ""


def _text(question, options) -> str:
    answers = question.answer.get("answers") if isinstance(question.answer, dict) else None
    if not isinstance(answers, list) or not answers:
        return "The question has no accepted answer."
    if any(not isinstance(answer, str) or not answer.strip() for answer in answers):
        return "An accepted answer is empty."
    return ""


def _numeric(question, options) -> str:
    given = question.answer if isinstance(question.answer, dict) else {}
    value, margin = _decimal(given.get("answer")), _decimal(given.get("tolerance", "0"))
    if value is None:
        return "The question has no right number."
    if margin is None or margin < 0:
        return "The tolerance is not a number of zero or more."
    return ""


def _ordering(question, options) -> str:
    if len(options) < 2:
        return "The question has fewer than two things to order."
    return "An item has no text." if any(not option.text.strip() for option in options) else ""


def _matching(question, options) -> str:
    if len(options) < 2:
        return "The question has fewer than two pairs."
    if any(not option.text.strip() or not option.match.strip() for option in options):
        return "A pair is incomplete."
    return ""


def _decimal(value) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_CHECKS = {
    "single": _choice,
    "multiple": _choice,
    "text": _text,
    "numeric": _numeric,
    "ordering": _ordering,
    "matching": _matching,
}
