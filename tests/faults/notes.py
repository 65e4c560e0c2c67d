"""What was played already, kept round by round, and of which code it tells."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a round depends on. A note of other code shows nothing about this one.
ROOMS = ("accounts", "catalog", "config", "engineroom", "learning", "payments")
PLAYERS = ("tests/faults", "tests/factories")


def code() -> str:
    """The name of the code that stands here: a digest of its files."""
    sum_ = hashlib.sha256()
    for room in (*ROOMS, *PLAYERS):
        for path in sorted((ROOT / room).rglob("*.py")):
            sum_.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return sum_.hexdigest()[:12]


class Notes:
    """What earlier runs have done: {promise: {code, rounds, attempts, violations, control,
    seconds}}. What was played on other code is forgotten: it is played again."""

    def __init__(self, path: Path, *, is_fresh: bool, of_code: str = ""):
        self.path, self.code = path, of_code or code()
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_fresh:
            path.unlink(missing_ok=True)
        self.kept = json.loads(path.read_text()) if path.exists() else {}

    def of(self, name: str) -> dict:
        note = self.kept.get(name)
        if note is None or note.get("code") != self.code:
            note = {"code": self.code, "rounds": 0, "attempts": 0, "violations": []}
            note |= {"control": None, "seconds": 0.0}
            self.kept[name] = note
        return note

    def has_left(self, promise, scale: str) -> bool:
        """Whether rounds of the promise, or its control, are still to be played."""
        note = self.of(promise.name)
        return note["rounds"] < promise.rounds[scale] or note["control"] is None

    def keep(self) -> None:
        self.path.write_text(json.dumps(self.kept, indent=1))
