"""Which addresses are the school's own."""

from urllib.parse import urlsplit

from django.conf import settings


def is_ours(url: str) -> bool:
    here, there = urlsplit(settings.SITE_URL), urlsplit(url)
    return (there.scheme, there.netloc) == (here.scheme, here.netloc)
