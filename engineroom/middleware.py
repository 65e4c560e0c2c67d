"""Request ids, roles, refusals, and one log line a request."""

import logging
import re
import time

from django.conf import settings
from django.db import DataError
from django.http import HttpResponse, HttpResponseNotFound

from engineroom import ids, logs
from engineroom.problems import problem_response
from engineroom.refusals import Refusal
from engineroom.views import DATABASE_LOST, bad_request, error_page, refused, unavailable

GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = logging.getLogger("engineroom.requests")
ROLE_OF_PREFIX = (("/admin/", "admin"), ("/api/", "api"), ("/webhooks/", "webhooks"))
SECRET_PARTS = {"token", "uidb36", "code", "signature"}
ALWAYS = ("/healthz", "/readyz", "/static/", "/favicon.ico")


def role_of(path: str) -> str | None:
    """Which role serves the path; None for what every process answers."""
    if path.startswith(ALWAYS):
        return None
    return next((role for prefix, role in ROLE_OF_PREFIX if path.startswith(prefix)), "pages")


def plain_path(request) -> str:
    """The path for the log, without the parts that open something by being known."""
    match = getattr(request, "resolver_match", None)
    path = request.path
    for name, value in match.captured_kwargs.items() if match else ():
        if name in SECRET_PARTS or (name == "key" and ":" in str(value)):
            path = path.replace(str(value), f"<{name}>")
    return path


class RequestIdMiddleware:
    """Gives each request an id, times it, logs it. A well-formed X-Request-ID is kept."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if GIVEN_ID.fullmatch(given) else ids.public_id("req")
        token = logs.enter_request(request.request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            took = (time.perf_counter() - started) * 1000
            response["X-Request-ID"] = request.request_id
            response["Server-Timing"] = f"app;dur={took:.1f}"
            log.info(
                "request",
                extra={
                    "method": request.method,
                    "path": plain_path(request),
                    "status": response.status_code,
                    "duration_ms": round(took, 1),
                },
            )
            return response
        finally:
            logs.leave_request(token)


class RolesMiddleware:
    """A process serves the roles it was given; every other address does not exist there."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        role = role_of(request.path)
        if role and role not in settings.ROLES:
            return HttpResponseNotFound("Not found.\n", content_type="text/plain")
        return self.get_response(request)


class PlainTextMiddleware:
    """Addresses and queries with NUL characters are nobody's: no database text can hold them."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return bad_request(request)
        return self.get_response(request)


class RefusalMiddleware:
    """What no view caught: a refusal becomes a page that says why, a lost database a polite 503.
    OPTIONS, which pages leave alone, is answered with what they allow."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.method == "OPTIONS" and response.status_code == 405 and "Allow" in response:
            return HttpResponse(
                status=204,
                headers={"Allow": f"{response['Allow']}, OPTIONS", "Cache-Control": "no-store"},
            )
        if response.status_code == 405 and not response.streaming and not response.content:
            said = error_page(request, 405, "This address only answers other kinds of request.")
            said["Allow"] = response.get("Allow", "")
            return said
        return response

    def process_exception(self, request, error):
        is_api = request.path.startswith("/api/")
        if isinstance(error, Refusal):
            return problem_response(request, error) if is_api else refused(request, error)
        if isinstance(error, DATABASE_LOST):
            return unavailable(request)
        if isinstance(error, DataError | OverflowError):
            # A value that no column holds, past every check: the asker's fault, and ours to look at.
            log.warning("A value did not fit into the database.", exc_info=error)
            return bad_request(request)
        return None
