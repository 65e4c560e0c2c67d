"""`make bench`: the main pages in server CPU per request, as multiples of an empty Django view.

Both servers run side by side and are asked in turns within one run, so that a busy machine slows
both. Figures of different runs are not comparable; ratios of one run are.
"""

import os
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

os.environ.update(
    DATA_DIR=tempfile.mkdtemp(prefix="lectern-bench-"),
    DATABASE_URL="",
    LOG_LEVEL="ERROR",
    DJANGO_SETTINGS_MODULE="config.settings",
    SITE_URL="http://localhost",
)

import django  # noqa: E402 - only after the settings are known

django.setup()

from django.core.management import call_command  # noqa: E402 - only after the settings are known

from benchmarks.learner import enrolled_cookie  # noqa: E402 - only after the settings are known
from benchmarks.server import serve  # noqa: E402 - only after the settings are known

ROUNDS, BATCH = 7, 60
REPORT = Path(__file__).resolve().parent.parent / "docs" / "reference" / "performance.md"
LESSON = "/courses/html-foundations/lessons/html-layout-size-and-composition/"
PAGES = [
    ("home", "/"),
    ("course list", "/courses/"),
    ("course page", "/courses/html-foundations/"),
    ("topic page", "/topics/backend-development/"),
    ("free lesson", LESSON),
    ("API course list", "/api/v1/courses"),
]


def cost(server, path: str, headers=None, status=200) -> tuple[float, list[float]]:
    """CPU milliseconds per request over one batch, and each request's seconds."""
    before = server.cpu_seconds()
    took = server.get(path, BATCH, headers, status)
    return (server.cpu_seconds() - before) * 1000 / BATCH, took


def measure(school, hello, rows) -> list[tuple]:
    """For each (name, path, headers, status): median ratio, its spread, median ms, 99th percentile."""
    results = []
    for name, path, headers, status in rows:
        school.get(path, 10, headers, status)
        ratios, cpu, waits = [], [], []
        for _ in range(ROUNDS):
            base, _ = cost(hello, "/")
            mine, took = cost(school, path, headers, status)
            ratios.append(mine / max(base, 0.01))
            cpu.append(mine)
            waits += took
        p99 = quantiles(waits, n=100)[98] * 1000
        results.append((name, median(ratios), min(ratios), max(ratios), median(cpu), p99))
    return results


def report(results) -> str:
    lines = [
        "# What the main pages cost",
        "",
        "Server CPU per request (user and system time of all workers) as a multiple of a one-line",
        "Django view behind Django's default middleware, measured in turns in one run of `make bench`.",
        "",
        f"Python {platform.python_version()}, Django {django.get_version()}, {os.cpu_count()} cores,"
        f" SQLite, gunicorn with 2 workers of 4 threads; {ROUNDS} rounds of {BATCH} requests.",
        "",
        "| page | × hello (median) | spread | CPU ms | p99 ms | budget 100 ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, ratio, low, high, cpu, p99 in results:
        verdict = "met" if p99 < 100 else "fell short"
        lines.append(
            f"| {name} | {ratio:.1f} | {low:.1f} to {high:.1f} | {cpu:.2f} | {p99:.1f} | {verdict} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    call_command("serve", prepare_only=True, verbosity=0)
    path, cookie = enrolled_cookie()
    flags = ("--preload",)
    with serve("config.wsgi", *flags) as school, serve("benchmarks.hello") as hello:
        etag = school.head("/courses/", "ETag")
        rows = [(name, address, {}, 200) for name, address in PAGES]
        if etag:
            rows.append(("course list, not modified", "/courses/", {"If-None-Match": etag}, 304))
        rows.append(("lesson page of a learner", path, {"Cookie": cookie}, 200))
        text = report(measure(school, hello, rows))
    REPORT.write_text(text)
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
