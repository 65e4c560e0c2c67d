"""Files may lie in a storage that is no folder: it is named by a setting and read through."""

import pytest
from django.core.files.storage import default_storage

from catalog.files import store_file
from engineroom.checks import files_have_a_place
from tests.catalog.test_file_ranges import body, get, picture
from tests.factories.catalog import make_course, make_cover

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored_in(settings):
    def choose(backend: str, **options) -> None:
        place = {"BACKEND": backend, "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "default": place}

    return choose


def test_a_picture_is_kept_there_and_answered_by_the_school(stored_in, client):
    stored_in("django.core.files.storage.InMemoryStorage")
    data = picture()
    row = store_file("noise.png", data)
    make_cover(make_course(), image=row)

    assert default_storage.exists(row.file.name)
    assert body(get(client, row)) == data
    part = get(client, row, Range="bytes=10-19")
    assert (part.status_code, body(part)) == (206, data[10:20])


def test_what_is_lost_there_is_not_found(stored_in, client):
    stored_in("django.core.files.storage.InMemoryStorage")
    row = store_file("noise.png", picture())
    make_cover(make_course(), image=row)
    default_storage.delete(row.file.name)

    assert get(client, row).status_code == 404


@pytest.mark.parametrize(
    ("backend", "options"),
    [("storages.backends.nowhere.Storage", {}), ("django.core.files.storage.Storage", {"a": 1})],
)
def test_a_storage_that_cannot_be_used_is_told_by_the_checks(stored_in, backend, options):
    stored_in(backend, **options)

    (error,) = files_have_a_place(None)
    assert error.id == "engineroom.E002"


def test_the_storage_that_is_used_passes_the_checks():
    assert files_have_a_place(None) == []
