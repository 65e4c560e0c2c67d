"""The two kinds of page: public ones, the same for everybody, and private ones.

`visitor_state` is true when the request carries a session or a waiting message; only then may a
public page look at who asks, and only then is it not stored by anybody.
"""

from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from engineroom import freshness
from engineroom.budgets import budget

MESSAGES_COOKIE = "messages"


def visitor_state(request) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES or MESSAGES_COOKIE in request.COOKIES


def public_page(*, budget_ms: int = 100, max_age: int = 60):
    """A GET page that needs nobody. Cacheable for `max_age` seconds unless it shows visitor state,
    and never past the next change that its queries know of (see `engineroom.freshness`)."""

    def decorate(view):
        @require_safe
        @wraps(view)
        def wrapped(request, *args, **kwargs):
            with freshness.watched() as watch:
                response = view(request, *args, **kwargs)
            if not response.has_header("Cache-Control"):
                if visitor_state(request) or response.status_code != 200:
                    response["Cache-Control"] = "private, no-store"
                else:
                    response["Cache-Control"] = freshness.cache_control(watch, max_age)
            patch_vary_headers(response, ["Cookie"])
            return response

        return budget(budget_ms)(wrapped)

    return decorate


def private_page(*, budget_ms: int = 100, methods=("GET", "HEAD", "POST")):
    """A page for one signed-in person. Never stored by anybody."""

    def decorate(view):
        @require_http_methods(list(methods))
        @login_required
        @wraps(view)
        def wrapped(request, *args, **kwargs):
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            return response

        return budget(budget_ms)(wrapped)

    return decorate


def open_page(*, budget_ms: int = 100, methods=("GET", "HEAD", "POST")):
    """A page anybody may use that still is not the same for everybody: forms, payments."""

    def decorate(view):
        @require_http_methods(list(methods))
        @wraps(view)
        def wrapped(request, *args, **kwargs):
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            return response

        return budget(budget_ms)(wrapped)

    return decorate
