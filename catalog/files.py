"""Pictures of courses: checked by content, cleaned, stored once per digest."""

import io
import re
import unicodedata
import warnings
from hashlib import sha256
from pathlib import PurePosixPath

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.core.files.base import ContentFile as Bytes
from PIL import Image, ImageOps

from catalog.models import ContentFile
from catalog.refusals import BadPicture, TooLarge
from catalog.svg import SVG_TYPE, broken_rule, size_of, written

MAX_BYTES = 12_000_000
MAX_SVG_BYTES = 1_000_000
MAX_PIXELS = 40_000_000
MAX_SIDE = 20_000
KINDS = {
    "PNG": ("image/png", ".png"),
    "JPEG": ("image/jpeg", ".jpg"),
    "GIF": ("image/gif", ".gif"),
    "WEBP": ("image/webp", ".webp"),
}


def store_file(name: str, data: bytes, media_type: str | None = None) -> ContentFile:
    """The row of a picture, made on first sight. The type comes from the content, never the name.

    Raises BadPicture or TooLarge. `media_type`, when given, must be what the content says.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"{_shown(name)} is larger than {MAX_BYTES // 1_000_000} MB.")
    if not data:
        raise BadPicture(f"{_shown(name)} is empty.")
    data, kind, ending, size = _svg(name, data) if _is_markup(data) else _raster(name, data)
    if media_type and media_type != kind:
        raise BadPicture(f"{_shown(name)} is {kind}, not {media_type}.")
    digest = sha256(data).hexdigest()
    if found := ContentFile.objects.filter(digest=digest).first():
        return found
    row = ContentFile(
        digest=digest,
        name=safe_name(name, ending),
        media_type=kind,
        size=len(data),
        width=size[0],
        height=size[1],
    )
    path = f"content/{digest[:2]}/{digest}{ending}"
    storage = row.file.storage
    # Written before the row: a rollback may leave a file without a row, never the reverse.
    if storage.exists(path) and storage.size(path) != len(data):
        storage.delete(path)
    row.file.name = path if storage.exists(path) else storage.save(path, Bytes(data))
    made, _ = ContentFile.objects.get_or_create(
        digest=digest,
        defaults={
            field: getattr(row, field)
            for field in ("name", "media_type", "size", "width", "height", "file")
        },
    )
    return made


def safe_name(name: str, ending: str) -> str:
    """The last part of the name: letters, digits and hyphens of any script, and the true ending."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    stem = unicodedata.normalize("NFKC", stem)
    stem = re.sub(r"[^\w-]+", "-", stem).strip("-_")[:80]
    return (stem or "picture") + ending


def _shown(name: str) -> str:
    return (
        re.sub(r"[\x00-\x1f]", "?", PurePosixPath(name.replace("\\", "/")).name)[:80] or "The file"
    )


def _is_markup(data: bytes) -> bool:
    return data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _svg(name, data):
    if len(data) > MAX_SVG_BYTES:
        raise TooLarge(f"{_shown(name)} is larger than {MAX_SVG_BYTES // 1_000_000} MB.")
    try:
        root = fromstring(data)  # entities and external references are refused
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise BadPicture(f"{_shown(name)} is not a well-formed SVG picture.") from error
    if rule := broken_rule(root):
        raise BadPicture(f"{_shown(name)} cannot be shown: {rule}")
    return written(root), SVG_TYPE, ".svg", size_of(root)


def _raster(name, data):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(KINDS)) as probe:
                width, height, kind = probe.width, probe.height, probe.format
                if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
                    raise TooLarge(
                        f"{_shown(name)} has more than {MAX_PIXELS // 10**6} megapixels."
                    )
                probe.verify()
            if kind == "JPEG":
                data, width, height = _without_exif(data, width, height)
    except TooLarge:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge(f"{_shown(name)} has too many pixels.") from error
    except Exception as error:  # Pillow's plugins raise what their format likes
        raise BadPicture(f"{_shown(name)} is not a PNG, JPEG, GIF, WebP or SVG picture.") from error
    media_type, ending = KINDS[kind]
    return data, media_type, ending, (width, height)


def _without_exif(data, width, height):
    """Place and device of a photograph stay at home. Pictures that tell none stay as they are."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
        if (
            not picture.getexif()
            and not picture.info.get("xmp")
            and not picture.info.get("comment")
        ):
            return data, width, height
        upright = ImageOps.exif_transpose(picture)
        out = io.BytesIO()
        profile = {"icc_profile": icc} if (icc := picture.info.get("icc_profile")) else {}
        upright.save(out, "JPEG", quality=90, exif=b"", **profile)
        return out.getvalue(), upright.width, upright.height
