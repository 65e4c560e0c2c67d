"""`make faults DB=sqlite|postgres [PROMISE=R4] [SCALE=short|full]`: one table, exit status 1 when red.

What is done is kept in var/, round by round, so that a run that was stopped goes on where it was.
After each round the books are recomputed and the self-check is run: what it finds is a violation.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from tests.faults.notes import Notes
from tests.faults.promise import Tally

ROOT = Path(__file__).resolve().parents[2]


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


def _round(promise, stage, number: int, **looking):
    """A round that breaks down has not shown that the promise holds, nor has one that leaves a
    school in which the self-check finds something."""
    from tests.faults.looking import wrong_in_the_end

    try:
        tally = promise.run(stage, number, stage.scale)
        tally.violations += [f"left behind: {text}" for text in wrong_in_the_end(**looking)]
        return tally
    except Exception as error:  # noqa: BLE001 - the other promises still want to be tried
        traceback.print_exc()
        return Tally(attempts=1, violations=[f"round {number} broke down: {error!r}"])


def _control(promise, stage) -> str:
    """What the missing guard let happen is found and repaired by the school's own self-check, so
    that the promises after it, and the last look, start from a school that is whole. What the rounds
    have left behind was looked at before, round by round."""
    from tests.faults.looking import repaired

    try:
        has_broken = promise.control(stage)
    except Exception:  # noqa: BLE001 - the other promises still want to be tried
        # It has not shown that it can fail.
        traceback.print_exc()
        has_broken = False
    for text in repaired():
        say(f"   {promise.name} without its guard: {text}")
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
        notes = Notes(
            ROOT / f"var/faults-{options.db}-{options.scale}.json", is_fresh=options.again
        )
        stage = Stage(db=options.db, scale=options.scale, server=server)
        left = [promise for promise in wanted if notes.has_left(promise, options.scale)]
        if not all(promise.is_pure for promise in left):
            stage.gate = stack.enter_context(gate(folder))
            stage.school = stack.enter_context(opened(folder, gate_port=stage.gate.port))
        rows = []
        for promise in wanted:
            say(f"{promise.name} {promise.words}")
            rows.append((promise, play(promise, stage, notes)))
        is_sound = table(rows) & _last_look()
    return 0 if is_sound else 1


def _last_look() -> bool:
    """After everything: the two commands, as staff would give them, on the database of this run."""
    from payments.models import Order
    from tests.faults.looking import command

    if not Order.objects.exists():
        say("\nNothing was sold in this run. Each round was looked at when it was played.")
        return True
    ends = []
    for name in ("verify_books", "reconcile"):
        status, said = command(name)
        say(f"\nmanage.py {name}: exit status {status}\n{said}")
        ends.append(status)
    return not any(ends)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--db", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--promise", default="", help="one or more of them, with commas")
    parser.add_argument("--scale", choices=["short", "full"], default="full")
    parser.add_argument("--again", action="store_true", help="forget what earlier runs have done")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
