"""Every route of the URLconf as an address, its parameters filled in by name."""

import re
from collections.abc import Callable

from tests.contracts.routes import Route, routes

CONVERTER = re.compile(r"<(?:[a-z_]+:)?([a-z0-9_]+)>")
NAMED = "(?P<"


def _unnamed(pattern: str) -> str:
    """A pattern whose regular expressions have become `<name>`."""
    while (start := pattern.find(NAMED)) >= 0:
        name, depth, at = pattern[start + len(NAMED) :].partition(">")[0], 0, start
        while True:
            depth += {"(": 1, ")": -1}.get(pattern[at], 0)
            at += 1
            if depth == 0:
                break
        pattern = f"{pattern[:start]}<{name}>{pattern[at:]}"
    return pattern.replace("\\", "").replace("^", "").replace("$", "").replace("/Z", "")


def path_of(route: Route, value: Callable[[Route, str], str]) -> str:
    """The route's address; `value(route, name)` gives each parameter's text."""
    return "/" + CONVERTER.sub(lambda found: value(route, found[1]), _unnamed(route.pattern))


def parameters(route: Route) -> list[str]:
    return CONVERTER.findall(_unnamed(route.pattern))


def every_path(value: Callable[[Route, str], str]) -> list[tuple[Route, str]]:
    """(route, address) of all routes, each address once."""
    found: dict[str, Route] = {}
    for route in routes():
        found.setdefault(path_of(route, value), route)
    return [(route, path) for path, route in found.items()]
