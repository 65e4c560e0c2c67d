"""`Idempotency-Key`: one effect for a call however often it is repeated.

Work without an outside call: key row, work and stored answer are one transaction; a twin waits on
the unique index and then reads the answer. Errors are not kept: they changed nothing.
"""

import hashlib
import json
import re
from contextlib import suppress
from datetime import timedelta

from django.db import IntegrityError, OperationalError, transaction

from engineroom import clock
from engineroom.models import IdempotencyKey
from engineroom.refusals import Invalid, Refusal

KEPT = timedelta(hours=24)
LOCK = timedelta(seconds=30)
HEADER = "Idempotency-Key"
ACCEPTED = re.compile(r"[\x21-\x7e]{1,255}")


class KeyRequired(Invalid):
    code = "idempotency_key_required"
    message = "Send an Idempotency-Key header: this call moves money or seats."


class KeyMalformed(Invalid):
    code = "idempotency_key_malformed"
    message = "An Idempotency-Key is 1 to 255 printable ASCII characters without spaces."


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for another request."
    status = 422


class KeyBusy(Refusal):
    code = "idempotency_key_busy"
    message = "The first call with this Idempotency-Key is still running."
    status = 409

    def __init__(self):
        super().__init__(retry_after=int(LOCK.total_seconds()))


def fingerprint(method: str, path: str, body: bytes) -> str:
    """SHA-256 over method, path with query, and canonical body (JSON with sorted keys)."""
    # What is no JSON, or nested too deeply to be read, is told apart by its bytes.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True).encode() if body else b""
    return hashlib.sha256(b"\n".join([method.encode(), path.encode(), body])).hexdigest()


def read_key(request) -> str:
    """The header's value, or an empty string. Raises KeyMalformed."""
    key = request.headers.get(HEADER, "")
    if key and not ACCEPTED.fullmatch(key):
        raise KeyMalformed
    return key


def stored(owner: str, key: str, print_: str) -> IdempotencyKey | None:
    """The finished answer. Raises KeyReused or KeyBusy; None when the key is free (or expired)."""
    row = IdempotencyKey.objects.filter(owner=owner, key=key).first()
    if row is None:
        return None
    if row.fingerprint != print_:
        raise KeyReused
    if row.state == IdempotencyKey.State.DONE:
        return row
    if row.locked_until > clock.real():
        raise KeyBusy
    return None


def claim(owner: str, key: str, print_: str) -> IdempotencyKey | None:
    """Take the key for this call. None: a twin finished meanwhile, read `stored` again."""
    until = clock.real() + LOCK
    taken_over = IdempotencyKey.objects.filter(
        owner=owner, key=key, state=IdempotencyKey.State.STARTED, locked_until__lte=clock.real()
    ).update(locked_until=until)
    if taken_over:
        return IdempotencyKey.objects.get(owner=owner, key=key)
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(
                owner=owner,
                key=key,
                fingerprint=print_,
                locked_until=until,
                created_at=clock.real(),
            )
    except IntegrityError:
        return None
    except OperationalError as error:
        # PostgreSQL gives up waiting for the twin after the lock timeout.
        if getattr(error.__cause__, "sqlstate", "") == "55P03":
            raise KeyBusy from error
        raise


def keep(row: IdempotencyKey, status: int, body: str, headers: dict) -> None:
    """Store the answer."""
    IdempotencyKey.objects.filter(pk=row.pk).update(
        state=IdempotencyKey.State.DONE, status=status, body=body, headers=headers
    )


def release(row: IdempotencyKey) -> None:
    """Give the key back: the call changed nothing."""
    IdempotencyKey.objects.filter(pk=row.pk).delete()


def forget_old() -> int:
    return IdempotencyKey.objects.filter(created_at__lt=clock.real() - KEPT).delete()[0]
