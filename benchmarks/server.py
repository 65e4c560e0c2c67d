"""A gunicorn to measure: started on a free port, its workers' CPU time read from the kernel."""

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


class Server:
    """`cpu_seconds` is user + system time of all workers so far."""

    def __init__(self, process, port: int):
        self.process, self.port = process, port

    def cpu_seconds(self) -> float:
        ticks = 0
        for pid in _children(self.process.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def get(
        self, path: str, count: int, headers: dict | None = None, status: int = 200
    ) -> list[float]:
        """Ask `count` times over one connection; returns seconds per request."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        took = []
        for _ in range(count):
            started = time.perf_counter()
            link.request("GET", path, headers={"Host": "localhost", **(headers or {})})
            answer = link.getresponse()
            answer.read()
            took.append(time.perf_counter() - started)
            if answer.status != status:
                raise RuntimeError(f"{path} answered {answer.status} instead of {status}")
        link.close()
        return took

    def head(self, path: str, header: str) -> str:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        link.request("GET", path, headers={"Host": "localhost"})
        answer = link.getresponse()
        answer.read()
        return answer.getheader(header) or ""


@contextmanager
def serve(application: str, *flags: str, environment: dict | None = None):
    """Yields a Server for the WSGI application with 2 workers of 4 threads."""
    port = free_port()
    program = [sys.executable, "-m", "gunicorn", application, "-k", "gthread", "-w", "2"]
    program += ["--threads", "4", "--bind", f"127.0.0.1:{port}", "--no-control-socket", *flags]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        program,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)
