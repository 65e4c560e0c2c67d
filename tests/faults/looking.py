"""Looking at the school after a round: its books, and all of it held against one another."""

import subprocess
import sys
import time
from pathlib import Path

from payments.actions.selfcheck import check_everything, repair_everything
from payments.queries.books import audit_books

ROOT = Path(__file__).resolve().parents[2]
# What is still on its way after a round has arrived by then: the minute that R3 promises, and a
# little for the school to start again.
PATIENCE = 75
# A payment that is brought to its order may only then be seen to be the second one for the thing.
LAYERS = 3


def wrong_now() -> list[str]:
    """What `verify_books` and `reconcile` find at this moment."""
    found = [f"{one.kind}: {one.detail}" for one in check_everything()]
    return [*audit_books()["problems"], *found]


def wrong_in_the_end(patience: float = PATIENCE) -> list[str]:
    """What they still find when everything has had its time."""
    until = time.monotonic() + patience
    while (found := wrong_now()) and time.monotonic() < until:
        time.sleep(2)
    return found


def repaired() -> list[str]:
    """Let the self-check repair what it finds: a sentence for each repair."""
    said = []
    for _ in range(LAYERS):
        if not check_everything():
            break
        said += [f"{finding.detail} {how}" for finding, how in repair_everything()]
    return said


def command(name: str) -> tuple[int, str]:
    """Runs a command of manage.py as staff would, on the database of this run."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "manage.py", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, f"{done.stdout[-2000:]}{done.stderr[-500:]}"
