"""The school's settings with what only tests want: a fast hasher, mail and counters in memory."""

import os
import tempfile

_scratch = tempfile.mkdtemp(prefix="lectern-tests-")
os.environ.setdefault("DATA_DIR", _scratch)
os.environ.setdefault("EMAIL_URL", "memorymail://")

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
LOGGING["root"]["level"] = "CRITICAL"  # noqa: F405
