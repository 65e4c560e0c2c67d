"""Questions as plain form controls. Nothing here knows what is right."""

import re
from dataclasses import dataclass, field

from learning.queries.exercises import Sheet, written_answers

BLOCK = re.compile(r"<(p|div|ul|ol|pre|table|figure|blockquote|h\d|dl)\b")
HINTS = {
    "single": "Choose one.",
    "multiple": "Choose all that apply.",
    "text": "A word or two. Capitals do not matter.",
    "numeric": "A number, with a point or a comma.",
    "ordering": "Use the arrow buttons. Your other answers are kept.",
    "matching": "Choose a partner for each line.",
}


@dataclass
class Choice:
    """`token` is its place in this attempt; the author's key stays on the server."""

    token: str
    html: str
    label: str
    is_checked: bool = False
    partner: str = ""


@dataclass
class Control:
    number: int
    kind: str
    key: str
    html: str
    hint: str
    unit: str = ""
    value: str = ""
    choices: list[Choice] = field(default_factory=list)
    partners: list[Choice] = field(default_factory=list)
    error: str = ""

    @property
    def name(self) -> str:
        return f"q{self.number}"

    @property
    def is_block(self) -> bool:
        return bool(BLOCK.search(self.html))

    @property
    def target(self) -> str:
        """The id that an error links to: the first control of the question."""
        if self.kind in ("single", "multiple", "matching"):
            return f"{self.name}-1"
        return self.name if self.kind != "ordering" else f"{self.name}-box"


def posted_answers(sheet: Sheet, data) -> dict:
    """What the form sent, by question key, in the shape the actions read."""
    found = {}
    for number, entry in enumerate(sheet.layout, 1):
        name, kind = f"q{number}", entry["kind"]
        if kind in ("multiple", "ordering"):
            found[entry["question"]] = data.getlist(name)
        elif kind == "matching":
            places = range(1, len(entry["options"]) + 1)
            found[entry["question"]] = {f"o{n}": data.get(f"{name}.o{n}", "") for n in places}
        else:
            found[entry["question"]] = data.get(name, "")
    return found


def moved(sheet: Sheet, posted: dict, order: str) -> int | None:
    """Apply a move such as `4 o2 up` to the posted answers; returns the question's number."""
    number, _, rest = order.partition(" ")
    place, _, way = rest.partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) < 5):
        return None
    index = int(number) - 1
    if not 0 <= index < len(sheet.layout) or sheet.layout[index]["kind"] != "ordering":
        return None
    lines = posted[sheet.layout[index]["question"]]
    if place not in lines or way not in ("up", "down"):
        return None
    at = lines.index(place)
    to = at - 1 if way == "up" else at + 1
    if 0 <= to < len(lines):
        lines[at], lines[to] = lines[to], lines[at]
    return int(number)


def _choices(options, entry, value, kind):
    chosen = set(value) if isinstance(value, list) else {value} if isinstance(value, str) else set()
    pairs = value if isinstance(value, dict) else {}
    made = {}
    for place, key in enumerate(entry["options"], 1):
        if key in options:
            mark = f"o{place}"
            option = options[key]
            made[mark] = Choice(
                mark, option.text_html, option.text, mark in chosen, pairs.get(mark, "")
            )
    if kind == "ordering" and isinstance(value, list) and set(value) == set(made):
        return [made[mark] for mark in value]
    return list(made.values())


def controls(sheet: Sheet, posted: dict | None = None, errors: dict | None = None) -> list[Control]:
    """The questions with what was answered: what was just posted, else what is kept."""
    values = posted if posted is not None else written_answers(sheet.layout, sheet.given)
    questions = {question.key: question for question in sheet.exercise.questions.all()}
    shown = []
    for number, entry in enumerate(sheet.layout, 1):
        question = questions.get(entry["question"])
        if question is None:
            continue
        options = {option.key: option for option in question.options.all()}
        kind, value = entry["kind"], values.get(entry["question"], "")
        control = Control(number, kind, question.key, question.prompt_html, HINTS[kind])
        control.error = (errors or {}).get(question.key, "")
        if kind in ("text", "numeric"):
            control.value = value if isinstance(value, str) else ""
            control.unit = str(question.answer.get("unit") or "") if kind == "numeric" else ""
        else:
            control.choices = _choices(options, entry, value, kind)
        control.partners = [
            Choice(f"p{place}", "", options[key].match)
            for place, key in enumerate(entry["partners"], 1)
            if key in options
        ]
        shown.append(control)
    return shown
