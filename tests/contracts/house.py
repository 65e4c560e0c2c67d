"""The house as source text: which modules there are, in which room and on which floor they stand.

The checkers read files only, so that each can be shown to fail on a tree with a planted fault.
"""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LADDER = {
    "engineroom": 0,
    "accounts": 1,
    "catalog": 2,
    "payments": 2,
    "learning": 3,
    "config": 4,
}
ROOMS = tuple(LADDER)
PURE, MODELS, QUERIES, ADAPTERS, ACTIONS, LISTENERS, DOORS = range(7)
FLOOR_NAMES = ("pure", "models", "queries", "adapters", "actions", "listeners and jobs", "doors")

# A module's floor by its name: the first part of its path inside the app decides.
ANYWHERE = {
    "refusals": PURE,
    "events": PURE,
    "models": MODELS,
    "queries": QUERIES,
    "importers": ADAPTERS,
    "gateways": ADAPTERS,
    "actions": ACTIONS,
    "listeners": LISTENERS,
    "jobs": LISTENERS,
    "views": DOORS,
    "forms": DOORS,
    "admin": DOORS,
    "api": DOORS,
    "urls": DOORS,
    "apps": DOORS,
    "middleware": DOORS,
    "context": DOORS,
    "templatetags": DOORS,
    "management": DOORS,
}
IN_ROOM = {
    "engineroom": {
        "boot": PURE,
        "budgets": PURE,
        "clock": PURE,
        "freshness": PURE,
        "faultpoints": PURE,
        "ids": PURE,
        "logs": PURE,
        "slots": PURE,
        "sparse": PURE,
        "addresses": MODELS,
        "counters": MODELS,
        "fields": MODELS,
        "guards": MODELS,
        "keyring": MODELS,
        "retrying": MODELS,
        "pagination": QUERIES,
        "settings_values": ADAPTERS,
        "audit": ADAPTERS,
        "throttles": ADAPTERS,
        "clockwork": ACTIONS,
        "outbox": ACTIONS,
        "mail": ACTIONS,
        "idempotency": ACTIONS,
        "renewal": ACTIONS,
        "pages": DOORS,
        "permissions": DOORS,
        "problems": DOORS,
        "parsers": DOORS,
        "reference": PURE,
        "openapi": DOORS,
        "developers": DOORS,
        "restviews": DOORS,
        "checks": DOORS,
        "clockpage": DOORS,
        "asking": DOORS,
        "boards": DOORS,
    },
    "accounts": {
        "bearers": PURE,
        "roles": PURE,
        "steady": PURE,
        "passwords": ADAPTERS,
        # allauth and DRF enter through these by settings: they are doors.
        "adapters": DOORS,
        "authentication": DOORS,
        "fences": DOORS,
        "mails": DOORS,
        "newcomers": DOORS,
        "openid": DOORS,
        "sessions": DOORS,
        "tokens": DOORS,
    },
    "catalog": {
        "art": ADAPTERS,
        "changes": PURE,
        "covers": PURE,
        "filters": PURE,
        "markup": PURE,
        "publishability": PURE,
        "ranges": PURE,
        "structured": PURE,
        "svg": PURE,
        "bodies": ADAPTERS,
        "markdown": ADAPTERS,
        "files": ADAPTERS,
        "search": ADAPTERS,
    },
    "payments": {
        "checks": DOORS,
        "money": PURE,
        "charts": PURE,
        "countries": PURE,
        "periods": PURE,
        "pricing": PURE,
        "proration": PURE,
        "signing": PURE,
        "states": PURE,
        "taxes": QUERIES,
        "vat": PURE,
        "einvoice": PURE,
        "invoicing": PURE,
        "oss": PURE,
        "tables": PURE,
        "printing": ADAPTERS,
        "vies": ADAPTERS,
        "sellables": ADAPTERS,
        "doubling": ADAPTERS,
    },
    "learning": {
        "codes": PURE,
        "credentials": PURE,
        "grading": PURE,
        "outlines": PURE,
        "pictures": PURE,
        "printing": ADAPTERS,
        "rosettes": PURE,
        "rosters": PURE,
        "shuffling": PURE,
        "signing": ADAPTERS,
        "wording": PURE,
        "sellables": LISTENERS,
    },
}
# The bases that doors of every room build on.
DOOR_BASES = {
    f"engineroom.{name}"
    for name in (
        "admin",
        "asking",
        "budgets",
        "context",
        "forms",
        "openapi",
        "pages",
        "parsers",
        "permissions",
        "problems",
        "restviews",
        "templatetags",
        "views",
    )
}


@dataclass(frozen=True)
class Module:
    """One Python file of the house."""

    path: Path
    name: str

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def place(self) -> str:
        """The part of the name that decides the floor; empty for the app package itself."""
        return (self.name.split(".") + [""])[1]

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))


def floor_of(name: str) -> int | None:
    """The floor of a dotted module name; None when nobody decided it."""
    room, _, rest = name.partition(".")
    if room == "config":
        return DOORS
    place = rest.partition(".")[0]
    if not place:
        return PURE
    return IN_ROOM.get(room, {}).get(place, ANYWHERE.get(place))


def modules(root: Path = ROOT, rooms=ROOMS) -> list[Module]:
    """Every module of the rooms, migrations aside. The house itself is read once per run."""
    return _house(rooms) if root == ROOT else _read(root, rooms)


@cache
def _house(rooms) -> list[Module]:
    return _read(ROOT, rooms)


def _read(root: Path, rooms) -> list[Module]:
    found = []
    for room in rooms:
        for path in sorted((root / room).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if "migrations" in parts or "__pycache__" in parts:
                continue
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found.append(Module(path, ".".join(parts)))
    return found


def plant(root: Path, files: dict[str, str]) -> Path:
    """A tree with the given files, for showing a checker to fail."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def where(module: Module, node: ast.AST) -> str:
    return f"{module.name}:{getattr(node, 'lineno', 1)}"


def hold(found: list[str]) -> None:
    """The contract holds when nothing was found; what was found is said one a line."""
    assert not found, "\n" + "\n".join(found)
