"""OPTIONS says what each address answers, to everybody the same, and opens nothing to other origins."""

import pytest
from django.test import Client
from rest_framework.views import APIView

from tests.contracts.house import hold
from tests.journeys.addresses import every_path

VERBS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
FITTING = {"locale": "de", "digest": "0" * 64, "name": "picture.png", "edition_number": "1"}


def served(view) -> set[str]:
    found = {verb for verb in VERBS if hasattr(view, verb.lower())}
    found &= {name.upper() for name in view.http_method_names}
    return found | ({"HEAD"} if "GET" in found else set())


def is_ours(route, path: str) -> bool:
    """Pages of packages answer as Django makes them; their calls under /api/ stand behind our fence."""
    return path.startswith("/api/") or not (route.is_packaged or route.name.startswith("admin"))


def filled(route, name):
    return "courses" if route.name.endswith("sitemap-part") else FITTING.get(name, "none")


@pytest.mark.django_db
def test_every_address_answers_options():
    found, client = [], Client(raise_request_exception=False)
    asked = [pair for pair in every_path(filled) if is_ours(*pair)]
    for route, path in asked:
        answer = client.options(path, headers={"Origin": "https://evil.example"})
        allowed = set(answer.get("Allow", "").replace(" ", "").split(","))
        if answer.status_code not in (200, 204) or "OPTIONS" not in allowed:
            found.append(f"{route.name}: {answer.status_code} {sorted(allowed)}")
        if any(name.lower().startswith("access-control") for name in answer.headers):
            found.append(f"{route.name} speaks to other origins")
        if path.startswith("/api/") and answer.content:
            found.append(f"{route.name} has a body")

    hold(found)
    assert len(asked) > 90


@pytest.mark.django_db
def test_what_is_allowed_is_what_is_served():
    found, client, count = [], Client(), 0
    for route, path in every_path(filled):
        is_view = isinstance(route.view, type)
        if not (path.startswith("/api/") and is_view):
            continue
        count += 1
        allowed = set(client.options(path)["Allow"].split(", ")) - {"OPTIONS"}
        if allowed != served(route.view):
            found.append(f"{route.name}: {sorted(allowed)}, not {sorted(served(route.view))}")
        for verb in VERBS - {"HEAD"} if issubclass(route.view, APIView) else ():
            status = client.generic(verb, path).status_code
            if (status == 405) and verb in allowed:
                found.append(f"{route.name} does not answer {verb}")

    hold(found)
    assert count > 70
