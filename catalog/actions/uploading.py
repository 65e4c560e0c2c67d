"""Uploaded packages wait between the look at their report and the import itself."""

from datetime import timedelta

from django.core import signing
from django.core.files.storage import default_storage

from catalog.importers.refusals import PackageRefused
from engineroom import clock, ids

FOLDER = "imports"
LIFETIME = timedelta(hours=1)
MAX_UPLOAD = 150_000_000
SALT = "catalog.package"
GONE = "The package is no longer here. Upload it again."


def keep_package(*, upload, actor, options: dict) -> str:
    """Store the upload under a name nobody can guess. Returns a sealed ticket for `actor` that
    also carries the options; it is good for LIFETIME. Raises PackageRefused when it is too large."""
    if upload.size > MAX_UPLOAD:
        raise PackageRefused(f"The package is larger than {MAX_UPLOAD // 1_000_000} MB.")
    discard_expired_packages()
    upload.seek(0)
    stored = default_storage.save(f"{FOLDER}/{ids.random_id('package')}.zip", upload)
    return signing.dumps({"stored": stored, "actor": actor.pk, "options": options}, salt=SALT)


def kept_package(*, ticket: str, actor) -> tuple[object, dict]:
    """(open file, options) of the actor's own ticket. Raises PackageRefused for every other one."""
    place = _place(ticket, actor)
    try:
        return default_storage.open(place["stored"]), place["options"]
    except OSError:
        raise PackageRefused(GONE) from None


def discard_package(*, ticket: str, actor) -> None:
    default_storage.delete(_place(ticket, actor)["stored"])


def discard_expired_packages() -> int:
    """Delete what nobody confirmed in time; returns how many there were."""
    try:
        _, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    count = 0
    for name in names:
        path = f"{FOLDER}/{name}"
        try:
            is_old = default_storage.get_modified_time(path) < clock.now() - LIFETIME
        except OSError:  # somebody else has just taken it away
            continue
        if is_old:
            default_storage.delete(path)
            count += 1
    return count


def _place(ticket: str, actor) -> dict:
    try:
        place = signing.loads(ticket, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        raise PackageRefused(GONE) from None
    if place["actor"] != actor.pk:
        raise PackageRefused(GONE)
    return place
