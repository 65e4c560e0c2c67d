"""Errors of the API: RFC 9457 problem details with a stable `code`."""

import logging

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from engineroom.refusals import Refusal

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "The request is not valid",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Refused",
    410: "No longer there",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    422: "The key was used for another request",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Unavailable for a moment",
}


def problem(status: int, code: str, detail: str, request=None, **members) -> dict:
    """The members of a problem document. `type` is a stable address under /developers/."""
    document = {
        "type": f"/developers/problems/#{code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if request is not None and getattr(request, "request_id", ""):
        document["request_id"] = request.request_id
    return document | members


def _errors(detail, path="") -> list[dict]:
    """DRF's nested error detail as a flat list of {field, code, detail}."""
    if isinstance(detail, dict):
        return [
            error
            for name, inner in detail.items()
            for error in _errors(inner, f"{path}.{name}" if path else str(name))
        ]
    if isinstance(detail, list):
        found = []
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            found += _errors(inner, f"{path}[{index}]" if nested and path else path)
        return found
    field = "" if path == "non_field_errors" else path
    return [{"field": field, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def of_refusal(refusal: Refusal, request=None) -> dict:
    members = {
        "errors": [{"field": refusal.field, "code": refusal.code, "detail": refusal.message}]
    }
    return problem(
        refusal.status,
        refusal.code,
        refusal.message,
        request,
        **(members if refusal.field else {}),
        **refusal.details,
    )


def problem_response(request, refusal: Refusal) -> JsonResponse:
    """For errors outside DRF views."""
    response = JsonResponse(
        of_refusal(refusal, request), status=refusal.status, content_type=CONTENT_TYPE
    )
    if "retry_after" in refusal.details:
        response["Retry-After"] = str(refusal.details["retry_after"])
    return response


def exception_handler(error, context):
    """DRF's EXCEPTION_HANDLER: every error of the API leaves through here."""
    request = getattr(context.get("request"), "_request", None)
    headers = {}
    if isinstance(error, Refusal):
        status, body = error.status, of_refusal(error, request)
        if "retry_after" in error.details:
            headers["Retry-After"] = str(error.details["retry_after"])
    elif isinstance(error, Http404):
        status, body = 404, problem(404, "not_found", "There is nothing at this address.", request)
    elif isinstance(error, PermissionDenied):
        status, body = 403, problem(403, "not_allowed", "You may not do this.", request)
    elif isinstance(error, exceptions.ValidationError):
        status = 400
        body = problem(
            400, "invalid", "Some fields need another look.", request, errors=_errors(error.detail)
        )
    elif isinstance(error, exceptions.APIException):
        status = error.status_code
        code = error.get_codes() if isinstance(error.get_codes(), str) else "invalid"
        body = problem(status, code, str(error.detail), request)
        if header := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait))
    else:
        return None
    set_rollback()
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)
