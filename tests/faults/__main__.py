"""`make faults DB=sqlite|postgres [PROMISE=R4] [SCALE=short|full]`: one table, exit status 1 when red.

What is done is kept in var/, round by round, so that a run that was stopped goes on where it was.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from tests.faults.promise import Tally

ROOT = Path(__file__).resolve().parents[2]
# A payment that is brought to its order may only then be seen to be the second one for the thing.
LAYERS = 3


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - said to whoever runs it


def environment(db: str, folder: Path, stack: ExitStack):
    """Settings by environment for this process and those it starts; the PostgreSQL server or None."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "DATA_DIR": str(folder / "data"),
        "DEMO_SCHOOL": "false",
        "SITE_URL": "",
        "DATABASE_URL": "",
        "SECRET_KEY": "only-for-fault-tests-" * 4,
        "ENCRYPTION_KEYS": "4qtWBN7tE4lAi6gTC0PUNFYr5fXFJd0wQhRkC8Pq_lU=",
    }
    (folder / "data").mkdir()
    if db == "sqlite":
        return None
    from tests.postgres import postgres_server

    server = stack.enter_context(postgres_server(synchronous_commit="on", full_page_writes="on"))
    os.environ["DATABASE_URL"] = server.url
    return server


class Notes:
    """What earlier runs have done: {promise: {rounds, attempts, violations, control, seconds}}."""

    def __init__(self, path: Path, fresh: bool):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        self.kept = json.loads(path.read_text()) if path.exists() else {}

    def of(self, name: str) -> dict:
        blank = {"rounds": 0, "attempts": 0, "violations": [], "control": None, "seconds": 0.0}
        return self.kept.setdefault(name, blank)

    def keep(self) -> None:
        self.path.write_text(json.dumps(self.kept, indent=1))


def play(promise, stage, notes: Notes) -> dict:
    """The rounds of a promise that are still to do, then its control."""
    if promise.is_pure and stage.school is not None:
        with stage.school.closed():
            return _play(promise, stage, notes)
    return _play(promise, stage, notes)


def _play(promise, stage, notes: Notes) -> dict:
    note = notes.of(promise.name)
    for number in range(note["rounds"], promise.rounds[stage.scale]):
        started = time.monotonic()
        tally = _round(promise, stage, number)
        note["rounds"] = number + 1
        note["attempts"] += tally.attempts
        note["violations"] += tally.violations
        note["seconds"] += time.monotonic() - started
        notes.keep()
        for text in tally.violations[:5]:
            say(f"   {promise.name}: {text}")
    if note["control"] is None:
        note["control"] = "none" if promise.control is None else _control(promise, stage)
        notes.keep()
    return note


def _round(promise, stage, number: int):
    """A round that breaks down has not shown that the promise holds."""
    try:
        return promise.run(stage, number, stage.scale)
    except Exception as error:  # noqa: BLE001 - the other promises still want to be tried
        traceback.print_exc()
        return Tally(attempts=1, violations=[f"round {number} broke down: {error!r}"])


def _control(promise, stage) -> str:
    """What the missing guard let happen is found and repaired by the school's own self-check, so
    that the promises after it, and the last look, start from a school that is whole."""
    from payments.actions.selfcheck import check_everything, repair_everything

    has_broken = promise.control(stage)
    for _ in range(LAYERS):
        if not check_everything():
            break
        for finding, how in repair_everything():
            say(f"   {promise.name} without its guard: {finding.detail} {how}")
    return "red" if has_broken else "GREEN"


def table(rows: list[tuple]) -> bool:
    """Prints it; whether everything held."""
    say("")
    say(f"{'':5}{'promise':40}{'attempts':>10}{'violations':>12}  {'control':8}{'seconds':>8}")
    is_sound = True
    for promise, note in rows:
        bad = len(note["violations"])
        is_sound &= not bad and note["control"] != "GREEN"
        say(
            f"{promise.name:5}{promise.words:40}{note['attempts']:>10}{bad:>12}"
            f"  {note['control']:8}{note['seconds']:>8.0f}"
        )
    return is_sound


def run(options) -> int:
    folder = Path(tempfile.mkdtemp(prefix="lectern-faults-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = environment(options.db, folder, stack)
        import django

        django.setup()
        from django.core.management import call_command

        from tests.faults.gate import gate
        from tests.faults.promise import Stage
        from tests.faults.promises import ALL
        from tests.faults.school import opened

        wanted = [p for p in ALL if not options.promise or p.name in options.promise.split(",")]
        if not wanted:
            say(f"No such promise. There are: {', '.join(p.name for p in ALL)}.")
            return 2
        call_command("migrate", verbosity=0, interactive=False)
        notes = Notes(ROOT / f"var/faults-{options.db}-{options.scale}.json", options.again)
        stage = Stage(db=options.db, scale=options.scale, server=server)
        if not all(promise.is_pure for promise in wanted):
            stage.gate = stack.enter_context(gate())
            stage.school = stack.enter_context(opened(folder, gate_port=stage.gate.port))
        rows = []
        for promise in wanted:
            say(f"{promise.name} {promise.words}")
            rows.append((promise, play(promise, stage, notes)))
        is_sound = table(rows) & _last_look()
    return 0 if is_sound else 1


def _last_look() -> bool:
    """After everything: the books recomputed, and all of it held against one another once more."""
    return _command("verify_books") & _command("reconcile")


def _command(name: str) -> bool:
    """Runs it as staff would, on the database of this run; whether it ended with 0."""
    done = subprocess.run(
        [sys.executable, "manage.py", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    say(
        f"\nmanage.py {name}: exit status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-500:]}"
    )
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--db", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--promise", default="", help="one or more of them, with commas")
    parser.add_argument("--scale", choices=["short", "full"], default="full")
    parser.add_argument("--again", action="store_true", help="forget what earlier runs have done")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
