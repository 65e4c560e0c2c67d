"""The settings schema, `.env.example` and the reference page name the same variables."""

import ast
import re
import subprocess
import sys

from tests.contracts.house import ROOT, hold, plant

ASSIGNMENT = re.compile(r"^#? ?([A-Z][A-Z0-9_]+)=(.*)$")
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| (\w+) \| (.*?) \| (.+) \|$")
TYPE_NAMES = {"str": "text", "int": "number", "bool": "switch", "list": "list"}


def schema(root=ROOT) -> dict[str, tuple[str, object]]:
    """The variables of config/settings.py with type and default, read without importing it."""
    tree = ast.parse((root / "config/settings.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "SCHEMA":
            return {
                ast.literal_eval(key): (value.elts[0].id, ast.literal_eval(value.elts[1]))
                for key, value in zip(node.value.keys, node.value.values, strict=True)
            }
    return {}


def written(default) -> str:
    """A default as one would type it into the environment."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return ",".join(default)
    return str(default)


def complaints(root=ROOT) -> list[str]:
    declared = schema(root)
    example = {
        match[1]: match[2]
        for line in (root / ".env.example").read_text().splitlines()
        if (match := ASSIGNMENT.match(line))
    }
    reference = {
        match[1]: (match[2], match[3].strip("`"), match[4])
        for line in (root / "docs/reference/settings.md").read_text().splitlines()
        if (match := ROW.match(line))
    }
    found = []
    for place, names in ((".env.example", example), ("docs/reference/settings.md", reference)):
        found += [f"{name} is missing in {place}" for name in declared if name not in names]
        found += [f"{name} in {place} is no setting" for name in names if name not in declared]
        if list(names) != [name for name in declared if name in names]:
            found.append(f"{place} is not in the order of the schema")
    for name, (kind, default) in declared.items():
        if name in example and example[name] != written(default):
            found.append(f"{name} has another default in .env.example")
        if name not in reference:
            continue
        said_kind, said_default, meaning = reference[name]
        if said_kind != TYPE_NAMES[kind]:
            found.append(f"{name} is a {TYPE_NAMES[kind]}, not a {said_kind}")
        if said_default not in (written(default), "empty" if not written(default) else None):
            found.append(f"{name} has another default in the reference")
        if len(meaning.split()) < 4:
            found.append(f"{name} is not explained")
    return found


def test_schema_example_and_reference_are_equal():
    hold(complaints())


def test_an_undocumented_setting_is_found(tmp_path):
    plant(
        tmp_path,
        {
            "config/settings.py": 'SCHEMA = {"PORT": (int, 8000), "SECRET_DOOR": (str, "")}\n',
            ".env.example": "# PORT=8000\n# OLD_NAME=1\n",
            "docs/reference/settings.md": "| `PORT` | number | `9000` | Where the school listens. |\n",
        },
    )

    assert complaints(tmp_path) == [
        "SECRET_DOOR is missing in .env.example",
        "OLD_NAME in .env.example is no setting",
        ".env.example is not in the order of the schema",
        "SECRET_DOOR is missing in docs/reference/settings.md",
        "PORT has another default in the reference",
    ]


def test_a_setting_can_come_from_a_file(tmp_path):
    (tmp_path / "name").write_text("The School of Files\n")
    (tmp_path / "key").write_text("k" * 60 + "\n")
    probe = "from config import settings;print(settings.SCHOOL_NAME, len(settings.SECRET_KEY))"

    result = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "DATA_DIR": str(tmp_path),
            "SCHOOL_NAME_FILE": str(tmp_path / "name"),
            "SECRET_KEY_FILE": str(tmp_path / "key"),
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout.split("\n")[0] == "The School of Files 60"
