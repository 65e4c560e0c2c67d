"""Grading, as plain functions of plain values. It never raises on what a learner wrote.

An answer as kept (`given`) is by kind: single {"choice": key}; multiple {"choices": [keys]};
text {"text": str}; numeric {"number": str}; ordering {"order": [keys]}; matching {"pairs": {key:
partner key}}. A `spec` is what is right: {"kind", "answer": dict, "options": [{"key", "is_right",
"match"}] in the right order}.
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from learning.shuffling import key_of, token

TEXT_LIMIT = 1000
NUMBER_LIMIT = 80
MINUS = str.maketrans("\u2212\u2012\u2013\u2010\u2011", "-----")
NUMBER = re.compile(
    r"(?P<number>[+-]?(?:\d[\d\s'_.,]*|[.,]\d+)(?:e[+-]?\d{1,3})?)\s*(?P<unit>\D.*|)", re.I
)


class Unreadable(ValueError):
    """The answer cannot be understood; the message is for the learner."""


class Missing(Unreadable):
    """There is no answer."""


def plain_text(text: str) -> str:
    """NFKC, case folded, runs of whitespace as one space: how short texts are compared."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except (InvalidOperation, ValueError):
        return None
    return value if value.is_finite() else None


def _readings(number: str) -> list[Decimal]:
    """What the digits may mean. `1,500` is 1500 in some countries and 1.5 in others: both count."""
    mantissa, _, exponent = number.lower().partition("e")
    mantissa = re.sub(r"(?<=\d)[\s'_](?=\d)", "", mantissa)
    tail = f"e{exponent}" if exponent else ""
    forms = []
    if "," in mantissa and "." in mantissa:
        last = max(mantissa.rfind(","), mantissa.rfind("."))
        other = "," if mantissa[last] == "." else "."
        forms.append(mantissa.replace(other, "").replace(",", "."))
    elif mantissa.count(",") == 1:
        forms.append(mantissa.replace(",", "."))
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", mantissa):
            forms.append(mantissa.replace(",", ""))
    elif "," in mantissa or mantissa.count(".") > 1:
        grouped = re.fullmatch(r"[+-]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", mantissa)
        forms += [re.sub("[.,]", "", mantissa)] if grouped else []
    else:
        forms.append(mantissa)
    return [value for form in forms if (value := _decimal(form + tail)) is not None]


def read_number(text: str) -> tuple[list[Decimal], str]:
    """The readings of a number and the unit written behind it. Raises Unreadable."""
    text = unicodedata.normalize("NFKC", text).translate(MINUS).strip()
    found = NUMBER.fullmatch(text) if len(text) <= NUMBER_LIMIT else None
    readings = _readings(found["number"].strip()) if found else []
    if not readings:
        raise Unreadable("Write a number, such as 12.5.")
    return readings, plain_text(found["unit"])


def _single(spec, given):
    right = {option["key"] for option in spec["options"] if option["is_right"]}
    return given.get("choice") in right


def _multiple(spec, given):
    right = {option["key"] for option in spec["options"] if option["is_right"]}
    choices = given.get("choices")
    return isinstance(choices, list) and set(choices) == right


def _text(spec, given):
    answers = {plain_text(str(answer)) for answer in spec["answer"].get("answers", [])}
    return plain_text(given.get("text", "")) in answers - {""}


def _numeric(spec, given):
    answer = spec["answer"]
    target = _decimal(str(answer.get("answer", "")))
    slack = _decimal(str(answer.get("tolerance") or "0"))
    readings, unit = read_number(given.get("number", ""))
    if (
        target is None
        or slack is None
        or unit not in ("", plain_text(str(answer.get("unit") or "")))
    ):
        return False
    return any(abs(reading - target) <= abs(slack) for reading in readings)


def _ordering(spec, given):
    return given.get("order") == [option["key"] for option in spec["options"]]


