"""`make run` from outside: quick, quiet the second time, secret files shut, and gone when told so."""

import os
import re
import signal
import sqlite3
import stat
import time
import urllib.request

import psutil
import pytest

from tests.browser.people import sign_in
from tests.browser.school import launch, open_school

pytestmark = pytest.mark.browser
FIRST_SECONDS, SECOND_SECONDS = 60, 15  # two busy cores; on a quiet machine a third of it


def first_page(url: str, since: float, within: float) -> float:
    """Seconds from `since` until the front page answers."""
    while time.monotonic() - since < within:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own school
                assert answer.status == 200
                return time.monotonic() - since
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"No page within {within} s.")


def counts(data_dir) -> dict[str, int]:
    """Rows of every table but the ones that only tell the hour."""
    link = sqlite3.connect(data_dir / "school.db")
    names = [
        name
        for (name,) in link.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    found = {
        name: link.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - names of our own tables
        for name in names
    }
    link.close()
    return found


def with_worker(master: psutil.Process, within: float = 15) -> list[psutil.Process]:
    """The school's four processes, once all of them run."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        family = [master, *master.children(recursive=True)]
        if len(family) == 4 and any("worker" in one.cmdline() for one in family):
            return family
        time.sleep(0.1)
    raise AssertionError(f"Not the master, two for pages and the worker, but {family}")


def test_it_opens_twice_and_stops_when_told(tmp_path, chromium, capsys):
    started = time.monotonic()
    with open_school(tmp_path) as school:
        took = first_page(school.url, started, FIRST_SECONDS)
        printed = (tmp_path / "log").read_text()
        assert f"{school.url}/" in printed
        assert printed.count(school.staff_password) == 1
        page = chromium.new_context(base_url=school.url).new_page()
        sign_in(page, school.staff_email, school.staff_password)
        page.goto("/admin/")
        assert page.locator("#site-name").is_visible()
        page.context.close()
        assert school.ready()["database"] == "ok"
    for name in ("secret_key", "encryption_keys"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert school.staff_password not in (tmp_path / "school.db").read_bytes().decode("latin-1")
    before = counts(tmp_path)

    started = time.monotonic()
    with launch(tmp_path) as (process, port):
        again = first_page(f"http://localhost:{port}/", started, SECOND_SECONDS)
        family = [
            psutil.Process(process.pid),
            *psutil.Process(process.pid).children(recursive=True),
        ]
        assert any("worker" in one.cmdline() for one in family)
        assert len(family) >= 4
        os.kill(process.pid, signal.SIGTERM)
        process.wait(30)
        _, alive = psutil.wait_procs(family, timeout=15)
    said = (tmp_path / "log").read_text()

    assert alive == []
    assert process.returncode == 0
    assert "Staff login" not in said
    assert {name: count for name, count in counts(tmp_path).items() if count != before[name]} == {}
    with capsys.disabled():
        print(f"\nfirst page after {took:.1f} s, second start {again:.1f} s")  # noqa: T201 - said to whoever runs it
    assert re.search(r"is at http://localhost:\d+/", said)
