"""Invoices as PDF/UA-1: tagged, with language and title, and with the school's own fonts inside.

The same document gives the same bytes. They are kept in a file by the digest of what they print,
so that a page that asks twice, and any number of machines, each make them once.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import typst
from django.conf import settings

from payments import invoicing

DATA = Path(__file__).parent / "data"
TEMPLATE = DATA / "invoice.typ"
STANDARD = "ua-1"


@cache
def _fonts(*, include_system: bool = False) -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=include_system,
        include_embedded_fonts=True,
        font_paths=[str(DATA / "fonts")],
    )


@cache
def _template_digest(template: Path) -> str:
    fonts = [path.read_bytes() for path in sorted((DATA / "fonts").glob("*.ttf"))]
    return hashlib.sha256(b"\0".join([template.read_bytes(), *fonts])).hexdigest()


def name_of(template: Path, words: dict) -> str:
    """The name under which the printed words are kept: SHA-256 of all that decides their bytes."""
    said = json.dumps(words, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{_template_digest(template)}\0{said}".encode()).hexdigest()


def digest(document: dict) -> str:
    return name_of(TEMPLATE, invoicing.printed(document))


def typeset(template: Path, words: dict, *, day: datetime, form: str = "pdf") -> bytes:
    """The words in the form of a Typst template, as `pdf` or `png` (its first page), dated that day.
    Takes about a tenth of a second.

    Letters that no font at hand has would break the promises of PDF/UA-1: such a document is
    printed with the machine's fonts as well and without naming the standard.
    """
    try:
        return _compile(template, words, form, day, [STANDARD], include_system=False)
    except typst.TypstError:
        return _compile(template, words, form, day, [], include_system=True)


def render(document: dict, *, form: str = "pdf") -> bytes:
    """The invoice or credit note; see `typeset`."""
    day = datetime.fromisoformat(document["issued_on"]).replace(tzinfo=ZoneInfo("UTC"))
    return typeset(TEMPLATE, invoicing.printed(document), day=day, form=form)


def _compile(
    template: Path,
    words: dict,
    form: str,
    day: datetime,
    standards: list[str],
    *,
    include_system: bool,
) -> bytes:
    made = typst.compile(
        str(template),
        root=str(template.parent),
        font_paths=_fonts(include_system=include_system),
        format=form,
        sys_inputs={"document": json.dumps(words, ensure_ascii=False)},
        pdf_standards=standards if form == "pdf" else [],
        timestamp=day,
    )
    return made[0] if isinstance(made, list) else made


def _place(name: str) -> Path:
    return settings.DATA_DIR / "invoices" / name[:2] / f"{name}.pdf"


def pdf(document: dict) -> bytes:
    """The PDF, from its file when it was made before. No transaction may be open: it takes a while."""
    return kept(_place(digest(document)), lambda: render(document))


def kept(place: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; what `make` makes when there is none, which is then kept there."""
    try:
        return place.read_bytes()
    except OSError:  # not made yet, or a disk that cannot be read
        made = make()
        _keep(place, made)
        return made


def _keep(place: Path, made: bytes) -> None:
    """Whole or not at all. A full disk keeps nobody from the answer."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(made)
        Path(name).replace(place)
    except OSError:
        return
