"""What the school does at its start: refuse what is unsafe, make what may be made, agree on it."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from engineroom.boot import loopback, stored_secret

ROOT = Path(__file__).resolve().parents[2]
LONG = "k" * 64
KEY = "4qtWBN7tE4lAi6gTC0PUNFYr5fXFJd0wQhRkC8Pq_lU="
STRIPE = {
    "PAYMENT_GATEWAY": "stripe",
    "STRIPE_SECRET_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRETS": "whsec_1",
}
LIVE = STRIPE | {"SITE_URL": "https://school.example", "STRIPE_SECRET_KEY": "rk_live_1"}
PROBE = """
import json
from config import settings as s
print(json.dumps({name: getattr(s, name) for name in (
    "SITE_URL", "ALLOWED_HOSTS", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT", "TEST_SCHOOL",
    "SHOW_TEST_BANNER", "SECRET_KEY", "ENCRYPTION_KEYS", "DEBUG", "STRIPE_MODE",
    "STRIPE_WEBHOOK_SECRETS")}))
"""


def start(tmp_path, **environment):
    """The settings as a fresh process reads them: (values, error text)."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path / "var"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        return None, result.stderr
    return json.loads(result.stdout), ""


def test_a_school_on_this_machine_needs_no_setting(tmp_path):
    values, _ = start(tmp_path, PORT="8123")

    assert values["SITE_URL"] == "http://localhost:8123"
    assert values["SESSION_COOKIE_NAME"] == "session"
    assert values["TEST_SCHOOL"] is True
    assert values["SHOW_TEST_BANNER"] is False
    assert values["DEBUG"] is False
    assert len(values["SECRET_KEY"]) >= 50
    for name in ("secret_key", "encryption_keys"):
        assert stat.S_IMODE(os.stat(tmp_path / "var" / name).st_mode) == 0o600


def test_https_brings_host_cookies_and_hsts(tmp_path):
    values, _ = start(tmp_path, SITE_URL="https://school.example/")

    assert values["SITE_URL"] == "https://school.example"
    assert values["ALLOWED_HOSTS"] == ["school.example"]
    assert values["SESSION_COOKIE_NAME"] == "__Host-session"
    assert values["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert values["SESSION_COOKIE_SECURE"] is values["CSRF_COOKIE_SECURE"] is True
    assert values["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert values["SECURE_SSL_REDIRECT"] is True
    assert values["TEST_SCHOOL"] is False


def test_a_public_test_school_says_so(tmp_path):
    values, _ = start(tmp_path, SITE_URL="https://school.example", TEST_SCHOOL="true")

    assert values["TEST_SCHOOL"] is True
    assert values["SHOW_TEST_BANNER"] is True


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"SITE_URL": "http://school.example"}, "SITE_URL may be http only for localhost"),
        ({"SITE_URL": "school.example"}, "SITE_URL must be an origin"),
        ({"SITE_URL": "ftp://school.example"}, "SITE_URL must be an origin"),
        ({"SITE_URL": "https://school.example/path"}, "SITE_URL must be an origin"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be at least 50"),
        ({"LECTERN_ROLES": "pages,kitchen"}, "LECTERN_ROLES names roles"),
        ({"FILE_STORAGE_OPTIONS": "[1]"}, "FILE_STORAGE_OPTIONS is a JSON object"),
        ({"FILE_STORAGE_OPTIONS": '{"a": 1}'}, "FILE_STORAGE_OPTIONS needs FILE_STORAGE"),
        ({"PAYMENT_GATEWAY": "stripe"}, "needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS"),
        (STRIPE | {"STRIPE_SECRET_KEY": " "}, "needs STRIPE_SECRET_KEY"),
        (STRIPE | {"STRIPE_WEBHOOK_SECRETS": " , "}, "and STRIPE_WEBHOOK_SECRETS"),
        (STRIPE | {"STRIPE_SECRET_KEY": "pk_test_1"}, "STRIPE_SECRET_KEY is a secret or"),
        (STRIPE | {"STRIPE_SECRET_KEY": "sk_test_"}, "STRIPE_SECRET_KEY is a secret or"),
        (STRIPE | {"STRIPE_SECRET_KEY": "sk_prod_1"}, "STRIPE_SECRET_KEY is a secret or"),
        (STRIPE | {"STRIPE_SECRET_KEY": "sk_test_1 2"}, "STRIPE_SECRET_KEY is a secret or"),
        (STRIPE | {"STRIPE_WEBHOOK_SECRETS": "whsec_a,sk_test_1"}, "starts with whsec_"),
        (STRIPE | {"STRIPE_SECRET_KEY": "sk_live_1"}, "is a live key, and this a test school"),
        (LIVE | {"STRIPE_SECRET_KEY": "rk_test_1"}, "is a test key, and this a live school"),
        (LIVE | {"STRIPE_API_BASE": "http://127.0.0.1:1"}, "STRIPE_API_BASE is for tests"),
        (LIVE | {"STRIPE_TEST_CLOCK": "clock_1"}, "STRIPE_TEST_CLOCK is a clock_"),
        (STRIPE | {"STRIPE_TEST_CLOCK": "1"}, "STRIPE_TEST_CLOCK is a clock_"),
        ({"DATABASE_URL": "postgresql://u@/school"}, "SECRET_KEY is not set"),
        ({"DATABASE_URL": "postgresql://u@/school", "SECRET_KEY": LONG}, "ENCRYPTION_KEYS is not"),
    ],
)
def test_what_is_unsafe_does_not_start(tmp_path, environment, complaint):
    values, error = start(tmp_path, **environment)

    assert values is None
    assert complaint in error


@pytest.mark.parametrize(("environment", "mode"), [(STRIPE, "test"), (LIVE, "live")])
def test_a_school_starts_with_the_key_of_its_mode(tmp_path, environment, mode):
    two = {"STRIPE_WEBHOOK_SECRETS": "whsec_old, whsec_new"}

    values, _ = start(tmp_path, **(environment | two))

    assert values["STRIPE_MODE"] == mode
    assert values["STRIPE_WEBHOOK_SECRETS"] == ["whsec_old", "whsec_new"]


def test_postgresql_starts_when_both_secrets_are_set(tmp_path):
    values, error = start(
        tmp_path, DATABASE_URL="postgresql://u@/school", SECRET_KEY=LONG, ENCRYPTION_KEYS=KEY
    )

    assert error == ""
    assert values["ENCRYPTION_KEYS"] == [KEY]
    assert not list(tmp_path.glob("var/*_key*"))


def test_eight_processes_that_start_at_once_agree_on_one_secret(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: start(tmp_path)[0], range(8)))

    assert len({values["SECRET_KEY"] for values in found}) == 1
    assert len({values["ENCRYPTION_KEYS"][0] for values in found}) == 1
    assert sorted(path.name for path in (tmp_path / "var").rglob("*") if path.is_file()) == [
        "encryption_keys",
        "secret_key",
    ]


def test_a_secret_is_made_once_and_only_where_it_may(tmp_path):
    path = tmp_path / "deep" / "secret"

    first = stored_secret(path, True, "SECRET")

    assert stored_secret(path, False, "SECRET") == first
    with pytest.raises(ImproperlyConfigured, match="OTHER is not set"):
        stored_secret(tmp_path / "other", False, "OTHER")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("school.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("school.example", False),
    ],
)
def test_only_this_machine_is_loopback(host, expected):
    assert loopback(host) is expected


def test_the_deployment_checks_find_nothing(tmp_path):
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "DATA_DIR": str(tmp_path),
            "SITE_URL": "https://school.example",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
