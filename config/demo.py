"""Opening the demo school: the course folders under demo/ go through the same import as any other."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from engineroom import settings_values

STAMP = "demo.stamp"


def folder() -> Path:
    return settings.BASE_DIR / "demo"


def stamp() -> str:
    """SHA-256 over names and contents of the demo folder."""
    digest = hashlib.sha256()
    for path in sorted(folder().rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder())).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def is_planted() -> bool:
    return settings_values.read(STAMP) == stamp()


def plant() -> None:
    """Import every demo course and topic and publish them. Doing it again changes nothing."""
    with transaction.atomic():
        for course in sorted((folder() / "courses").iterdir()):
            call_command("import_course", str(course), publish=True, verbosity=0)
        call_command("import_course", str(folder() / "topics"), publish=True, verbosity=0)
        settings_values.write(STAMP, stamp())
