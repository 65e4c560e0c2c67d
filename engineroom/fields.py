"""Model fields of the house."""

from django.db import models

from engineroom import keyring


class EncryptedTextField(models.TextField):
    """Text that the database only ever sees encrypted. It cannot be searched.

    Every such column is found and renewed by `manage.py rotate_keys`.
    """

    def from_db_value(self, value, expression, connection):
        return value if value in (None, "") else keyring.decrypt(value)

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value in (None, "") else keyring.encrypt(value)
