"""Bearer tokens of devices: made here, stored only as digests."""

import hashlib
import secrets
from datetime import timedelta

ACCESS_LASTS = timedelta(hours=1)
REFRESH_LASTS = timedelta(days=60)
LINK_LASTS = timedelta(hours=24)


def new_token(prefix: str) -> str:
    """256 random bits behind a prefix that secret scanners can recognize."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(token: str) -> str:
    """SHA-256, hexadecimal. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
