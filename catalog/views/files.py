"""Content files at their lasting addresses."""

from django.http import FileResponse, Http404, HttpResponse
from django.views.decorators.http import condition, require_safe

from accounts.queries import bearer_of
from catalog.queries.files import closed_courses_of, courses_using, file_by_digest, is_open_file
from catalog.queries.people import may_preview
from catalog.ranges import Slice, Unsatisfiable, wanted_span
from catalog.svg import SVG_TYPE
from engineroom import slots
from engineroom.budgets import budget
from engineroom.pages import visitor_state

SVG_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
FOR_EVERYBODY = "public, max-age=31536000, immutable"
FOR_ONE = "private, no-cache"


def _tag(request, digest, name):
    """The content never changes under its digest. Asked for only after access was decided."""
    return f'"{digest}"'


@budget(100)
@require_safe
def content_file(request, digest, name):
    """Open files are everybody's for a year; others are looked up for the person at each request.

    A file that the visitor may not open does not exist: 404, whatever part of it is asked for.
    """
    file = file_by_digest(digest)
    if file is None or file.name != name:
        raise Http404
    is_open = is_open_file(file)
    if not is_open and not may_open(request, file):
        raise Http404
    response = condition(etag_func=_tag)(_stream)(request, digest, file)
    response["Cache-Control"] = FOR_EVERYBODY if is_open else FOR_ONE
    if response.status_code == 416:
        response["Cache-Control"] = "no-store"
    if not is_open:
        response["Vary"] = "Authorization, Cookie"
    return response


def _stream(request, digest, file):
    if request.method == "HEAD":
        # A range is defined for GET alone; HEAD tells of the whole file.
        response = HttpResponse(content_type=file.media_type)
        response["Content-Length"] = str(file.size)
    else:
        response = _whole_or_part(request, file)
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    if file.media_type == SVG_TYPE:
        # Set here and not by the middleware, which leaves a policy alone that is already there.
        response["Content-Security-Policy"] = SVG_POLICY
    return response


def _whole_or_part(request, file):
    headers, tag = request.headers, _tag(request, file.digest, file.name)
    try:
        span = wanted_span(headers.get("Range", ""), headers.get("If-Range", ""), tag, file.size)
    except Unsatisfiable:
        response = HttpResponse(status=416, content_type="text/plain; charset=utf-8")
        response["Content-Range"] = f"bytes */{file.size}"
        return response
    try:
        handle = file.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    if span is None:
        response = FileResponse(handle, content_type=file.media_type)
        response["Content-Length"] = str(file.size)
        return response
    response = FileResponse(Slice(handle, span), status=206, content_type=file.media_type)
    response["Content-Length"] = str(span.length)
    response["Content-Range"] = str(span)
    return response


def may_open(request, file) -> bool:
    """Whether this person has a course that uses the file, or works on one."""
    person = _asker(request)
    if person is None:
        return False
    for course in closed_courses_of(file):
        if course.is_free or slots.ask("catalog.may_open", person, course, default=False):
            return True
    return any(may_preview(person, course) for course in courses_using(file))


def _asker(request):
    """Who asks: the session's person on pages, the device's in an app; None when nobody shows."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        device = bearer_of(token.strip())
        return device.person if device else None
    if visitor_state(request) and request.user.is_authenticated:
        return request.user
    return None
