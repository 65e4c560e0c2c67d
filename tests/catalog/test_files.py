"""Pictures are told by content, cleaned and stored once."""

import io

import pytest
from PIL import Image

from catalog.files import store_file
from catalog.models import ContentFile
from catalog.refusals import BadPicture, TooLarge

pytestmark = pytest.mark.django_db
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' viewBox="0 0 4 3">{}</svg>'
)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture(kind="PNG", size=(4, 3), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type", "ending"),
    [
        ("PNG", "image/png", ".png"),
        ("JPEG", "image/jpeg", ".jpg"),
        ("GIF", "image/gif", ".gif"),
        ("WEBP", "image/webp", ".webp"),
    ],
)
def test_the_content_decides_the_type(kind, media_type, ending):
    row = store_file("Some name.exe", picture(kind))

    assert (row.media_type, row.name) == (media_type, f"Some-name{ending}")
    assert (row.width, row.height) == (4, 3)
    with row.file.open() as handle:
        assert handle.read() == picture(kind)


def test_the_same_bytes_are_stored_once(tmp_path):
    first, second = store_file("a.png", picture()), store_file("b.png", picture())

    assert first == second
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_photograph_loses_its_place():
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    row = store_file("a.jpg", picture("JPEG", exif=exif))

    with row.file.open() as handle:
        assert b"Secret" not in handle.read()


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<path onload='alert(1)'/>",
        "<a href='https://example.com'><path d='M0 0'/></a>",
        "<use xlink:href='https://example.com/x.svg#a'/>",
        "<image href='https://example.com/x.png'/>",
        "<image href='data:image/svg+xml;base64,AAAA'/>",
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>",
        "<style>@import url(https://example.com/x.css)</style>",
        "<style>path{fill:u\\72l(https://example.com)}</style>",
        "<path style='fill:url(//example.com/x)'/>",
        "<animate attributeName='href' values='javascript:alert(1)'/>",
        "<set attributeName='onload' to='alert(1)'/>",
    ],
)
def test_a_drawing_that_acts_or_loads_is_refused(inside):
    with pytest.raises(BadPicture):
        store_file("a.svg", SVG.format(inside).encode())

    assert not ContentFile.objects.exists()


def test_a_drawing_is_written_anew():
    head = "<?xml version='1.0'?><?xml-stylesheet href='https://example.com/x.css'?><!-- c -->"
    row = store_file("a.svg", (head + SVG.format("<path d='M0 0'/>")).encode())

    with row.file.open() as handle:
        assert b"stylesheet" not in handle.read()
    assert (row.width, row.height) == (4, 3)


BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<html><body>x</body></html>",
        b"<svg",
        (BOMB + SVG.format("<text>&b;</text>")).encode(),
        picture()[:40],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"GIF89a" + b"\xff" * 20,
        b"%PDF-1.4",
        b"II*\0" + b"\0" * 100,
    ],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(BadPicture):
        store_file("a.png", data)

    assert not ContentFile.objects.exists()


def test_too_many_pixels_are_refused():
    with pytest.raises(TooLarge):
        store_file("a.png", picture(size=(21_000, 10)))

    assert not ContentFile.objects.exists()


def test_another_type_than_announced_is_refused():
    with pytest.raises(BadPicture):
        store_file("a.png", picture(), "image/gif")
