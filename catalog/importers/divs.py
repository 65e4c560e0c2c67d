"""Pandoc's fenced divs (`::: challenge` … `:::`), as a tree of numbered lines."""

import re
from dataclasses import dataclass, field

from catalog.importers.packages import shown
from catalog.importers.refusals import PackageRefused

OPENING = re.compile(r"^ {0,3}:{3,}[ \t]*\{?[ \t]*\.?(?P<name>[A-Za-z][\w-]*)[^:]*:*[ \t]*$")
CLOSING = re.compile(r"^ {0,3}:{3,}[ \t]*$")
FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})")
MAX_DEPTH = 8


@dataclass
class Div:
    """`parts` are (line number, text) pairs and inner divs, in order. The root has no name."""

    name: str
    line: int
    parts: list = field(default_factory=list)

    def inner(self, name: str = ""):
        """All divs below this one, or those of one name."""
        for part in self.parts:
            if isinstance(part, Div):
                if not name or part.name == name:
                    yield part
                yield from part.inner(name)


def parse_divs(text: str, path: str, line: int = 1) -> Div:
    """An opening with no end is closed where the text ends; a stray end is left out."""
    stack, fence = [Div("", line)], ""
    for number, row in enumerate(text.split("\n"), line):
        mark = FENCE.match(row)
        if mark and not fence:
            fence = mark["mark"]
        elif mark and mark["mark"].startswith(fence) and row.strip() == mark["mark"]:
            fence = ""
        elif not fence and CLOSING.match(row):
            if len(stack) > 1:
                stack.pop()
            continue
        elif not fence and (match := OPENING.match(row)):
            div = Div(match["name"].lower(), number)
            stack[-1].parts.append(div)
            stack.append(div)
            if len(stack) > MAX_DEPTH:
                raise PackageRefused(f"{shown(path)} is nested too deeply (line {number}).")
            continue
        stack[-1].parts.append((number, row))
    return stack[0]
