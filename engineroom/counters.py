"""A small cache in its own SQLite file whose counters are exact across threads and processes.

It holds the throttles of an embedded school outside the school's database and its transactions.
Redis takes over when CACHE_URL names one.
"""

import os
import pickle
import sqlite3
import threading
import time
from pathlib import Path

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

FOREVER = 2**53
PATIENCE = 20  # seconds to wait for another process
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entry (k TEXT PRIMARY KEY, v, expires REAL NOT NULL) WITHOUT ROWID"
)


class CounterCache(BaseCache):
    """Integers are stored as numbers and counted by the database in one statement."""

    def __init__(self, location, params):
        super().__init__(params)
        self.path = location
        self.local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        # A connection must not cross a fork, nor be shared by threads.
        if getattr(self.local, "pid", None) != os.getpid():
            if self.path != ":memory:":
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            link = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            self._prepare(link)
            self.local.link, self.local.pid = link, os.getpid()
        return self.local.link

    @staticmethod
    def _prepare(link: sqlite3.Connection) -> None:
        """Turning a new file to WAL needs it alone and does not wait by itself: it is tried again."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if link.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    link.execute("PRAGMA journal_mode=WAL")
                link.execute("PRAGMA synchronous=OFF")
                link.execute(SCHEMA)
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return

    def _expiry(self, timeout) -> float:
        if timeout is DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return FOREVER if timeout is None else time.time() + timeout

    @staticmethod
    def _pack(value):
        return value if type(value) is int else pickle.dumps(value)

    @staticmethod
    def _unpack(value):
        return value if type(value) is int else pickle.loads(value)  # noqa: S301 - our own file

    def _name(self, key, version) -> str:
        return self.make_and_validate_key(key, version=version)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        cursor = self._connection().execute(
            "INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT (k) DO UPDATE"
            " SET v = excluded.v, expires = excluded.expires WHERE expires <= ?",
            (self._name(key, version), self._pack(value), self._expiry(timeout), time.time()),
        )
        return cursor.rowcount == 1

    def get(self, key, default=None, version=None):
        row = (
            self._connection()
            .execute(
                "SELECT v FROM entry WHERE k = ? AND expires > ?",
                (self._name(key, version), time.time()),
            )
            .fetchone()
        )
        return self._unpack(row[0]) if row else default

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        self._connection().execute(
            "INSERT OR REPLACE INTO entry VALUES (?, ?, ?)",
            (self._name(key, version), self._pack(value), self._expiry(timeout)),
        )

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        cursor = self._connection().execute(
            "UPDATE entry SET expires = ? WHERE k = ? AND expires > ?",
            (self._expiry(timeout), self._name(key, version), time.time()),
        )
        return cursor.rowcount == 1

    def delete(self, key, version=None):
        cursor = self._connection().execute(
            "DELETE FROM entry WHERE k = ?", (self._name(key, version),)
        )
        return cursor.rowcount == 1

    def incr(self, key, delta=1, version=None):
        row = (
            self._connection()
            .execute(
                "UPDATE entry SET v = v + ? WHERE k = ? AND expires > ? RETURNING v",
                (delta, self._name(key, version), time.time()),
            )
            .fetchone()
        )
        if row is None:
            raise ValueError(f"Key '{key}' not found")
        return row[0]

    def clear(self):
        self._connection().execute("DELETE FROM entry")

    def forget_expired(self) -> int:
        """Remove what has expired; returns how many entries went."""
        return (
            self._connection()
            .execute("DELETE FROM entry WHERE expires <= ?", (time.time(),))
            .rowcount
        )

    def close(self, **kwargs):
        """Django calls this at the end of each request; the connection stays for the thread."""
