"""Public ids: a prefix and a UUIDv7 (RFC 9562) in lower-case base32 (RFC 4648, no padding)."""

import os
import time
from base64 import b32encode
from functools import partial


def uuid7() -> bytes:
    """16 bytes: 48 bits of Unix milliseconds, version, 74 random bits."""
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return bytes(raw)


def public_id(prefix: str) -> str:
    """Such as `person_` and 26 letters and digits."""
    return f"{prefix}_{b32encode(uuid7()).decode().rstrip('=').lower()}"


def random_id(prefix: str) -> str:
    """An id that cannot be guessed: 160 random bits. For whatever is a key by being known."""
    return f"{prefix}_{b32encode(os.urandom(20)).decode().lower()}"


def maker(prefix: str):
    """A field default that migrations can write down."""
    return partial(public_id, prefix)


def random_maker(prefix: str):
    """The same for ids that must not be guessable."""
    return partial(random_id, prefix)
