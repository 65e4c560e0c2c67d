"""Secrets at rest: Fernet (AES-128-CBC with HMAC-SHA-256) under a ring of keys, newest first.

A ring in a file is read again when the file changes, so that processes which are running take part
in a rotation; a ring in the environment changes with a restart.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from engineroom.boot import read_key_ring

_seen: dict = {"stamp": None, "keys": []}


def keys() -> list[str]:
    """The keys of the ring, newest first."""
    path = settings.KEY_RING_FILE
    if path is None:
        return settings.ENCRYPTION_KEYS
    state = path.stat()
    stamp = (path, state.st_mtime_ns, state.st_ino)
    if _seen["stamp"] != stamp:
        _seen.update(stamp=stamp, keys=read_key_ring(path))
    return _seen["keys"]


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError as error:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds a key that is no Fernet key.") from error


def _ring() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in keys()])


def encrypt(text: str) -> str:
    """The text under the newest key."""
    return _ring().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text again, whichever key of the ring wrote it. Raises ValueError when none did."""
    try:
        return _ring().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ValueError("No key of the ring opens this secret.") from error


def renew(token: str) -> str:
    """The same secret under the newest key."""
    return encrypt(decrypt(token))


def is_newest(token: str) -> bool:
    """Whether the newest key wrote the secret."""
    try:
        _fernet(keys()[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True
