"""Each app can be left out: a free library and a shop boot, migrate and answer their main pages."""

import json
import os
import subprocess
import sys

import pytest

from tests.contracts.house import ROOT

PROBE = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
call_command("migrate", verbosity=0)
call_command("check", fail_level="ERROR")
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
client = Client()
print(json.dumps({
    "statuses": {path: client.get(path).status_code for path in sys.argv[1:]},
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
    "bare": (
        ["accounts", "engineroom"],
        {"/accounts/login/": 200, "/accounts/signup/": 200, "/developers/": 200, "/courses/": 404},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_school_runs_without_the_rooms_it_does_not_need(kind, tmp_path):
    rooms, statuses = KINDS[kind]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": f"tests.contracts.settings_{kind}",
    }

    result = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", PROBE, *statuses],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr[-2000:]
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["rooms"] == rooms
    assert answer["statuses"] == statuses
