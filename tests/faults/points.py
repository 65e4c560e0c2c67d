"""The fault points by the text of the code, and as the docs explain them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALL = re.compile(r'\bfaultpoint\(\s*"([^"]+)"')
ROW = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)
PAGE = ROOT / "docs/how-to/run-the-fault-tests.md"


def in_code() -> list[str]:
    """Every call in the product, so often as it stands there."""
    found = []
    for room in ("accounts", "catalog", "learning", "payments"):
        for path in sorted((ROOT / room).rglob("*.py")):
            found += CALL.findall(path.read_text())
    return found


def in_docs() -> list[str]:
    return ROW.findall(PAGE.read_text())


POINTS = sorted(set(in_code()))
