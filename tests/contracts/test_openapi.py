"""The committed OpenAPI document is the one the school serves, complete and valid."""

import re

import pytest
from django.contrib.admindocs.views import simplify_regex
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from openapi_spec_validator import validate
from rest_framework.views import APIView

from engineroom import openapi
from tests.contracts.house import ROOT, hold
from tests.contracts.routes import own_routes

COMMITTED = ROOT / "docs/reference/openapi.yaml"
VERBS = {"get", "post", "put", "patch", "delete"}
SENTENCE = re.compile(r"[A-Z].{5,}")


@pytest.fixture(scope="module")
def document():
    reset_generator_stats()
    return SchemaGenerator().get_schema(request=None, public=True)


def api_calls() -> set[tuple[str, str]]:
    """(path, verb) of every call that the URLconf serves under /api/v1/ by views of ours."""
    calls = set()
    for route in own_routes():
        view = route.view
        if not (route.pattern.startswith("api/v1/") and isinstance(view, type)):
            continue
        if not issubclass(view, APIView):
            continue
        plain = re.sub(r"(?<!P)<(?:\w+:)?(\w+)>", r"<\1>", route.pattern)
        path = "/" + simplify_regex(plain).strip("/")
        path = path.replace("<", "{").replace(">", "}")
        served = VERBS & set(view.http_method_names)
        calls |= {(path, verb) for verb in served if hasattr(view, verb)}
    return calls


def complaints(document: dict, calls: set) -> list[str]:
    found, ids = [], []
    described = {
        (path, verb): operation
        for path, operations in document["paths"].items()
        for verb, operation in operations.items()
        if verb in VERBS
    }
    found += [
        f"{verb.upper()} {path} is not described" for path, verb in sorted(calls - set(described))
    ]
    for (path, verb), operation in sorted(described.items()):
        name = f"{verb.upper()} {path}"
        ids.append(operation.get("operationId", ""))
        if not operation.get("operationId"):
            found.append(f"{name} has no operationId")
        if not SENTENCE.match(operation.get("summary", "")):
            found.append(f"{name} has no summary")
        if len(operation.get("tags", [])) != 1:
            found.append(f"{name} has no tag, or several")
        if not any(code.startswith("2") for code in operation["responses"]):
            found.append(f"{name} never succeeds")
        if "429" not in operation["responses"]:
            found.append(f"{name} describes no problem")
    found += [
        f"{one} is the id of two operations" for one in sorted(set(ids)) if ids.count(one) > 1
    ]
    return found


def test_every_call_is_described_completely(document):
    hold(complaints(document, api_calls()))


def test_the_document_is_valid(document):
    validate(document)


def test_the_generator_has_nothing_to_complain_about(document):
    hold([*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache])


def test_the_committed_document_is_the_one_that_is_served(document):
    text = OpenApiYamlRenderer().render(document, renderer_context={}).decode()

    assert COMMITTED.read_text() == text, (
        "run `make openapi` and commit docs/reference/openapi.yaml"
    )
    assert openapi.document() == document


def test_an_undescribed_call_is_found():
    document = {
        "paths": {
            "/api/v1/a": {
                "get": {
                    "operationId": "a",
                    "summary": "Read the a.",
                    "tags": ["a"],
                    "responses": {},
                },
                "post": {"responses": {"200": {}, "429": {}}},
            }
        }
    }

    assert complaints(document, {("/api/v1/a", "get"), ("/api/v1/b", "delete")}) == [
        "DELETE /api/v1/b is not described",
        "GET /api/v1/a never succeeds",
        "GET /api/v1/a describes no problem",
        "POST /api/v1/a has no operationId",
        "POST /api/v1/a has no summary",
        "POST /api/v1/a has no tag, or several",
    ]
