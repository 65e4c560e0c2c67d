"""The school's settings with what only tests want: a fast hasher, mail and counters in memory."""

import os
import tempfile

_scratch = tempfile.mkdtemp(prefix="lectern-tests-")
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if os.environ.get("LECTERN_TEST_WORKER", "") != _worker:
    # Workers inherit the environment of the process that started them, and share nothing with each
    # other; what a worker's own test starts stays in its folder.
    os.environ |= {"DATA_DIR": _scratch, "LECTERN_TEST_WORKER": _worker}
os.environ.setdefault("DATA_DIR", _scratch)
os.environ.setdefault("EMAIL_URL", "memorymail://")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 5)
os.environ.setdefault("ENCRYPTION_KEYS", "4qtWBN7tE4lAi6gTC0PUNFYr5fXFJd0wQhRkC8Pq_lU=")

from config.settings import *  # noqa: E402, F403 - the same but for what follows

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
LOGGING["root"]["level"] = "CRITICAL"  # noqa: F405 - from the settings above

if IS_EMBEDDED:  # noqa: F405 - from the settings above
    # A file, as in the real school: threads and processes of a test share it by its own locks.
    DATABASES["default"]["TEST"] = {"NAME": f"{_scratch}/test.db"}  # noqa: F405 - from the settings above
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405 - from the settings above
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON"
    )
