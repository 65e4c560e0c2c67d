"""Arms the fault points of a process of the test build.

Every point of the process looks for a token in the folder `LECTERN_FAULTS`: a file named
`<point>.<number>` whose text says what to do. Whoever removes the file does it, so that each token
has its one effect, in whichever process comes by first.
"""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from engineroom import faultpoints, idempotency


class Planted(RuntimeError):
    """The fault that a token asked for."""


def kill() -> None:
    """As `kill -9`, or a machine without power: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def act(said: str) -> None:
    word, _, amount = said.partition(" ")
    if word == "kill":
        kill()
    if word == "sleep":
        time.sleep(float(amount))
    if word == "raise":
        raise Planted(said)


def _at(folder: Path, point: str):
    def look() -> None:
        for token in sorted(folder.glob(f"{point}.*")):
            try:
                said = token.read_text()
                token.unlink()
            except FileNotFoundError:
                continue
            act(said)
            return

    return look


def arm() -> None:
    """Arm every point that the docs name. Without `LECTERN_FAULTS` nothing is armed."""
    folder = os.environ.get("LECTERN_FAULTS")
    if not folder:
        return
    from tests.faults.points import POINTS

    for point in POINTS:
        faultpoints.arm(point, _at(Path(folder), point))
    # A request that was killed holds its key for so long; nobody wants to wait for half a minute.
    idempotency.LOCK = timedelta(seconds=2)
