"""Every change of a model has its migration, and every migration a name that says what it does."""

import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tests.contracts.house import ROOMS, ROOT, hold, plant

NAMED = re.compile(r"\d{4}_[a-z]+(?:_[a-z0-9]+)+")
MEANINGLESS = re.compile(r"_(auto|initial|merge|alter_|squashed|update$|change$|migration)")


def complaints(root=ROOT) -> list[str]:
    found = []
    for room in ROOMS:
        names = sorted(path.stem for path in (root / room / "migrations").glob("[0-9]*.py"))
        numbers = [name[:4] for name in names]
        found += [
            f"{room}.{name} does not say what it does"
            for name in names
            if not NAMED.fullmatch(name) or MEANINGLESS.search(name)
        ]
        found += [
            f"{room} has two migrations {number}"
            for number in sorted({n for n in numbers if numbers.count(n) > 1})
        ]
    return found


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_migration_says_what_it_does():
    hold(complaints())


def test_no_room_has_two_ends_of_its_history():
    loader = MigrationLoader(None)

    assert loader.detect_conflicts() == {}
    assert {config.label for config in apps.get_app_configs()} >= {"engineroom", "accounts"}


def test_a_nameless_migration_is_found(tmp_path):
    plant(
        tmp_path,
        {
            "catalog/migrations/0001_initial.py": "",
            "catalog/migrations/0002_auto_20260101_1200.py": "",
            "catalog/migrations/0002_merge_0001_0002.py": "",
            "catalog/migrations/0003_add_course_level.py": "",
        },
    )

    assert complaints(tmp_path) == [
        "catalog.0001_initial does not say what it does",
        "catalog.0002_auto_20260101_1200 does not say what it does",
        "catalog.0002_merge_0001_0002 does not say what it does",
        "catalog has two migrations 0002",
    ]


@pytest.mark.django_db
def test_every_table_stands_after_migrating():
    tables = set(connection.introspection.table_names())
    missing = [
        model._meta.db_table for model in apps.get_models() if model._meta.db_table not in tables
    ]

    assert missing == []
