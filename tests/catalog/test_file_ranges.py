"""Parts of content files: asked for by range, after the right to the whole was checked."""

import io

import pytest
from PIL import Image

from catalog.actions.publishing import publish_edition
from catalog.files import store_file
from catalog.models import ImageReference
from tests.factories.accounts import make_user
from tests.factories.catalog import make_course, make_cover, make_draft, make_lesson

pytestmark = pytest.mark.django_db


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 64), 60).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def data():
    return picture()


@pytest.fixture
def file(data):
    """The picture on an open cover."""
    row = store_file("noise.png", data)
    make_cover(make_course(), image=row)
    return row


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def get(client, file, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(file.get_absolute_url(), headers=named)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("BYTES=10-19", 10, 19),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
        ("bytes=5-999999999999999999", 5, None),
        ("bytes=-999999999", 0, None),
    ],
)
def test_one_range_is_answered_with_that_part(client, file, data, asked, first, last):
    answer = get(client, file, Range=asked)

    begin = first if first >= 0 else len(data) + first
    end = len(data) - 1 if last is None else last
    assert answer.status_code == 206
    assert body(answer) == data[begin : end + 1]
    assert answer["Content-Range"] == f"bytes {begin}-{end}/{len(data)}"
    assert answer["Content-Length"] == str(end - begin + 1)
    assert answer["Content-Type"] == "image/png"
    assert answer["ETag"] == f'"{file.digest}"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "asked",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-5", "bytes=0-1,4-5", "lines=0-1",
        "bytes=0-1-2", "bytes=--5", "bytes=٣-٤", "bytes=" + "9" * 5000 + "-",
    ],
)  # fmt: skip
def test_what_is_no_single_range_gets_the_whole_file(client, file, data, asked):
    answer = get(client, file, Range=asked)

    assert answer.status_code == 200
    assert body(answer) == data
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Length"] == str(len(data))
    assert "Content-Range" not in answer


@pytest.mark.parametrize("asked", ["bytes=1000000-", "bytes=-0", "bytes=999999-1000000"])
def test_a_range_outside_the_file_is_told_its_size(client, file, asked):
    answer = get(client, file, Range=asked)

    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{file.size}"
    assert answer["Cache-Control"] == "no-store"
    assert answer.content == b""


def test_a_part_is_given_only_of_the_file_that_is_known(client, file, data):
    same = get(client, file, Range="bytes=0-3", If_Range=f'"{file.digest}"')
    others = [
        get(client, file, Range="bytes=0-3", If_Range=known)
        for known in ('"another"', f'W/"{file.digest}"', "Wed, 21 Oct 2026 07:28:00 GMT")
    ]

    assert (same.status_code, body(same)) == (206, data[:4])
    assert [answer.status_code for answer in others] == [200] * 3
    assert all(body(answer) == data for answer in others)


def test_a_known_file_is_not_sent_again_for_a_range(client, file):
    answer = get(client, file, Range="bytes=0-3", If_None_Match=f'"{file.digest}"')

    assert answer.status_code == 304


def test_head_tells_of_the_whole_file(client, file):
    answer = client.head(file.get_absolute_url(), headers={"Range": "bytes=0-3"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Length"] == str(file.size)
    assert answer["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=0-3", "bytes=1000000-", "nonsense"])
def test_a_range_opens_nothing_that_is_closed(client, data, asked):
    row, draft = store_file("noise.png", data), make_draft()
    closed = make_lesson(draft)
    ImageReference.objects.create(
        edition=draft, file=row, item_key=closed.key, position=1, alt="Noise"
    )
    publish_edition(course=draft.course, actor=None)

    refused = get(client, row, Range=asked)
    headed = client.head(row.get_absolute_url())
    client.force_login(make_user(is_superuser=True))
    shown = get(client, row, Range="bytes=0-3")

    assert (refused.status_code, headed.status_code) == (404, 404)
    assert "Content-Range" not in refused
    assert (shown.status_code, body(shown)) == (206, data[:4])
    assert shown["Cache-Control"] == "private, no-cache"
