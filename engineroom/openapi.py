"""The OpenAPI document of the API: what the schema generator cannot see is added here."""

import threading

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.hooks import postprocess_schema_enums
from drf_spectacular.settings import spectacular_settings
from rest_framework.permissions import AllowAny

from engineroom import slots
from engineroom.problems import CONTENT_TYPE, TITLES
from engineroom.refusals import Refusal

UNSAFE = {"post", "put", "patch", "delete"}
PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457). `code` is stable, the texts are not.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Address of the code's explanation."},
        "title": {"type": "string", "description": "What kind of error this is."},
        "status": {"type": "integer", "description": "The HTTP status again."},
        "code": {"type": "string", "description": "The stable name of the error."},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "request_id": {"type": "string", "description": "Name it when you report the error."},
        "errors": {
            "type": "array",
            "description": "The fields at fault.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A name of your choice for this call. Sent again within 24 hours it gets the"
    " same answer and has no second effect.",
}
DOCUMENTED = {400, 401, 403, 404, 409, 422, 429}
_lock = threading.Lock()
_documents: dict[str, dict] = {}


class BearerScheme(OpenApiAuthenticationExtension):
    """Describes the one bearer that the API accepts, whichever class reads it."""

    target_class = settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"][0]
    name = "bearer"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The access token of a device, from the sign-in flow.",
        }


def name_choices(result, generator, request, public):
    """Postprocessing hook: lists of choices get the names that the apps give them."""
    names = slots.gather("developers.choices")
    spectacular_settings.ENUM_NAME_OVERRIDES = dict(pair for part in names for pair in part.items())
    return postprocess_schema_enums(result, generator, request=request, public=public)


def complete(result, generator, request, public):
    """Postprocessing hook: problem answers, idempotency keys, and flows that packages serve."""
    views = {
        (path, method.lower()): view
        for path, _regex, method, view in generator._get_paths_and_endpoints()
    }
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation, views.get((path, method)))
    for paths in slots.gather("developers.paths"):
        result["paths"].update(paths)
    result["paths"] = dict(sorted(result["paths"].items()))
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {
        f"Problem{status}": {
            "description": TITLES[status],
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted(DOCUMENTED)
    }
    return result


def _complete_operation(path, method, operation, view) -> None:
    parameters = operation.setdefault("parameters", [])
    is_unsafe = method in UNSAFE
    if (
        is_unsafe
        and getattr(view, "keeps_answers", True)
        and all(parameter.get("name") != "Idempotency-Key" for parameter in parameters)
    ):
        required = bool(getattr(view, "needs_idempotency_key", False))
        parameters.append({**KEY_PARAMETER, "required": required})
    if not parameters:
        del operation["parameters"]
    statuses = {429}
    if is_unsafe or any(parameter["in"] == "query" for parameter in parameters):
        statuses.add(400)
    if is_unsafe:
        statuses |= {409, 422}
    if "{" in path:
        statuses.add(404)
    if view is not None and AllowAny not in view.permission_classes:
        statuses |= {401, 403}
    for status in sorted(statuses):
        operation["responses"].setdefault(
            str(status), {"$ref": f"#/components/responses/Problem{status}"}
        )


def document() -> dict:
    """The document as plain data, made once per process."""
    with _lock:
        if settings.ROOT_URLCONF not in _documents:
            schema = SchemaGenerator().get_schema(request=None, public=True)
            _documents[settings.ROOT_URLCONF] = schema
        return _documents[settings.ROOT_URLCONF]


def problem_codes() -> list[tuple[str, int, str]]:
    """Every stable code with its status and its sentence, by name."""
    found = {
        "not_found": (404, "There is nothing at this address."),
        "not_authenticated": (401, "The call needs a bearer token."),
        "authentication_failed": (401, "The bearer token is unknown, expired or revoked."),
        "permission_denied": (403, "The token's person may not do this."),
        "method_not_allowed": (405, "The address does not answer this method."),
        "not_acceptable": (406, "The API answers in JSON only."),
        "unsupported_media_type": (415, "The API reads JSON only."),
        "parse_error": (400, "The body is not readable JSON."),
        "bad_request": (400, "The request could not be read."),
        "server_error": (500, "Something broke on our side; it has been written down."),
        "unavailable": (503, "The school is not reachable for a moment; try again."),
    }
    waiting = [Refusal]
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        # Planted and test classes stand outside the installed rooms.
        if refusal is not Refusal and not refusal.__module__.startswith("tests."):
            found.setdefault(refusal.code, (refusal.status, refusal.message))
    return sorted((code, status, text) for code, (status, text) in found.items())
