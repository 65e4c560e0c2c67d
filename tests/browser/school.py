"""A real school for tests from outside: `manage.py serve` with gunicorn and worker on a free port."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"https?://[^\s\"'<>]+")


@dataclass
class School:
    """Where the school is, its staff login as it printed it, and its mail folder."""

    url: str
    staff_email: str
    staff_password: str
    data_dir: Path

    def mails_to(self, address: str) -> list[str]:
        """The delivered mails to an address as text, oldest first."""
        found = []
        for path in sorted(
            (self.data_dir / "mail").glob("*"), key=lambda file: file.stat().st_mtime
        ):
            text = path.read_text()
            if re.search(rf"^To: .*{re.escape(address)}", text, re.M | re.I):
                found.append(text.replace("=\n", "").replace("=3D", "="))
        return found

    def link_in_mail(self, address: str, part: str, within_seconds: float = 30) -> str:
        """The newest link that contains `part` in the mails to an address; waits for the worker."""
        until = time.monotonic() + within_seconds
        while time.monotonic() < until:
            links = [
                link.rstrip(".,>\"'")
                for mail in self.mails_to(address)
                for link in LINK.findall(mail)
                if part in link
            ]
            if links:
                return links[-1]
            time.sleep(0.2)
        raise AssertionError(f"No mail to {address} holds a link with {part}.")

    def ready(self) -> dict:
        with urllib.request.urlopen(self.url + "/readyz", timeout=10) as answer:  # noqa: S310 - our own school
            return json.load(answer)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _until_open(process, port: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("The school stopped while starting.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"The school did not open within {seconds} s.")


def environment_of(data_dir: Path, port: int, more: dict) -> dict:
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    own = dict.fromkeys(("DATABASE_URL", "EMAIL_URL", "SECRET_KEY", "ENCRYPTION_KEYS"), "")
    return {**kept, **own, "DATA_DIR": str(data_dir), "PORT": str(port), **more}


@contextmanager
def launch(data_dir: Path, **environment: str):
    """Yields (process, port) once the port is open; its output is in `log`. Ends with the block."""
    port = free_port()
    with (data_dir / "log").open("w+") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment_of(data_dir, port, environment),
        )
        try:
            _until_open(process, port, 240)
            yield process, port
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


@contextmanager
def open_school(data_dir: Path, **environment: str):
    """Yields a running School with the demo courses; everything stops with the block."""
    with launch(data_dir, **environment) as (_, port):
        printed = (data_dir / "log").read_text()
        login = re.search(r"Staff login \(shown once\): (\S+)  password: (\S+)", printed)
        yield School(f"http://localhost:{port}", login[1], login[2], data_dir)
