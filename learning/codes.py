"""The code of a certificate: 80 random bits in 16 letters and digits that nobody mixes up."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O or U
LENGTH = 16
GROUP = 4
READ_AS = str.maketrans("ILO", "110", " -\u2010\u2011\u2012\u2013")


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_code(text: str) -> str:
    """The code that somebody typed or followed: any case, with or without hyphens; I and L are read
    as 1, O as 0. Empty when it cannot be one."""
    code = text.strip().upper().translate(READ_AS) if len(text) <= 60 else ""
    return code if len(code) == LENGTH and not set(code) - set(ALPHABET) else ""


def spaced(code: str) -> str:
    """In groups of four, as it is printed."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
