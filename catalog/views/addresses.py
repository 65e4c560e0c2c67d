"""What the pages of the catalog share: crumbs, moved addresses, languages."""

from django.conf import settings
from django.http import Http404, HttpResponsePermanentRedirect
from django.utils.encoding import iri_to_uri

from catalog.queries.addresses import new_slug

RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


def direction(locale: str) -> str:
    return "rtl" if locale.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def moved(kind: str, old_slug: str, request):
    """A permanent redirect to the new address, or 404."""
    slug = new_slug(kind, old_slug)
    if slug is None:
        raise Http404
    path = request.path.replace(f"/{old_slug}/", f"/{slug}/", 1)
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(iri_to_uri(path) + (f"?{query}" if query else ""))


def whole(path: str) -> str:
    return settings.SITE_URL + iri_to_uri(path)