def _matching(spec, given):
    match_of = {option["key"]: option["match"] for option in spec["options"]}
    pairs = given.get("pairs")
    return (
        isinstance(pairs, dict)
        and set(pairs) == set(match_of)
        and all(match_of.get(pairs[key]) == match for key, match in match_of.items())
    )


GRADERS = {
    "single": _single,
    "multiple": _multiple,
    "text": _text,
    "numeric": _numeric,
    "ordering": _ordering,
    "matching": _matching,
}


def is_right(spec: dict, given) -> bool:
    """Whether the answer is right. A malformed one is wrong."""
    try:
        return bool(GRADERS[spec["kind"]](spec, given))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return False


def _read_choices(entry, raw, empty_says):
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise Unreadable("Choose among the answers shown.")
    keys = [key_of("o", entry["options"], one) for one in raw]
    if not keys:
        raise Missing(empty_says)
    if None in keys or len(set(keys)) != len(keys):
        raise Unreadable("Choose among the answers shown.")
    return keys


def _read_words(raw, limit):
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or "\0" in raw:
        raise Unreadable("Write plain text.")
    if any(unicodedata.category(char) == "Cs" for char in raw):
        raise Unreadable("Write plain text.")
    if not raw.strip():
        raise Missing("Write an answer.")
    if len(raw) > limit:
        raise Unreadable(f"Write at most {limit} characters.")
    return raw.strip()


def _read_pairs(entry, raw):
    if not isinstance(raw, dict):
        raise Unreadable("Choose a partner for each line.")
    pairs = {}
    for left, right in raw.items():
        if right in ("", None):
            continue
        key = key_of("o", entry["options"], left)
        partner = key_of("p", entry["partners"], right)
        if key is None or partner is None:
            raise Unreadable("Choose among the partners shown.")
        pairs[key] = partner
    if not pairs:
        raise Missing("Choose a partner for each line.")
    return {"pairs": pairs}


def read(entry: dict, raw) -> dict:
    """An answer as it arrived (choices as places in the layout entry), as it is kept.

    Raises Missing when there is none and Unreadable when it cannot be one.
    """
    kind = entry["kind"]
    if kind == "single":
        if raw in ("", None):
            raise Missing("Choose an answer.")
        return {"choice": _read_choices(entry, [raw], "Choose an answer.")[0]}
    if kind == "multiple":
        return {"choices": _read_choices(entry, raw, "Choose at least one answer.")}
    if kind == "text":
        return {"text": _read_words(raw, TEXT_LIMIT)}
    if kind == "numeric":
        words = _read_words(raw, NUMBER_LIMIT)
        read_number(words)
        return {"number": words}
    if kind == "ordering":
        order = _read_choices(entry, raw, "Put the lines in order.")
        if len(order) != len(entry["options"]):
            raise Unreadable("Name every line exactly once.")
        return {"order": order}
    if kind == "matching":
        return _read_pairs(entry, raw)
    raise Unreadable("This kind of question is not known.")


def is_complete(entry: dict, given) -> bool:
    """Whether a kept answer may be graded: of a matching question every line needs its partner."""
    if entry["kind"] != "matching":
        return isinstance(given, dict) and bool(given)
    pairs = given.get("pairs") if isinstance(given, dict) else None
    return isinstance(pairs, dict) and set(entry["options"]) <= set(pairs)


def written(entry: dict, given: dict):
    """A kept answer as it leaves the server, choices as places; None when it is no longer one."""
    options, partners = entry["options"], entry["partners"]
    if "choice" in given:
        return token("o", options, given["choice"]) or None
    for name in ("choices", "order"):
        if name in given:
            places = [token("o", options, key) for key in given[name]]
            return places if all(places) else None
    if "pairs" in given:
        return {
            token("o", options, key): token("p", partners, partner)
            for key, partner in given["pairs"].items()
            if key in options and partner in partners
        }
    return given.get("text", given.get("number"))
