"""The engine room knows no school word: it would serve a library or a shop as well."""

import ast
import re

from tests.contracts.house import ROOT, hold, modules, plant, where

SCHOOL_WORDS = re.compile(
    r"(?i)(?<![a-z])(courses?|lessons?|learners?|enroll\w*|enrol\w*|exercises?|grants?|quiz\w*|"
    r"editions?|topics? page|students?|pupils?|teachers?|instructors?|curriculum|checkouts?|coupons?|"
    r"invoices?|refunds?|certificates?|cohorts?)(?![a-z])"
)


def words_of(tree: ast.Module):
    """Identifiers and texts of a module, docstrings included, with their node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id, node
        elif isinstance(node, ast.Attribute):
            yield node.attr, node
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.arg):
            yield getattr(node, "name", None) or node.arg, node
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node


def complaints(root=ROOT) -> list[str]:
    found = [
        f"{where(module, node)} says {match[0]}"
        for module in modules(root, rooms=("engineroom",))
        for word, node in words_of(module.tree)
        if (match := SCHOOL_WORDS.search(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", word)))
    ]
    for path in sorted((root / "templates/engineroom").rglob("*.html")):
        if match := SCHOOL_WORDS.search(path.read_text()):
            found.append(f"{path.relative_to(root)} says {match[0]}")
    return found


def test_the_engine_room_speaks_no_school_word():
    hold(complaints())


def test_a_school_word_in_the_engine_room_is_found(tmp_path):
    plant(
        tmp_path,
        {
            "engineroom/models.py": (
                "class CourseLock:\n    pass\n\ndef lock(enrollment_id):\n    return 'lesson'\n"
            ),
            "templates/engineroom/a.html": "<p>Refund</p>",
        },
    )

    assert complaints(tmp_path) == [
        "engineroom.models:1 says Course",
        "engineroom.models:4 says enrollment",
        "engineroom.models:5 says lesson",
        "templates/engineroom/a.html says Refund",
    ]
