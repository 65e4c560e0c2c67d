"""Certificates as PDF/UA-1, one sheet of A4 in landscape: tagged, with language, title and the
school's own fonts inside. The same certificate gives the same bytes."""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from learning import wording
from learning.models import Certificate
from learning.pictures import qr_svg
from learning.rosettes import INK, rosette_svg
from payments import printing

TEMPLATE = Path(__file__).parent / "data" / "certificate.typ"


def day(moment) -> str:
    return f"{moment.day} {moment:%B %Y}"


def words_of(certificate: Certificate) -> dict:
    """What is printed, as plain values."""
    address = settings.SITE_URL + certificate.get_absolute_url()
    site = urlsplit(settings.SITE_URL).netloc
    return {
        "school": settings.SCHOOL_NAME,
        "number": certificate.number,
        "name": certificate.name,
        "size": wording.name_size(certificate.name),
        "title": certificate.title,
        "verb": wording.verb(certificate.facts),
        "sentence": wording.sentence(certificate.facts),
        "edition": certificate.edition_number,
        "teachers": certificate.facts.get("teachers", []),
        "issued": day(certificate.issued_at),
        "expires": day(certificate.expires_at) if certificate.expires_at else "",
        "check": f"{site}/certificates",
        "address": address,
        "qr": qr_svg(address),
        "rosette": rosette_svg(certificate.number, ink=INK),
    }


def render(certificate: Certificate, *, form: str = "pdf") -> bytes:
    """As `pdf` or `png`."""
    words = words_of(certificate)
    return printing.typeset(TEMPLATE, words, day=certificate.issued_at, form=form)


def pdf(certificate: Certificate) -> bytes:
    """The PDF, from its file when it was made before. No transaction may be open: it takes a while."""
    name = printing.name_of(TEMPLATE, words_of(certificate))
    place = settings.DATA_DIR / "certificates" / name[:2] / f"{name}.pdf"
    return printing.kept(place, lambda: render(certificate))
