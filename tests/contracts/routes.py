"""Every route of the URLconf, with its full name and its view."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.urls import URLPattern, URLResolver

# Views of installed packages: their code is theirs, the doors around them are ours.
PACKAGES = ("allauth.", "django.")


@dataclass(frozen=True)
class Route:
    """One address pattern. `name` carries its namespaces; `view` is the class or the function."""

    name: str
    pattern: str
    callback: object

    @property
    def view(self):
        callback = self.callback
        return getattr(callback, "view_class", None) or getattr(callback, "cls", None) or callback

    @property
    def is_packaged(self) -> bool:
        return self.view.__module__.startswith(PACKAGES) or self.name.startswith("admin:")


def _walk(patterns, prefix="", namespace=""):
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = ":".join(part for part in (namespace, entry.namespace) if part)
            yield from _walk(entry.url_patterns, route, inner)
        elif isinstance(entry, URLPattern):
            name = ":".join(part for part in (namespace, entry.name or "") if part)
            yield Route(name, route, entry.callback)


def routes(urlconf: str | None = None) -> list[Route]:
    """All routes, in the order in which Django tries them."""
    return list(_walk(import_module(urlconf or settings.ROOT_URLCONF).urlpatterns))


def own_routes(urlconf: str | None = None) -> list[Route]:
    """The routes whose views are ours."""
    return [route for route in routes(urlconf) if not route.is_packaged]
