"""A school of real processes over one database: gunicorn, its workers and the background worker."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
CHANCE = random.SystemRandom()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(pid: int) -> list[int]:
    """The processes that `pid` started."""
    try:
        return [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class School:
    """Start, kill and ask it. `faults` is the folder of tokens (see tests.faults.arming)."""

    def __init__(self, folder: Path, *, web_workers: int = 4, gate_port: int = 0):
        self.folder = folder
        self.faults = folder / "faults"
        self.faults.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.web = self.worker = None
        self.is_open = False
        self.has_worker = True
        self.restarts = 0
        self._changing = threading.Lock()
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "PORT": str(self.port),
            "WEB_WORKERS": str(web_workers),
            "LECTERN_ROLES": "pages,api,admin,webhooks",
            "LECTERN_FAULTS": str(self.faults),
            "GATE": str(gate_port or ""),
            "TRUSTED_PROXIES": "1",
        }

    def _run(self, module: str) -> subprocess.Popen:
        log = (self.folder / f"{module}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", f"tests.faults.{module}"],
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def start(self) -> None:
        with self._changing:
            self.web, self.worker = self._run("serve"), self._run("work")
            self.is_open = True
        self.wait()
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self) -> None:
        """What a service manager does: start again what ended."""
        while self.is_open:
            with self._changing:
                for name, module in (("web", "serve"), ("worker", "work")):
                    process = getattr(self, name)
                    if name == "worker" and not self.has_worker:
                        continue
                    if self.is_open and process and process.poll() is not None:
                        setattr(self, name, self._run(module))
                        self.restarts += 1
            time.sleep(0.2)

    def wait(self) -> None:
        """Until it answers."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        log = (self.folder / "serve.log").read_text()[-2000:]
        raise RuntimeError(f"the school did not open: {log}")

    def kill_a_worker(self) -> int:
        """kill -9 one of gunicorn's workers."""
        pids = children(self.web.pid) if self.web else []
        if pids:
            os.kill(CHANCE.choice(pids), signal.SIGKILL)
        return bool(pids)

    def kill_the_worker(self) -> None:
        """kill -9 of the background worker; another one is started."""
        with self._changing:
            if self.worker and self.worker.poll() is None:
                os.killpg(self.worker.pid, signal.SIGKILL)
                self.worker.wait()

    @contextmanager
    def without_worker(self):
        """Within the block nothing happens in the background."""
        self.has_worker = False
        self.kill_the_worker()
        try:
            yield
        finally:
            self.has_worker = True

    def kill_everything(self) -> None:
        """kill -9 of the whole process group, and of the worker's."""
        with self._changing:
            for process in (self.web, self.worker):
                if process and process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def stop(self) -> None:
        with self._changing:
            self.is_open = False
            for process in (self.web, self.worker):
                if process and process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
            for process in (self.web, self.worker):
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)

    @contextmanager
    def closed(self):
        """Within the block none of its processes runs."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def plant(self, point: str, said: str, count: int = 1) -> None:
        """Tokens for a point: what happens there the next `count` times."""
        for number in range(count):
            (self.faults / f"{point}.{number}").write_text(said)

    def left(self) -> int:
        """Tokens nobody came by."""
        return len(list(self.faults.iterdir()))

    def clear(self) -> None:
        for token in self.faults.iterdir():
            token.unlink(missing_ok=True)

    def ask(
        self, method, path, body=None, *, token="", key="", timeout=30.0, headers=None, cut=None
    ):
        """(status, answer). Raises OSError when the connection broke.

        Each caller comes from an address of its own, so that throttles do not play along. `cut`:
        seconds after which the caller goes away without waiting for the answer.
        """
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=cut or timeout)
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if key:
            sent["Idempotency-Key"] = key
        parts = [str(CHANCE.randrange(1, 255)) for _ in range(3)]
        sent.setdefault("X-Forwarded-For", ".".join(["10", *parts]))
        data = body if isinstance(body, bytes) else json.dumps(body) if body is not None else None
        try:
            wire.request(method, path, data, sent)
            response = wire.getresponse()
            text = response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            wire.close()
        try:
            return response.status, json.loads(text) if text else None
        except ValueError:
            return response.status, text


@contextmanager
def opened(folder: Path, **options):
    """A running school, stopped at the end."""
    school = School(folder, **options)
    try:
        school.start()
        yield school
    finally:
        school.stop()
