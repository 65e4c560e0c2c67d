"""System checks of our own."""

from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages

from engineroom.throttles import is_exact


@register()
def counters_are_atomic(app_configs, **kwargs):
    if is_exact():
        return []
    return [
        Error(
            "The throttles need a counter store that is atomic across processes.",
            hint="Leave CACHE_URL empty (embedded store) or point it at a Redis server.",
            id="engineroom.E001",
        )
    ]


@register()
def files_have_a_place(app_configs, **kwargs):
    try:
        storages["default"]  # made at its first use, which should not be somebody's upload
    except (InvalidStorageError, TypeError, ValueError, ImproperlyConfigured) as error:
        return [
            Error(
                f"The storage for files cannot be used: {error}",
                hint="Look at FILE_STORAGE and FILE_STORAGE_OPTIONS; is its package installed?",
                id="engineroom.E002",
            )
        ]
    return []
