"""Quizzes of a docsify repository: one JSON file per language."""

import json
import re
from dataclasses import dataclass

from catalog.importers.names import plain, shortened
from catalog.importers.packages import Package, shown
from catalog.importers.questions import MAX_TEXT, option_keys, problem_of, problem_of_all
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import ExerciseSource, OptionSource, QuestionSource
from catalog.importers.yamls import is_storable

QUIZ_FILE = re.compile(r"(?:^|/)quiz[^/]*/(?:.*/)?translations/(?P<locale>[A-Za-z_-]{2,12})\.json$")
ORIGINAL = "en"


@dataclass
class Quiz:
    """`reason` tells why it is not what was asked for; empty when it is."""

    number: int
    title: str
    path: str
    line: int
    questions: list[QuestionSource]
    reason: str = ""

    def exercise(self, key: str, lesson_key: str) -> ExerciseSource:
        exercise = ExerciseSource(
            key=key,
            title=self.title,
            path=self.path,
            line=self.line,
            lesson_key=lesson_key,
            questions=self.questions,
        )
        exercise.problem = problem_of_all(exercise)
        return exercise


def read_quizzes(package: Package, locale: str = "") -> list[Quiz]:
    """The quizzes in the original language; those of the locale take their place where they are."""
    files = {}
    for path in package.sizes:
        if match := QUIZ_FILE.search(path):
            files.setdefault(match["locale"], path)
    quizzes = {quiz.number: quiz for quiz in _read(package, files.get(ORIGINAL, ""))}
    if locale in ("", ORIGINAL):
        return list(quizzes.values())
    for quiz in quizzes.values():
        quiz.reason = f"There is no quiz in {shown(locale)}: the original is used."
    for quiz in _read(package, files.get(locale, "")):
        original = quizzes.get(quiz.number)
        quiz.title = quiz.title or (original.title if original else "")
        quizzes[quiz.number] = quiz
    return list(quizzes.values())


def _read(package: Package, path: str):
    if not path:
        return
    text = package.text(path)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise PackageRefused(f"{shown(path)} is not valid JSON.") from None
    data = data[0] if isinstance(data, list) and data else data
    rows = data.get("quizzes") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise PackageRefused(f"{shown(path)} holds no quizzes.")
    lines = _lines_of(text, '"questionText"')
    titles = _lines_of(text, '"quiz"')
    for row in rows:
        yield _quiz(row, path, lines, next(titles, 0))


def _lines_of(text: str, word: str):
    """The line of each occurrence, in order."""
    line, done = 1, 0
    for match in re.finditer(re.escape(word), text):
        line += text.count("\n", done, match.start())
        done = match.start()
        yield line


def _quiz(row, path, lines, line) -> Quiz:
    number = row.get("id") if isinstance(row, dict) else None
    questions = row.get("quiz") if isinstance(row, dict) else None
    if not isinstance(number, int) or not 0 < number < 10_000 or not isinstance(questions, list):
        raise PackageRefused(f"{shown(path)} holds a quiz that cannot be read (line {line}).")
    title = _text(row.get("title"), path, line)
    return Quiz(
        number=number,
        title=shortened(plain(title)),
        path=path,
        line=line,
        questions=[
            _question(question, index, path, next(lines, 0))
            for index, question in enumerate(questions, 1)
        ],
    )


def _question(row, index, path, line) -> QuestionSource:
    options = row.get("answerOptions") if isinstance(row, dict) else None
    if not isinstance(options, list) or not all(isinstance(option, dict) for option in options):
        raise PackageRefused(f"{shown(path)} holds a question that cannot be read (line {line}).")
    texts = [_text(option.get("answerText"), path, line) for option in options]
    right = [str(option.get("isCorrect")).lower() == "true" for option in options]
    question = QuestionSource(
        key=f"question-{index}",
        kind="multiple" if sum(right) > 1 else "single",
        prompt=_text(row.get("questionText"), path, line),
        options=[
            OptionSource(key=key, text=text, is_right=is_right)
            for key, text, is_right in zip(option_keys(texts), texts, right, strict=True)
        ],
        path=path,
        line=line,
    )
    question.problem = problem_of(question)
    return question


def _text(value, path, line) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > MAX_TEXT or not is_storable(text):
        raise PackageRefused(f"{shown(path)} holds a text that cannot be used (line {line}).")
    return text
