"""Secrets at rest: Fernet (AES-128-CBC with HMAC-SHA-256) under a ring of keys, newest first."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def _ring() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds a key that is no Fernet key.") from error


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
