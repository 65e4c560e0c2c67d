"""Which Chromium the browser tests drive, and how a machine without one gets it."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = (
    "no Chromium on this machine: install one (Debian: apt-get install chromium; any system:"
    " .venv/bin/playwright install chromium) or name it in CHROMIUM"
)


class NoBrowser(Exception):
    """No Chromium is to be had; the message says how to get one."""


def find() -> str | None:
    """The one CHROMIUM names, the one on PATH, or Playwright's own."""
    if given := os.environ.get("CHROMIUM"):
        return given
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    found = sorted(own.glob("chromium-*/chrome-linux*/chrome"), reverse=True)
    return str(found[0]) if found else None


def find_or_install() -> str:
    """The path of a Chromium, from the system's package manager if it has to be. Raises NoBrowser."""
    if path := find():
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium with the system's package manager.", flush=True)  # noqa: T201 - said to whoever runs it
        quiet = {
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "stdin": subprocess.DEVNULL,
        }
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-q"],
            ["apt-get", "install", "-y", "-q", "chromium"],
        ):
            subprocess.run(command, env=environment, check=False, timeout=900, **quiet)
    path = find()
    if not path:
        raise NoBrowser(HOW)
    return path
