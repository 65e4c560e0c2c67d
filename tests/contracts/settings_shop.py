"""A shop: people and payments, with nothing of the school to sell."""

from tests.settings import *  # noqa: F403 - the same but for what follows

INSTALLED_APPS = [
    name
    for name in INSTALLED_APPS  # noqa: F405 - from the settings above
    if name not in {"catalog", "learning", "config.apps.ConfigConfig"}
]
ROOT_URLCONF = "tests.contracts.urls_shop"
