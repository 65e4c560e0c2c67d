"""Questions: read from the course folder's YAML, and what keeps one from being published."""

from decimal import Decimal, InvalidOperation

from catalog.importers import yamls
from catalog.importers.names import Keys, key_of
from catalog.importers.packages import shown
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import ExerciseSource, OptionSource, QuestionSource
from catalog.publishability import exercise_problem, question_problem

KINDS = ("single", "multiple", "text", "numeric", "ordering", "matching")
MAX_TEXT = 4_000
MAX_QUESTIONS = 200
MAX_OPTIONS = 50


def option_keys(texts: list[str]) -> list[str]:
    """A key for each option, made from its text, so that keys tell nothing of the right order."""
    keys = Keys()
    return [keys.take(key_of(text, 60) or "option") for text in texts]


def problem_of(question: QuestionSource) -> str:
    """Why the question cannot be published, in one sentence; empty when it can."""
    return question_problem(question, question.options)


def problem_of_all(exercise: ExerciseSource) -> str:
    """The same of a whole exercise, as far as its questions tell."""
    problems = [question.problem for question in exercise.questions]
    return exercise_problem(exercise, exercise.text.markdown if exercise.text else "", problems, [])


def read_questions(fields, path: str) -> list[QuestionSource]:
    rows = yamls.listed(fields.get("questions"), path, "questions")
    if len(rows) > MAX_QUESTIONS:
        raise PackageRefused(f"{shown(path)} has more than {MAX_QUESTIONS} questions.")
    keys = Keys()
    return [_question(yamls.mapped(row, path, "a question"), path, keys) for row in rows]


def _question(row, path, keys) -> QuestionSource:
    kind = row.get("kind")
    if kind not in KINDS:
        raise PackageRefused(
            f"{shown(path)}: the question of line {row.line} has no kind that is known."
        )
    name = yamls.words(row.get("key", ""), path, "key", 100)
    question = QuestionSource(
        key=keys.take(key_of(name) or "question"),
        kind=kind,
        prompt=_text(row, "prompt", path),
        explanation=_text(row, "explanation", path),
        path=path,
        line=row.line,
    )
    _fill(question, row, path)
    if len(question.options) > MAX_OPTIONS:
        raise PackageRefused(f"{shown(path)} has a question with more than {MAX_OPTIONS} options.")
    question.problem = problem_of(question)
    return question


def _fill(question, row, path) -> None:
    if question.kind in ("single", "multiple"):
        options = [
            yamls.mapped(option, path, "an option")
            for option in yamls.listed(row.get("options"), path, "options")
        ]
        texts = [_text(option, "text", path) for option in options]
        question.options = [
            OptionSource(
                key=key,
                text=text,
                is_right=yamls.truth(option.get("right", ""), path, "right"),
                why=_text(option, "why", path),
            )
            for key, text, option in zip(option_keys(texts), texts, options, strict=True)
        ]
    elif question.kind == "ordering":
        items = [str(item) for item in yamls.listed(row.get("items"), path, "items")]
        question.options = [
            OptionSource(key=key, text=text)
            for key, text in zip(option_keys(items), items, strict=True)
        ]
    elif question.kind == "matching":
        pairs = [
            yamls.mapped(pair, path, "a pair")
            for pair in yamls.listed(row.get("pairs"), path, "pairs")
        ]
        texts = [_text(pair, "left", path) for pair in pairs]
        question.options = [
            OptionSource(key=key, text=text, match=_text(pair, "right", path))
            for key, text, pair in zip(option_keys(texts), texts, pairs, strict=True)
        ]
    elif question.kind == "text":
        answers = yamls.listed(row.get("answers"), path, "answers")
        question.answer = {"answers": [str(answer)[:200] for answer in answers if str(answer)]}
    else:
        question.answer = {
            "answer": _number(row, "answer", path),
            "tolerance": _number(row, "tolerance", path) or "0",
            "unit": yamls.words(row.get("unit", ""), path, "unit", 40),
        }


def _text(row, name: str, path: str) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise PackageRefused(f"{shown(path)}: {name} must be text (line {row.line}).")
    if len(value) > MAX_TEXT:
        raise PackageRefused(f"{shown(path)}: {name} is longer than {MAX_TEXT} characters.")
    return value.strip()


def _number(row, name: str, path: str) -> str:
    text = _text(row, name, path).replace("_", "")
    if not text:
        return ""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or len(text) > 30 or abs(number.adjusted()) > 30:
        raise PackageRefused(f"{shown(path)}: {name} is no number (line {row.line}).")
    return format(number, "f")
