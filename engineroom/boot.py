"""What settings need before Django is up: stored secrets, the origin rules, the fixed policy."""

import json
import os
import re
import secrets
from ipaddress import ip_address
from pathlib import Path

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

STRIPE_KEY = re.compile(r"[sr]k_(?P<mode>test|live)_\w+")
STRIPE_CLOCK = re.compile(r"clock_\w+")
STRIPE_SECRET = re.compile(r"whsec_\S+")


class Environment(environ.FileAwareEnv):
    """The environment; a value that stands in a file comes without its last line break."""

    def get_value(self, *args, **kwargs):
        value = super().get_value(*args, **kwargs)
        return value.strip() if isinstance(value, str) else value


def loopback(host: str) -> bool:
    """Whether the host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def stored_secret(path: Path, may_create: bool, name: str, make=None) -> str:
    """Read a secret from its file (mode 0600), making it on first use when the school is embedded.

    Raises ImproperlyConfigured where several machines must share the secret and none is set.
    """
    if path.exists():
        return path.read_text().strip()
    if not may_create:
        raise ImproperlyConfigured(
            f"{name} is not set. All machines of a school share one: set it."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    value = (make or (lambda: secrets.token_urlsafe(64)))()
    # Written aside and linked into place: two processes starting together agree on one secret.
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(value + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


def new_encryption_key() -> str:
    """A Fernet key: 32 random bytes, URL-safe base64."""
    return Fernet.generate_key().decode()


def read_key_ring(path: Path) -> list[str]:
    """The keys of the file, one a line, newest first."""
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]


def write_key_ring(path: Path, keys: list[str]) -> None:
    """Replace the file in one step (mode 0600): a reader sees the old ring or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def usable_key_ring(keys: list[str], path: Path, may_create: bool) -> list[str]:
    """The encryption keys, newest first; from the environment or from the file, one a line."""
    if keys:
        return keys
    stored_secret(path, may_create, "ENCRYPTION_KEYS", new_encryption_key)
    return read_key_ring(path)


def database_options(config: dict) -> dict:
    """What the connection of DATABASE_URL gets besides its address.

    SQLite: the write lock at BEGIN, so that no transaction fails half-way for want of it, and a sync
    per commit. PostgreSQL: a pool, and limits so that nobody waits or holds for long.
    """
    if config["ENGINE"].endswith("sqlite3"):
        start = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
        options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": start}
        return {"OPTIONS": options}
    limits = (
        "-c lock_timeout=3000 -c statement_timeout=10000"
        " -c idle_in_transaction_session_timeout=15000"
    )
    pool = {"min_size": 1, "max_size": 8, "timeout": 5}
    options = {**config.get("OPTIONS", {}), "pool": pool, "options": limits}
    return {"CONN_MAX_AGE": 0, "OPTIONS": options}


