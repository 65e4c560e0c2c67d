"""What a graded attempt tells: which answers were right, and why. Asked for an open one, it refuses."""

from dataclasses import dataclass, field

from catalog.models import Exercise, Question
from learning.models import Attempt
from learning.queries.exercises import exercise_in
from learning.refusals import NoSuchItem


class NotGraded(AssertionError):
    """A door asked for the result of an open attempt: a mistake of ours, never shown."""


@dataclass
class Line:
    """An option, a text or a place of an order, with its verdict in words.

    `mark`: right, wrong or plain.
    """

    html: str
    mark: str
    verdict: str
    why_html: str = ""
    is_chosen: bool = False
    is_right: bool = False
    text: str = ""


@dataclass
class Graded:
    """One question of the result."""

    number: int
    question: Question
    is_right: bool
    lines: list[Line] = field(default_factory=list)
    right_lines: list[Line] = field(default_factory=list)


@dataclass
class Result:
    attempt: Attempt
    exercise: Exercise
    questions: list[Graded]
    solutions: list

    @property
    def missed(self) -> list[int]:
        return [one.number for one in self.questions if not one.is_right]


def _choice_lines(question, entry, given):
    chosen = set(given.get("choices", [given.get("choice")]))
    options = {option.key: option for option in question.options.all()}
    ordered = [options[key] for key in entry["options"] if key in options]
    is_multiple = question.kind == Question.Kind.MULTIPLE
    for option in ordered:
        is_chosen = option.key in chosen
        if is_chosen:
            mark, verdict = ("right", "Correct") if option.is_right else ("wrong", "Not right")
        elif option.is_right:
            mark = "wrong" if is_multiple else "right"
            verdict = "You left this out" if is_multiple else "The right answer"
        else:
            mark, verdict = "plain", "Rightly left out"
        yield Line(option.text_html, mark, verdict, option.why_html, is_chosen, option.is_right)


def _own_line(given_text, is_right):
    mark, verdict = ("right", "Correct") if is_right else ("wrong", "Not right")
    return Line(
        "", mark, verdict, is_chosen=True, is_right=is_right, text=given_text or "No answer"
    )


def _word_lines(question, given, is_right):
    answer = question.answer
    own = given.get("text", given.get("number", ""))
    unit = answer.get("unit") or ""
    if question.kind == Question.Kind.NUMERIC:
        wanted = f"{answer.get('answer', '')} {unit}".strip()
        if str(answer.get("tolerance") or "0") not in ("0", "0.0"):
            wanted += f", give or take {answer['tolerance']}"
    else:
        wanted = ", or ".join(str(one) for one in answer.get("answers", [])[:3])
    right = [] if is_right else [Line("", "right", "The right answer", text=wanted, is_right=True)]
    return [_own_line(own, is_right)], right


def _order_lines(question, given):
    options = list(question.options.all())
    by_key = {option.key: option for option in options}
    own = [by_key[key] for key in given.get("order", []) if key in by_key]
    lines = []
    for place, option in enumerate(own):
        fits = place < len(options) and options[place].key == option.key
        verdict = "In the right place" if fits else "Belongs elsewhere"
        lines.append(Line(option.text_html, "right" if fits else "wrong", verdict, is_right=fits))
    all_fit = len(lines) == len(options) and all(line.is_right for line in lines)
    right = [] if all_fit else [Line(option.text_html, "right", "") for option in options]
    return lines, right


def _pair_lines(question, given):
    options = {option.key: option for option in question.options.all()}
    pairs = given.get("pairs", {})
    for option in options.values():
        partner = options.get(pairs.get(option.key, ""))
        fits = partner is not None and partner.match == option.match
        verdict = "Correct" if fits else f"The right partner: {option.match}"
        own = partner.match if partner else "No answer"
        mark = "right" if fits else "wrong"
        yield Line(option.text_html, mark, verdict, option.why_html, is_right=fits, text=own)


def _graded(number, question, entry, answer) -> Graded:
    given = answer.given if answer and isinstance(answer.given, dict) else {}
    is_right = bool(answer and answer.is_right)
    graded = Graded(number, question, is_right)
    kind = question.kind
    if kind in (Question.Kind.SINGLE, Question.Kind.MULTIPLE):
        graded.lines = list(_choice_lines(question, entry, given))
    elif kind in (Question.Kind.TEXT, Question.Kind.NUMERIC):
        graded.lines, graded.right_lines = _word_lines(question, given, is_right)
    elif kind == Question.Kind.ORDERING:
        graded.lines, graded.right_lines = _order_lines(question, given)
    else:
        graded.lines = list(_pair_lines(question, given))
    return graded


def result_of(attempt: Attempt) -> Result:
    """The graded attempt in full. Six queries. Raises NoSuchItem when its edition is gone."""
    if not attempt.is_graded:
        raise NotGraded(attempt.public_id)
    exercise = exercise_in(
        attempt.enrollment.course_id, attempt.edition_number, attempt.exercise_key
    )
    if exercise is None:
        raise NoSuchItem
    answers = {answer.question_key: answer for answer in attempt.answers.all()}
    questions = {question.key: question for question in exercise.questions.all()}
    shown = [entry for entry in attempt.layout if entry["question"] in questions]
    graded = [
        _graded(number, questions[entry["question"]], entry, answers.get(entry["question"]))
        for number, entry in enumerate(shown, 1)
    ]
    solutions = list(exercise.solutions.select_related("body"))
    return Result(attempt, exercise, graded, solutions)
