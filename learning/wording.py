"""What stands on a certificate, in words."""

import unicodedata

NAME_LIMIT = 120
NOBODY = "A learner of this school"
# Joiners shape letters and emoji; every other invisible mark could make a name look like another.
JOINERS = {"\u200c", "\u200d"}
UNSEEN = {"Cf", "Co", "Cs", "Cn"}


def _kept(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cc":
        return " "
    return "" if kind in UNSEEN and character not in JOINERS else character


def printed_name(name: str) -> str:
    """The name as it is printed: one line, without control characters and marks that turn the
    direction of text. Somebody who gave none is a learner of this school."""
    line = " ".join("".join(map(_kept, unicodedata.normalize("NFC", name))).split())
    line = line[:NAME_LIMIT].strip()
    return line if line.strip("\u200c\u200d ") else NOBODY


def name_size(name: str) -> str:
    """How small the letters of a name must be to leave room for the rest of the sheet: `long` and
    `longer` names take smaller ones."""
    return "" if len(name) <= 26 else "long" if len(name) <= 48 else "longer"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def work_text(facts: dict) -> str:
    """`31 lessons, 14 exercises and 3 projects`; empty when none was done."""
    kinds = (("lessons", "lesson"), ("exercises", "exercise"), ("projects", "project"))
    return _listed([_count(facts[name], noun) for name, noun in kinds if facts.get(name)])


def result_text(facts: dict) -> str:
    """`94 of 100`; empty when nothing was graded."""
    score = facts.get("score")
    return "" if score is None else f"{score} of 100"


def verb(facts: dict) -> str:
    """What stands before the title: staff may give a certificate to who did nothing here."""
    return "has finished" if work_text(facts) else "is awarded the certificate of"


def sentence(facts: dict) -> str:
    """What follows the course's title: `: 31 lessons and 3 projects, with a result of 94 in 100.`"""
    work, score = work_text(facts), facts.get("score")
    said = f": {work}" if work else ""
    return f"{said}, with a result of {score} in 100." if score is not None else f"{said}."


def criteria(*, needs_completion: bool, min_score: int | None, needs_project: bool) -> str:
    """What a rule asks for, as a sentence."""
    asked = []
    if needs_completion:
        asked.append("finish every lesson, exercise and project of the edition")
    if min_score is not None:
        asked.append(f"reach {min_score} of 100 on average over the best attempts at its exercises")
    if needs_project:
        asked.append("hand in a project")
    said = _listed(asked)
    return f"{said[:1].upper()}{said[1:]}."


def validity(months: int | None) -> str:
    return (
        "It does not expire." if months is None else f"It is valid for {_count(months, 'month')}."
    )