def file_storages(env) -> dict:
    """Where uploaded and imported files lie: `DATA_DIR/files`, or the storage class named.

    The class is any of Django's storages, such as `storages.backends.s3.S3Storage`; its options are
    a JSON object. Files are read through it and answered by the school, never linked to.
    """
    try:
        options = json.loads(env("FILE_STORAGE_OPTIONS") or "{}")
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise ImproperlyConfigured(
            'FILE_STORAGE_OPTIONS is a JSON object, such as {"bucket_name": "school"}.'
        )
    if options and not env("FILE_STORAGE"):
        raise ImproperlyConfigured("FILE_STORAGE_OPTIONS needs FILE_STORAGE, the class it is for.")
    default = "django.core.files.storage.FileSystemStorage"
    return {
        "default": {"BACKEND": env("FILE_STORAGE") or default, "OPTIONS": options},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def seller_settings(env, name: str, email: str) -> dict:
    """Who sells and how VAT is charged; `name` and `email` where none of its own is set."""
    country = env("SELLER_COUNTRY").upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise ImproperlyConfigured("SELLER_COUNTRY is a country's two letters, such as DE.")
    return {
        "SELLER_NAME": env("SELLER_NAME") or name,
        "SELLER_ADDRESS": env("SELLER_ADDRESS"),
        "SELLER_COUNTRY": country,
        "SELLER_VAT_ID": env("SELLER_VAT_ID").replace(" ", "").upper(),
        "SELLER_REGISTER": env("SELLER_REGISTER"),
        "SELLER_EMAIL": env("SELLER_EMAIL") or email,
        "SELLER_OSS": env("SELLER_OSS"),
        "SELLER_SMALL_BUSINESS": env("SELLER_SMALL_BUSINESS"),
        "VAT_ID_LIVE_CHECK": env("VAT_ID_LIVE_CHECK"),
        "GEO_COUNTRY_HEADER": env("GEO_COUNTRY_HEADER"),
    }


def offline_settings(env, name: str) -> dict:
    """The OFFLINE_ settings: bank transfers to the school's own account."""
    iban = env("OFFLINE_IBAN").replace(" ", "").upper()
    if env("OFFLINE_PAYMENT") and not iban:
        raise ImproperlyConfigured("OFFLINE_PAYMENT needs OFFLINE_IBAN, the school's account.")
    if iban and not (iban.isascii() and iban.isalnum() and 5 <= len(iban) <= 34):
        raise ImproperlyConfigured(
            "OFFLINE_IBAN is letters and digits, such as DE02120300000000202051."
        )
    if not 1 <= env("OFFLINE_DAYS") <= 90:
        raise ImproperlyConfigured("OFFLINE_DAYS is a number of days from 1 to 90.")
    return {
        "OFFLINE_PAYMENT": env("OFFLINE_PAYMENT"),
        "OFFLINE_ACCOUNT_HOLDER": env("OFFLINE_ACCOUNT_HOLDER") or env("SELLER_NAME") or name,
        "OFFLINE_IBAN": iban,
        "OFFLINE_BIC": env("OFFLINE_BIC"),
        "OFFLINE_BANK": env("OFFLINE_BANK"),
        "OFFLINE_DAYS": env("OFFLINE_DAYS"),
    }


def grace_days(env) -> int:
    """DUNNING_GRACE_DAYS, from 1 to 365."""
    days = env("DUNNING_GRACE_DAYS")
    if not 0 < days <= 365:
        raise ImproperlyConfigured("DUNNING_GRACE_DAYS is a number of days from 1 to 365.")
    return days


def stripe_settings(env, is_test_school: bool) -> dict:
    """The STRIPE_ settings. The mode is the key's, and must be the school's: a live school that
    took test money would give everything away, a test school must not take anybody's money."""
    key, base = env("STRIPE_SECRET_KEY").strip(), env("STRIPE_API_BASE")
    secrets = [one.strip() for one in env("STRIPE_WEBHOOK_SECRETS") if one.strip()]
    if env("PAYMENT_GATEWAY") == "stripe" and not (key and secrets):
        raise ImproperlyConfigured(
            "PAYMENT_GATEWAY=stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS."
        )
    found = STRIPE_KEY.fullmatch(key)
    mode = found["mode"] if found else None
    if key and mode is None:
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY is a secret or restricted key: sk_test_…, sk_live_…, rk_test_… or"
            " rk_live_…"
        )
    if not all(STRIPE_SECRET.fullmatch(secret) for secret in secrets):
        raise ImproperlyConfigured("Each of STRIPE_WEBHOOK_SECRETS starts with whsec_.")
    if key and (mode == "test") != is_test_school:
        kind = "test" if is_test_school else "live"
        raise ImproperlyConfigured(f"STRIPE_SECRET_KEY is a {mode} key, and this a {kind} school.")
    if base and not is_test_school:
        raise ImproperlyConfigured(
            "STRIPE_API_BASE is for tests: a live school asks Stripe itself."
        )
    test_clock = env("STRIPE_TEST_CLOCK")
    if test_clock and not (is_test_school and STRIPE_CLOCK.fullmatch(test_clock)):
        raise ImproperlyConfigured("STRIPE_TEST_CLOCK is a clock_… of Stripe, in a test school.")
    return {
        "STRIPE_SECRET_KEY": key,
        "STRIPE_TEST_CLOCK": test_clock,
        "STRIPE_WEBHOOK_SECRETS": secrets,
        "STRIPE_API_BASE": base,
        "STRIPE_MODE": mode or "test",
    }


def content_security_policy() -> dict:
    """One fixed policy for every page: nothing inline, nothing from elsewhere, no nonces."""
    return {
        "DIRECTIVES": {
            "default-src": ["'none'"],
            "script-src": ["'self'"],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "font-src": ["'self'"],
            "connect-src": ["'self'"],
            "form-action": ["'self'"],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
            "manifest-src": ["'self'"],
        }
    }
