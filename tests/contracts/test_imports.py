"""Who may import whom: down the ladder, to an equal or lower floor, never a door."""

import ast

from tests.contracts.house import (
    DOOR_BASES,
    DOORS,
    FLOOR_NAMES,
    LADDER,
    PURE,
    floor_of,
    hold,
    modules,
    plant,
    where,
)

FRAMEWORK = ("django", "rest_framework", "allauth", "drf_spectacular", "django_filters")
# Raised before Django is up; it is an exception class and nothing more.
PURE_EXCEPTION = "django.core.exceptions"


def imported(module, known) -> list[tuple[str, ast.AST]]:
    """The modules that this one imports, `from package import module` resolved to the module."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    found = []
    for node in module.nodes:
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.append((full if full in known else base, node))
    return found


def nested_imports(module) -> list[ast.AST]:
    """Imports inside functions, `ready` of an AppConfig aside."""
    allowed = set()
    if module.place == "apps":
        for function in module.nodes:
            if isinstance(function, ast.FunctionDef) and function.name == "ready":
                allowed |= set(ast.walk(function))
    return [
        node
        for function in module.nodes
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in allowed
    ]


def complaints_about_one(module, target, node) -> str | None:
    here, there = floor_of(module.name), floor_of(target)
    room, other = module.room, target.partition(".")[0]
    said = f"{where(module, node)} imports {target}"
    if other not in LADDER:
        is_framework = target.startswith(FRAMEWORK) and target != PURE_EXCEPTION
        return f"{said}, but is pure" if here == PURE and is_framework else None
    if other == "config":
        return None if room == "config" else f"{said}: nothing imports config"
    if room == "config":
        return None
    if room != other and LADDER[other] >= LADDER[room]:
        return f"{said}: not down the ladder"
    if there == DOORS:
        if room == other and here == DOORS:
            return None
        if here == DOORS and target.startswith(tuple(DOOR_BASES)):
            return None
        return f"{said}: nobody imports doors"
    if room == other and here is not None and there is not None and there > here:
        return f"{said}: from {FLOOR_NAMES[here]} up to {FLOOR_NAMES[there]}"
    return None


def complaints(root=None) -> list[str]:
    """Every breach of the directions in the tree."""
    house = modules(root) if root else modules()
    known = {module.name for module in house}
    found = []
    for module in house:
        if floor_of(module.name) is None:
            found.append(f"{module.name} stands in no known place")
        found += [
            f"{where(module, node)} imports inside a function" for node in nested_imports(module)
        ]
        in_ready = module.place == "apps"
        for target, node in imported(module, known):
            # `ready` wires the app together, so apps.py may name every floor of its own room.
            if in_ready and target.partition(".")[0] == module.room:
                continue
            if complaint := complaints_about_one(module, target, node):
                found.append(complaint)
    return found


def test_every_module_imports_only_what_stands_below_it():
    hold(complaints())


def test_an_upward_import_is_found(tmp_path):
    plant(
        tmp_path,
        {
            "catalog/models.py": "from learning.models import Enrollment\n",
            "engineroom/outbox.py": "import accounts.models\n",
            "payments/queries.py": "from catalog import models\n",
            "catalog/queries.py": "from catalog.actions import publish\n",
            "catalog/actions.py": "",
            "learning/models.py": "",
        },
    )

    found = complaints(tmp_path)

    assert "catalog.models:1 imports learning.models: not down the ladder" in found
    assert "engineroom.outbox:1 imports accounts.models: not down the ladder" in found
    assert "catalog.queries:1 imports catalog.actions: from queries up to actions" in found
    assert any(line.startswith("payments.queries:1 imports catalog") for line in found)
    assert len(found) == 4


def test_a_module_in_no_known_place_is_found(tmp_path):
    plant(tmp_path, {"catalog/sorcery.py": "", "catalog/helpers.py": "", "catalog/models.py": ""})

    assert complaints(tmp_path) == [
        "catalog.helpers stands in no known place",
        "catalog.sorcery stands in no known place",
    ]


def test_an_import_of_a_door_is_found(tmp_path):
    plant(
        tmp_path,
        {
            "learning/actions.py": "from accounts.views import home\n",
            "learning/queries.py": "from engineroom.restviews import ApiView\n",
            "learning/views.py": "from engineroom.pages import private_page\n",
            "learning/api/views.py": "from catalog.api.views import CourseList\n",
        },
    )

    assert complaints(tmp_path) == [
        "learning.actions:1 imports accounts.views: nobody imports doors",
        "learning.api.views:1 imports catalog.api.views: nobody imports doors",
        "learning.queries:1 imports engineroom.restviews: nobody imports doors",
    ]


def test_an_import_inside_a_function_and_a_framework_in_a_pure_module_are_found(tmp_path):
    plant(
        tmp_path,
        {
            "catalog/actions.py": "def publish():\n    from catalog.models import Course\n",
            "catalog/apps.py": "class A:\n    def ready(self):\n        from catalog import jobs\n",
            "catalog/jobs.py": "",
            "payments/money.py": "from django.db import models\n",
        },
    )

    assert complaints(tmp_path) == [
        "catalog.actions:2 imports inside a function",
        "payments.money:1 imports django.db, but is pure",
    ]


def environment_readers(root=None) -> list[str]:
    """Modules other than the settings that read the environment."""
    found = []
    for module in modules(root) if root else modules():
        for node in module.nodes:
            named = isinstance(node, ast.Attribute) and node.attr in (
                "environ",
                "getenv",
                "environb",
            )
            taken = isinstance(node, ast.ImportFrom) and node.module in ("os", "environ")
            if not named and not (taken and {a.name for a in node.names} & {"environ", "getenv"}):
                continue
            # The entry points name the settings module before Django is up; they read nothing.
            if module.name in ("config.settings", "config.wsgi", "config.asgi"):
                continue
            found.append(f"{where(module, node)} reads the environment")
    return found


def test_only_the_settings_read_the_environment():
    hold(environment_readers())


def test_a_reader_of_the_environment_is_found(tmp_path):
    plant(tmp_path, {"payments/gateways/card.py": "import os\nKEY = os.environ['KEY']\n"})

    assert environment_readers(tmp_path) == ["payments.gateways.card:2 reads the environment"]
