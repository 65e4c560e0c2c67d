"""A module above 400 lines, a function above 50 or a template above 120 hides a missing room."""

import ast

from tests.contracts.house import ROOT, hold, modules, plant

MODULE, FUNCTION, TEMPLATE, SETTINGS = 400, 50, 120, 300
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "services", "common", "misc"}


def complaints(root=ROOT) -> list[str]:
    found = []
    for module in modules(root):
        limit = SETTINGS if module.name == "config.settings" else MODULE
        if (count := len(module.text.splitlines())) > limit:
            found.append(f"{module.name} has {count} lines")
        found += [
            f"{module.name}.{node.name} has {node.end_lineno - node.lineno + 1} lines"
            for node in module.nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.end_lineno - node.lineno + 1 > FUNCTION
        ]
        if drawers := JUNK_DRAWERS & set(module.name.split(".")):
            found.append(f"{module.name} is a drawer: {drawers.pop()}")
    for path in sorted((root / "templates").rglob("*.*")):
        if (count := len(path.read_text().splitlines())) > TEMPLATE:
            found.append(f"{path.relative_to(root)} has {count} lines")
    return found


def test_nothing_has_outgrown_its_room():
    hold(complaints())


def test_what_has_outgrown_its_room_is_found(tmp_path):
    plant(
        tmp_path,
        {
            "catalog/models.py": "\n" * 401,
            "catalog/utils.py": "def long():\n" + "    x = 1\n" * 50,
            "templates/page.html": "\n" * 121,
        },
    )

    assert complaints(tmp_path) == [
        "catalog.models has 401 lines",
        "catalog.utils.long has 51 lines",
        "catalog.utils is a drawer: utils",
        "templates/page.html has 121 lines",
    ]
