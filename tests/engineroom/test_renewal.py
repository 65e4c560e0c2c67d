"""Rotating the keys: read from the raw rows, before and after."""

import os
import stat

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models

from engineroom import keyring, renewal, slots
from engineroom.boot import new_encryption_key, read_key_ring, write_key_ring
from engineroom.fields import EncryptedTextField
from engineroom.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


class Secret(models.Model):
    """A table that only this test has."""

    text = EncryptedTextField(blank=True)

    class Meta:
        app_label = "engineroom"
        db_table = "tests_secret"

    def __str__(self):
        return str(self.pk)


# Not a table of the school: the contracts must not find it.
del apps.all_models["engineroom"]["secret"]
apps.clear_cache()


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    """The table stands for the test and is the only one with secrets; packages' are left out."""
    monkeypatch.setattr(renewal, "encrypted_columns", lambda: [(Secret, "text")])
    monkeypatch.setitem(slots._slots, "engineroom.renew_secrets", [])
    with connection.schema_editor() as editor:
        editor.create_model(Secret)
    yield Secret
    with connection.schema_editor() as editor:
        editor.delete_model(Secret)


@pytest.fixture
def ring(settings, tmp_path):
    path = tmp_path / "encryption_keys"
    write_key_ring(path, [new_encryption_key()])
    settings.KEY_RING_FILE = path
    return path


def raw_rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM tests_secret ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def opens(token, key):
    try:
        return Fernet(key).decrypt(token.encode()).decode()
    except Exception:  # noqa: BLE001 - whatever it raises, it does not open
        return None


def test_the_database_never_sees_the_text(ring):
    Secret.objects.create(text="open sesame")

    assert "sesame" not in raw_rows()[0]
    assert Secret.objects.get().text == "open sesame"


def test_after_a_rotation_the_old_key_can_be_dropped(ring):
    Secret.objects.bulk_create([Secret(text=f"secret {number}") for number in range(7)])
    Secret.objects.create(text="")
    [old] = read_key_ring(ring)
    before = raw_rows()

    call_command("rotate_keys", new_key=True, verbosity=0)

    new, *rest = read_key_ring(ring)
    assert rest == [old]
    after = raw_rows()
    assert all(a != b for a, b in zip(before[:7], after[:7], strict=True))
    assert [opens(token, new) for token in after[:7]] == [f"secret {n}" for n in range(7)]
    assert [opens(token, old) for token in after[:7]] == [None] * 7
    assert after[7] == ""
    call_command("rotate_keys", drop_old=True, verbosity=0)
    assert read_key_ring(ring) == [new]
    assert Secret.objects.first().text == "secret 0"
    assert stat.S_IMODE(os.stat(ring).st_mode) == 0o600


def test_a_second_rotation_without_a_new_key_changes_nothing(ring):
    Secret.objects.create(text="a")
    call_command("rotate_keys", new_key=True, verbosity=0)
    before = raw_rows()

    assert renewal.renew_secrets() == 0
    assert raw_rows() == before
    assert AuditEntry.objects.filter(action="keys.rotated").count() == 1


def test_a_process_that_is_running_learns_the_new_key(ring):
    keyring.encrypt("warm the cache")
    newest = new_encryption_key()

    write_key_ring(ring, [newest, *read_key_ring(ring)])

    assert opens(keyring.encrypt("text"), newest) == "text"


def test_other_rooms_renew_their_own_secrets(ring, monkeypatch):
    monkeypatch.setitem(slots._slots, "engineroom.renew_secrets", [lambda: 3, lambda: 2])

    assert renewal.renew_secrets() == 5


def test_a_secret_that_no_key_opens_stops_the_rotation_with_nothing_changed(ring):
    Secret.objects.bulk_create([Secret(text="a"), Secret(text="b")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_secret SET text = 'gAAAA-broken' WHERE id = 2")
    before = raw_rows()

    with pytest.raises(CommandError, match="No key of the ring"):
        call_command("rotate_keys", new_key=True, verbosity=0)

    assert raw_rows() == before
    assert not AuditEntry.objects.exists()


def test_a_ring_in_the_environment_is_not_changed_from_here(settings):
    settings.KEY_RING_FILE = None

    with pytest.raises(CommandError, match="ENCRYPTION_KEYS is set in the environment"):
        call_command("rotate_keys", new_key=True, verbosity=0)


def test_every_encrypted_column_of_the_school_is_found(monkeypatch):
    monkeypatch.undo()

    found = {f"{model._meta.label}.{name}" for model, name in renewal.encrypted_columns()}

    assert "accounts.IdentityProvider.client_secret" in found
