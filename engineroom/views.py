"""Doors that belong to no room of the school: health, errors, the theme."""

import json
import logging
import sys

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from engineroom import outbox
from engineroom.budgets import budget
from engineroom.context import THEMES
from engineroom.problems import CONTENT_TYPE, problem

DATABASE_LOST = (OperationalError, InterfaceError)
log = logging.getLogger(__name__)


@budget(20)
@require_safe
def healthz(request):
    """The process is up. Touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@budget(100)
@require_safe
def readyz(request):
    """Whether this process can do its work: the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        state = {"database": "ok", "outbox_lag_seconds": round(outbox.lag_seconds(), 1)}
        status = 200
    except DatabaseError:
        state, status = {"database": "unavailable"}, 503
    return JsonResponse(state, status=status, headers={"Cache-Control": "no-store"})


@budget(50)
@csrf_exempt  # guarded by origin instead: shared pages hold no token
@require_POST
def set_theme(request):
    """Remember the color theme for a year. Only our own pages may ask."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.get_host()}"
    if site not in (None, "same-origin") or (origin and origin not in (own, settings.SITE_URL)):
        return error_page(request, 403, "The theme can only be set from the school's own pages.")
    theme = request.POST.get("theme", "auto")
    back = request.headers.get("Referer", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    if theme in THEMES:
        response.set_cookie(
            "theme",
            theme,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.IS_HTTPS,
            httponly=True,
        )
    return response


def _wants_problem(request) -> bool:
    return request.path.startswith("/api/")


def error_page(request, status: int, message: str, code: str = "error"):
    """An error in the form the asker reads: a page, or a problem document."""
    if _wants_problem(request):
        return HttpResponse(
            json.dumps(problem(status, code, message, request)),
            status=status,
            content_type=CONTENT_TYPE,
        )
    context = {"status": status, "message": message}
    template = f"errors/{status}.html" if status in (404, 429) else "errors/refused.html"
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def refused(request, refusal):
    """A refusal that no form caught."""
    response = error_page(request, refusal.status, refusal.message, refusal.code)
    if "retry_after" in refusal.details:
        response["Retry-After"] = str(refusal.details["retry_after"])
    return response


def unavailable(request):
    """The database does not answer: say so without needing it."""
    log.error("The database does not answer.", exc_info=True)
    if _wants_problem(request):
        body = json.dumps(
            problem(503, "unavailable", "The school is not reachable. Try again.", request)
        )
        response = HttpResponse(body, status=503, content_type=CONTENT_TYPE)
    else:
        page = render_to_string("errors/503.html", {"school_name": settings.SCHOOL_NAME})
        response = HttpResponse(page, status=503)
    response["Retry-After"] = "5"
    response["Cache-Control"] = "no-store"
    return response


def not_found(request, exception=None):
    return error_page(request, 404, "There is no page at this address.", "not_found")


def forbidden(request, exception=None):
    return error_page(request, 403, "You may not see this page.", "not_allowed")


def bad_request(request, exception=None):
    return error_page(request, 400, "The request could not be read.", "bad_request")


def csrf_failure(request, reason=""):
    return error_page(
        request,
        403,
        "The form was open too long or came from another page. Go back, reload it and send it again.",
        "csrf_failed",
    )


def server_error(request):
    """Rendered without database or session; the log holds the cause under the request's id."""
    # Middleware reads sessions too; what it raises comes here without passing any other door.
    if isinstance(sys.exc_info()[1], DATABASE_LOST):
        return unavailable(request)
    request_id = getattr(request, "request_id", "")
    if _wants_problem(request):
        body = json.dumps(problem(500, "server_error", "The error has been logged.", request))
        return HttpResponse(body, status=500, content_type=CONTENT_TYPE)
    page = render_to_string(
        "errors/500.html", {"school_name": settings.SCHOOL_NAME, "request_id": request_id}
    )
    return HttpResponse(page, status=500)
