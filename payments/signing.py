"""Signed webhooks: HMAC-SHA-256 over `timestamp.body`, compared in constant time.

Header: `t=<unix seconds>,v1=<hex>[,v1=<hex>]`; several signatures and several secrets are tried, so
that a secret can be changed without losing an event.
"""

import hashlib
import hmac
import re

TOLERANCE_SECONDS = 300
TIME = re.compile(r"[0-9]{1,12}")
HEX = re.compile(r"[0-9a-f]{64}")


class BadSignature(ValueError):
    """The bytes did not come from the gateway, or not now."""


def _digest(body: bytes, secret: str, timestamp: int) -> str:
    signed = str(timestamp).encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """The header's value for a body sent at `timestamp`."""
    return f"t={timestamp},v1={_digest(body, secret, timestamp)}"


def check(body: bytes, header: str, secrets: list[str], now: float) -> None:
    """Raises BadSignature unless one of the secrets signed exactly these bytes within 300 s."""
    times, marks = [], []
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t" and TIME.fullmatch(value):
            times.append(int(value))
        elif name == "v1" and HEX.fullmatch(value):
            marks.append(value)
        else:
            raise BadSignature("The signature header is malformed.")
    if len(times) != 1 or not marks:
        raise BadSignature("The signature header is malformed.")
    if abs(now - times[0]) > TOLERANCE_SECONDS:
        raise BadSignature("The signature is older than five minutes, or from the future.")
    good = False
    for secret in secrets:
        expected = _digest(body, secret, times[0])
        for mark in marks:
            good |= hmac.compare_digest(expected, mark)
    if not good:
        raise BadSignature("No secret of this gateway made the signature.")
