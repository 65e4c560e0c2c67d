"""Each app can be left out: a free library and a shop boot, migrate and answer their main pages."""

import json
import os
import subprocess
import sys

import pytest

from tests.contracts.house import ROOT

PROBE = """
import json, sys
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
from tests import prepared
setup_test_environment()
prepared.prepared(
    sys.argv[1], prepared.migrated_key(), lambda: call_command("migrate", verbosity=0),
    Path(settings.DATA_DIR, "copy.db"),
)
call_command("migrate", check=True, verbosity=0)
call_command("check", fail_level="ERROR")
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
client = Client()
print(json.dumps({
    "statuses": {path: client.get(path).status_code for path in sys.argv[2:]},
    "rooms": sorted({name.partition("_")[0] for name in connection.introspection.table_names()}
                    & {"accounts", "catalog", "engineroom", "learning", "payments"}),
}))
"""
KINDS = {
    "library": (
        ["accounts", "catalog", "engineroom"],
        {
            "/": 200,
            "/courses/": 200,
            "/topics/": 200,
            "/lessons/": 200,
            "/api/v1/courses": 200,
            "/accounts/login/": 200,
            "/developers/": 200,
            "/sitemap.xml": 200,
            "/orders/": 404,
            "/learn/": 404,
            "/healthz": 200,
        },
    ),
    "shop": (
        ["accounts", "engineroom", "payments"],
        {
            "/orders/": 302,
            "/api/v1/offers": 200,
            "/buy/none/": 404,
            "/accounts/login/": 200,
            "/developers/": 200,
            "/courses/": 404,
            "/readyz": 200,
        },
    ),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each kind of school answers; they run side by side. What migrating made is kept for the
    next run with the same code."""
    running = {}
    for kind, (_rooms, statuses) in KINDS.items():
        environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "DATA_DIR": str(tmp_path_factory.mktemp(kind)),
            "DJANGO_SETTINGS_MODULE": f"tests.contracts.settings_{kind}",
        }
        running[kind] = subprocess.Popen(
            [sys.executable, "-c", PROBE, kind, *statuses],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    return {kind: (*process.communicate(), process.returncode) for kind, process in running.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_school_runs_without_the_rooms_it_does_not_need(answers, kind):
    rooms, statuses = KINDS[kind]
    output, errors, status = answers[kind]

    assert status == 0, errors[-2000:]
    answer = json.loads(output.splitlines()[-1])
    assert answer["rooms"] == rooms
    assert answer["statuses"] == statuses
