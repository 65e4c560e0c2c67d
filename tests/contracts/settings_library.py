"""A free library: the school without money and without learning."""

from tests.settings import *  # noqa: F403 - the same but for what follows

INSTALLED_APPS = [
    name
    for name in INSTALLED_APPS  # noqa: F405 - from the settings above
    if name not in {"payments", "learning", "config.apps.ConfigConfig"}
]
ROOT_URLCONF = "tests.contracts.urls_library"
