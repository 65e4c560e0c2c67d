"""A shop: people and payments, with nothing of the school to sell."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [
    name
    for name in INSTALLED_APPS  # noqa: F405
    if name not in {"catalog", "learning", "config.apps.ConfigConfig"}
]
ROOT_URLCONF = "tests.contracts.urls_shop"
# The name of a list of choices that the catalog has.
SPECTACULAR_SETTINGS = {**SPECTACULAR_SETTINGS, "ENUM_NAME_OVERRIDES": {}}  # noqa: F405
