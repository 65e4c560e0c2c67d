"""The order in which one attempt shows questions' choices: shuffled, stable, and telling nothing.

A layout is a list, one entry a question, of {"question": key, "kind", "options": [option keys],
"partners": [option keys]}. Choices leave the server only as their places in it, "o1", "o2", … and
"p1", …: an author's keys may give an answer away.
"""

import hashlib


def _order(seed: str, keys: list[str]) -> list[str]:
    """A fixed permutation of the keys for the seed."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}\n{key}".encode()).digest())


def shuffled(seed: str, keys: list[str]) -> list[str]:
    """The keys in another order than given, as far as there is another one."""
    mixed = _order(seed, keys)
    if len(mixed) > 1 and mixed == keys:
        mixed = mixed[1:] + mixed[:1]
    return mixed


def layout(seed: str, questions: list[dict]) -> list[dict]:
    """`questions`: {"key", "kind", "options": [{"key", "match"}]} in the author's order.

    Questions keep that order. Partners of a matching question are one option key for each distinct
    `match` text.
    """
    made = []
    for question in questions:
        keys = [option["key"] for option in question["options"]]
        entry = {
            "question": question["key"],
            "kind": question["kind"],
            "options": [],
            "partners": [],
        }
        mark = f"{seed}\n{question['key']}"
        if question["kind"] in ("single", "multiple", "ordering"):
            entry["options"] = shuffled(mark, keys)
        elif question["kind"] == "matching":
            first_of = {}
            for option in question["options"]:
                first_of.setdefault(option["match"], option["key"])
            entry["options"] = shuffled(mark, keys)
            entry["partners"] = _order(f"{mark}\npartners", list(first_of.values()))
        made.append(entry)
    return made


def token(prefix: str, keys: list[str], key: str) -> str:
    """The place of the key as it leaves the server; empty when it is not in the list."""
    return f"{prefix}{keys.index(key) + 1}" if key in keys else ""


def key_of(prefix: str, keys: list[str], given) -> str | None:
    """The key at a place that came back; None when there is no such place."""
    if not isinstance(given, str) or not given.startswith(prefix) or len(given) > 6:
        return None
    digits = given[len(prefix) :]
    if not (digits.isascii() and digits.isdigit()):
        return None
    place = int(digits)
    return keys[place - 1] if 1 <= place <= len(keys) else None
