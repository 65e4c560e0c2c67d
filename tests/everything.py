"""`make test`: the whole suite on SQLite, on PostgreSQL and in a browser, with the counts at the end.

Each part runs even when an earlier one failed; the exit status is 1 when any did.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext

from tests.browser.chromium import NoBrowser, find_or_install
from tests.postgres import NoPostgres, postgres

# Each worker begins with a long stretch of neighbors, which share what was built once for their
# module or package; who is done first takes half of what another has left.
PARALLEL = ("-n", str(min(4, max(2, os.cpu_count() or 2))), "--dist", "worksteal")
COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")


def pytest(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run pytest in a process of its own; its output goes on as it comes. Returns status, last line."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pytest", "-q", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    last = ""
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        if COUNTS.search(line):
            last = line.strip(" =\n")
    return process.wait(), last


@contextmanager
def database():
    """The PostgreSQL to test on: the one DATABASE_URL names, else one of our own."""
    given = os.environ.get("DATABASE_URL", "")
    with nullcontext(given) if given.startswith("postgres") else postgres() as url:
        yield url


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test")
    parser.add_argument("--fast", action="store_true", help="SQLite only, no browser")
    options = parser.parse_args()
    results: list[tuple[str, int, str, float]] = []

    def part(name: str, *arguments: str, **environment: str) -> None:
        print(f"\n== {name}", flush=True)  # noqa: T201 - said to whoever runs it
        started = time.monotonic()
        status, counts = pytest(*arguments, **environment)
        results.append((name, status, counts, time.monotonic() - started))

    part("SQLite", "-m", "not browser", *PARALLEL, DATABASE_URL="")
    if not options.fast:
        try:
            with database() as url:
                part("PostgreSQL", "-m", "not browser", *PARALLEL, DATABASE_URL=url)
        except NoPostgres as missing:
            results.append(("PostgreSQL", 1, f"not run: {missing}", 0.0))
        try:
            part("Browser", "-m", "browser", DATABASE_URL="", CHROMIUM=find_or_install())
        except NoBrowser as missing:
            results.append(("Browser", 1, f"not run: {missing}", 0.0))
    print()  # noqa: T201 - said to whoever runs it
    for name, status, counts, seconds in results:
        mark = "ok  " if status == 0 else "FAIL"
        print(f"{mark} {name:<11} {counts or 'no counts'} ({seconds:.0f} s)")  # noqa: T201 - said to whoever runs it
    return 1 if any(status for _, status, _, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
