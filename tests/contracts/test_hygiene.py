"""The repository carries nothing of the machine it was written on, and what every project needs."""

import ast
import re
import subprocess

from tests.contracts.house import ROOT, hold, plant

TEXT = {
    ".py",
    ".html",
    ".txt",
    ".md",
    ".css",
    ".js",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".in",
    ".cfg",
    "",
}
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"(?<![\w.])/(?:home|Users|root|work)/[a-z]|/private/var/", re.ASCII
    ),
    "a package index": re.compile(
        r"--(?:extra-)?index-url|files\.pythonhosted\.org|registry\.npmjs\.org|/simple/?['\"\s]"
    ),
    "an open end": re.compile(r"(?<![\w`])(?:TODO|FIXME)(?![\w`])"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
# Course texts may speak of open ends and machines; this page names what it forbids.
EXEMPT = ("demo/", "tests/contracts/test_hygiene.py")
NEEDED = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    ".env.example",
    "Makefile",
    ".ci/run",
    "docs/reference/settings.md",
    "docs/reference/glossary.md",
)


def tracked(root=ROOT) -> list[str]:
    """The files git knows, or all of them where there is no git."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
        )
        return [name for name in listed.stdout.split("\0") if name and (root / name).exists()]
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def complaints(root=ROOT) -> list[str]:
    found = []
    for name in tracked(root):
        path = root / name
        if path.suffix not in TEXT or name.startswith(EXEMPT):
            continue
        text = path.read_bytes().decode(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            found += [
                f"{name}:{number} has {what}"
                for what, sign in FORBIDDEN.items()
                if sign.search(line)
            ]
    return found


def missing(root=ROOT) -> list[str]:
    return [name for name in NEEDED if not (root / name).is_file()]


def test_the_repository_names_no_machine_and_leaves_no_open_end():
    hold(complaints())


def test_the_files_that_every_project_needs_are_there():
    hold(missing())


def test_a_machine_path_and_an_open_end_are_found(tmp_path):
    plant(
        tmp_path,
        {
            "a.py": "ROOT = '/home/somebody/school'\n# TODO later\n",
            "b.txt": "--index-url https://packages.example/simple\n",
        },
    )

    assert complaints(tmp_path) == [
        "a.py:1 has a path of one machine",
        "a.py:2 has an open end",
        "b.txt:1 has a package index",
    ]
    assert "README.md" in missing(tmp_path)


def duplicate_tests(root=ROOT) -> list[str]:
    """Two tests of one name in a file: the first would never run."""
    found = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        names = [
            node.name
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]
        found += [
            f"{path.name}: {name}" for name in sorted({n for n in names if names.count(n) > 1})
        ]
    return found


def test_no_test_hides_another_of_its_name(tmp_path):
    plant(tmp_path, {"tests/test_a.py": "def test_b(): ...\ndef test_b(): ...\n"})

    assert duplicate_tests(tmp_path) == ["test_a.py: test_b"]
    hold(duplicate_tests())
