"""Draws the state diagrams of docs/reference/money.md from payments/states.py.

`python -m docs.diagrams` writes them anew; a test compares.
"""

import re
from pathlib import Path

from payments import states

PAGE = Path(__file__).resolve().parent / "reference/money.md"
DIAGRAMS = {
    "order": states.ORDER_MOVES,
    "payment": states.PAYMENT_MOVES,
    "refund": states.REFUND_MOVES,
    "subscription": states.SUBSCRIPTION_MOVES,
    "dispute": states.DISPUTE_MOVES,
}
PLACE = "<!-- diagram: {name} -->\n```text\n{text}\n```"


def draw(moves: dict[str, frozenset[str]]) -> str:
    """One state a line with the states it may move to, in the order of the table."""
    width = max(len(state) for state in moves)
    order = list(moves)
    lines = []
    for state, exits in moves.items():
        targets = [to for to in order if to in exits]
        if not targets:
            lines.append(f"{state:<{width}}   (final)")
        for at, to in enumerate(targets):
            first, last = at == 0, at == len(targets) - 1
            edge = "──▶" if first and last else "─┬▶" if first else " └▶" if last else " ├▶"
            lines.append(f"{state if first else '':<{width}} {edge} {to}")
    return "\n".join(lines)


def written(text: str) -> str:
    """The page with every diagram as it is now."""
    for name, moves in DIAGRAMS.items():
        place = re.compile(rf"<!-- diagram: {name} -->\n```text\n.*?\n```", re.DOTALL)
        drawn = PLACE.format(name=name, text=draw(moves))
        text = place.sub(lambda _, drawn=drawn: drawn, text)
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
