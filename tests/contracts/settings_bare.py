"""People and the engine room alone, below everything else."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [
    name
    for name in INSTALLED_APPS  # noqa: F405
    if name not in {"catalog", "payments", "learning", "config.apps.ConfigConfig"}
]
ROOT_URLCONF = "tests.contracts.urls_bare"
# The name of a list of choices that the catalog has.
SPECTACULAR_SETTINGS = {**SPECTACULAR_SETTINGS, "ENUM_NAME_OVERRIDES": {}}  # noqa: F405
