"""What every template may know."""

from datetime import datetime

from django.conf import settings

from engineroom import clock
from engineroom.pages import MESSAGES_COOKIE, visitor_state

THEMES = ("auto", "light", "dark")


def theme_of(request) -> str:
    theme = request.COOKIES.get("theme", "auto")
    return theme if theme in THEMES else "auto"


def _moved_clock() -> datetime | None:
    """The school's time when a test school's clock was moved; None in every other school."""
    return clock.now() if settings.TEST_SCHOOL and clock.ahead() else None


def school(request) -> dict:
    """`viewer` is the signed-in person or None. A request without a session is never looked up."""

    def viewer():
        if not visitor_state(request) or not hasattr(request, "user"):
            return None
        return request.user if request.user.is_authenticated else None

    return {
        "school_name": settings.SCHOOL_NAME,
        "site_url": settings.SITE_URL,
        "canonical_url": settings.SITE_URL + request.path,
        "theme": theme_of(request),
        "viewer": viewer,
        "has_messages": MESSAGES_COOKIE in request.COOKIES or hasattr(request, "_new_messages"),
        "show_test_banner": settings.SHOW_TEST_BANNER,
        "moved_clock": _moved_clock,
    }
