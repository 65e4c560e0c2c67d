"""Every route of the URLconf as an address, its parameters filled in by name."""

import re
from collections.abc import Callable

from catalog.models import Edition
from tests.contracts.routes import Route, routes

CONVERTER = re.compile(r"<(?:[a-z_]+:)?([a-z0-9_]+)>")
NAMED = "(?P<"
# Doors of other rooms, where no course is spoken of. The admin's are closed to all but staff.
ELSEWHERE = ("/admin/", "/accounts/", "/api/v1/auth/", "/developers/")


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


def course_addresses(edition: Edition, known: dict, words: tuple[str, ...]) -> list[str]:
    """Every address where the course could speak, filled with the course and its closed items, the
    asker's own things (`known`, by the names of parameters) and searches for `words`."""
    places = {
        "lessons": edition.lessons.filter(is_open=False)[:2],
        "exercises": edition.exercises.all()[:1],
        "projects": edition.projects.all()[:1],
    }
    course = edition.course
    question = edition.exercises.first().questions.first().key
    found = set()
    for place, items in places.items():
        for item in items:
            values = {
                "slug": course.slug,
                "key": item.key,
                "question_key": question,
                "locale": "de",
                "edition_id": edition.public_id,
                "place": place,
                **known,
            }
            found |= {path for _, path in every_path(lambda _, name, v=values: v.get(name, "x"))}
    lists = ("courses", "lessons", "exercises", "projects")
    found |= {f"/{name}/?q={word}" for name in lists for word in words}
    found |= {f"/api/v1/{name}?q={words[0]}" for name in lists}
    found |= {f"/api/v1/{name}?page_size=100&expand=body&fields=html" for name in lists}
    found |= {f"/sitemap-{name}.xml" for name in ("pages", "courses-1", "lessons-1", "lessons-0")}
    found.add(f"/api/v1/courses/{course.slug}/contents?edition=draft")
    if draft := course.editions.filter(state="draft").first():
        found.add(f"/preview/{draft.public_id}/")
    return sorted(path for path in found if not path.startswith(ELSEWHERE))
