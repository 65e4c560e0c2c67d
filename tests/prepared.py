"""Databases that are made once and copied: the migrated one, and the one with the demo school.

Each lies under var/tests by the hash of all it was made from, so that a change makes it anew.
SQLite only.
"""

import fcntl
import hashlib
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

FOLDER = settings.BASE_DIR / "var" / "tests"
DAY = 24 * 3600
# Nobody imports a room's doors, so they leave no trace in a migrated database.
DOORS = {"admin", "api", "forms", "management", "middleware", "templatetags", "urls", "views"}


def _hash(paths) -> str:
    digest = hashlib.sha256()
    # The names of these folders tell the versions of the installed packages.
    packages = sorted(path.name for one in sys.path for path in Path(one).glob("*.dist-info"))
    digest.update(repr([sys.version, packages]).encode())
    for path in sorted(paths):
        digest.update(str(path).encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _rooms() -> Iterator[Path]:
    """The folders of the school's own apps."""
    for one in apps.get_app_configs():
        if Path(one.path).parent == settings.BASE_DIR:
            yield Path(one.path)


def _is_door(path: Path, room: Path) -> bool:
    return path.relative_to(room).parts[0].removesuffix(".py") in DOORS


@cache
def migrated_key() -> str:
    """Of every migration and of every module of ours that migrating may run."""
    found = set()
    for one in apps.get_app_configs():
        found |= set(Path(one.path, "migrations").glob("*.py"))
    for room in _rooms():
        found |= {path for path in room.rglob("*.py") if not _is_door(path, room)}
    return _hash(found)


def demo_key() -> str:
    """Of the demo school's files and of all code of ours."""
    found = {path for path in (settings.BASE_DIR / "demo").rglob("*") if path.is_file()}
    for room in _rooms():
        found |= set(room.rglob("*.py"))
    return _hash(found)


@contextmanager
def _alone(name: str):
    """One process of all runs on this machine at a time makes the database of that name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def open_database(path) -> None:
    connection.close()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = str(path)


def prepared(name: str, key: str, make: Callable, here: Path, files=(None, None)) -> Path:
    """Put the database into the file `here` and open it. Returns the file it is a copy of.

    `make` fills an open database when none is kept for the key. `files`: the folder that it writes,
    and where the files belong.
    """
    kept, (written, wanted) = FOLDER / f"{name}-{key}", files
    with _alone(name):
        if not kept.exists():
            make()
            connection.close()
            _keep(kept, connection.settings_dict["NAME"], written)
        open_database(here)
        for old in here.parent.glob(f"{here.name}*"):
            old.unlink()
        shutil.copyfile(kept / "school.db", here)
        if wanted is not None and (kept / "files").exists():
            shutil.copytree(kept / "files", wanted, dirs_exist_ok=True)
    return kept / "school.db"


@contextmanager
def emptied_by_copying(whole: Path, here: Path):
    """After a test that committed, the database `here` is made what it was in one go. Django would
    empty table after table and let each app write its first rows again, a second each time."""
    flush = TransactionTestCase._fixture_teardown

    def put_back(case):
        if connection.settings_dict["NAME"] != str(here):
            flush(case)
            return
        connection.ensure_connection()
        source.backup(connection.connection)

    with closing(sqlite3.connect(f"{whole.as_uri()}?mode=ro", uri=True)) as source:
        TransactionTestCase._fixture_teardown = put_back
        yield
        TransactionTestCase._fixture_teardown = flush


def _keep(kept: Path, database: str, files: Path | None) -> None:
    name = kept.name.partition("-")[0]
    for old in FOLDER.glob(f"{name}-*"):
        if old.stat().st_mtime < time.time() - DAY:  # a run that goes on may need a younger one
            shutil.rmtree(old)
    draft = FOLDER / f"draft-{name}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    with closing(sqlite3.connect(database)) as link:
        link.execute("VACUUM INTO ?", [str(draft / "school.db")])
    if files is not None and files.exists():
        shutil.copytree(files, draft / "files")
    draft.rename(kept)
