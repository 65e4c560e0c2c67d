"""Actions on the chosen rows of an admin list ask once more before they change anything."""

from collections.abc import Callable
from functools import wraps

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse

MOST_SHOWN = 50


def asks(
    question: str,
    *,
    description: str,
    permissions: list[str] | None = None,
    shown: Callable[..., str] = str,
):
    """Make a method (admin, request, queryset) an action that first shows the chosen rows with
    `question`, and runs once that page was confirmed.

    What is confirmed is a number of rows: when there are more or fewer by then, it asks anew.
    `shown` says what a row is called on the page.
    """

    def made(act):
        @wraps(act)
        def asking(self, request, queryset):
            count = queryset.count()
            if request.POST.get("confirmed") == str(count):
                return act(self, request, queryset)
            context = {
                **self.admin_site.each_context(request),
                "title": description,
                "opts": self.opts,
                "question": question,
                "count": count,
                "rows": [shown(row) for row in queryset[:MOST_SHOWN]],
                "more": max(0, count - MOST_SHOWN),
                "action": request.POST.get("action", "")[:100],
                "is_all": request.POST.get("select_across") == "1",
                "box": ACTION_CHECKBOX_NAME,
                "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            }
            return TemplateResponse(request, "admin/engineroom/ask.html", context)

        asking.asks_once_more = True
        return admin.action(asking, description=description, permissions=permissions)

    return made
