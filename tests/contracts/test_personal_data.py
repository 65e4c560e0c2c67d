"""Every column that can hold words is declared: personal, with what erasure does to it, or not.

The personal ones stand in docs/reference/personal-data.md, the others in personal_not.txt beside
this file. That erasure keeps the promise is tried on the whole database, in
tests/payments/test_erasure.py.
"""

import re
from pathlib import Path

from django.apps import apps
from django.db import models

from tests.contracts.house import ROOMS, ROOT

PAGE = ROOT / "docs" / "reference" / "personal-data.md"
OTHERS = Path(__file__).with_name("personal_not.txt")
WORDS = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField)
# Made by the program, never by a person.
MADE = {"public_id", "currency"}


def columns_of_words() -> set[str]:
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in ROOMS
        for field in model._meta.local_concrete_fields
        if isinstance(field, WORDS) and not field.choices and field.name not in MADE
    }


def personal() -> dict[str, str]:
    """Column: what erasure does to it."""
    rows = re.findall(r"^\| `([\w.]+)` \| [^|]+ \| ([^|]+) \|$", PAGE.read_text(), re.M)
    return dict(rows)


def not_personal() -> set[str]:
    return set(OTHERS.read_text().split())


def test_every_column_of_words_is_declared_personal_or_not():
    declared = set(personal()) | not_personal()

    assert columns_of_words() - declared == set(), "say whether these hold personal data"
    assert declared - columns_of_words() == set(), "these are gone"
    assert set(personal()) & not_personal() == set()


def test_what_stays_says_why():
    for column, fate in personal().items():
        assert re.match(r"(cleared|deleted|replaced|reset|stays)\b", fate), column
        if fate.startswith("stays"):
            assert len(fate) > len("stays: "), column


def test_a_new_column_that_is_not_declared_is_seen():
    """The control."""
    declared = set(personal()) | not_personal()

    assert columns_of_words() - (declared - {"payments.Order.billing"}) == {
        "payments.Order.billing"
    }
