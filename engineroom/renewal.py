"""Rotating the keys: every secret in the database is written anew under the newest one."""

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast

from engineroom import audit, keyring, slots
from engineroom.boot import new_encryption_key, write_key_ring
from engineroom.fields import EncryptedTextField
from engineroom.refusals import Refusal


class RingElsewhere(Refusal):
    code = "key_ring_elsewhere"
    message = (
        "ENCRYPTION_KEYS is set in the environment: put the new key in front of it on every machine,"
        " restart them, then run this command without --new-key."
    )


def encrypted_columns():
    """(model, field name) of every encrypted column of the installed apps."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field.name


def renew_secrets() -> int:
    """Write every secret under the newest key; returns how many had an older one. Safe to repeat.

    Raises ValueError, with nothing changed, when a secret opens with no key of the ring.
    """
    with transaction.atomic():
        count = sum(_renew_column(model, name) for model, name in encrypted_columns())
        count += sum(slots.gather("engineroom.renew_secrets"))
        if count:
            audit.record("keys.rotated", "key-ring", count=count)
    return count


def _renew_column(model, name: str) -> int:
    raw = model._base_manager.annotate(raw_secret=Cast(F(name), TextField()))
    count = 0
    for pk, token in raw.order_by("pk").values_list("pk", "raw_secret").iterator(chunk_size=500):
        if not token or keyring.is_newest(token):
            continue
        # Only the secret that was read: one that changed meanwhile is under the newest key already.
        count += raw.filter(pk=pk, raw_secret=token).update(**{name: keyring.decrypt(token)})
    return count


def put_new_key() -> None:
    """Put a new key in front of the ring file. Raises RingElsewhere where the ring is no file."""
    if settings.KEY_RING_FILE is None:
        raise RingElsewhere
    write_key_ring(settings.KEY_RING_FILE, [new_encryption_key(), *keyring.keys()])


def drop_old_keys() -> int:
    """Keep only the newest key of the ring file; returns how many went. Renew the secrets first."""
    if settings.KEY_RING_FILE is None:
        raise RingElsewhere
    ring = keyring.keys()
    if len(ring) > 1:
        write_key_ring(settings.KEY_RING_FILE, ring[:1])
    return len(ring) - 1
