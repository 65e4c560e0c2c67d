"""What differs between two editions, on a page for staff."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_safe

from catalog.models import Course, Edition
from catalog.queries.changes import edition_changes, edition_named
from engineroom.budgets import budget


def _choices(course: Course) -> list[tuple[str, str]]:
    """(value, label) of every edition, the draft first. One query."""
    rows = course.editions.order_by("-number").values_list("number", "state", "published_at")
    numbered = [
        (str(number), f"Edition {number} of {at:%-d %B %Y}{_mark(state)}")
        for number, state, at in rows
        if number is not None
    ]
    has_draft = any(state == Edition.State.DRAFT for _, state, _ in rows)
    return [(Edition.State.DRAFT.value, "Draft")] * has_draft + numbered


def _mark(state: str) -> str:
    return ", withdrawn" if state == Edition.State.WITHDRAWN else ""


class ChangesPage:
    """For the course's admin: `/changes/?from=2&to=draft`, by default what publishing would change."""

    def get_urls(self):
        page = require_safe(self.admin_site.admin_view(self.changes_view))
        return [
            path("<int:course_id>/changes/", budget(300)(page), name="catalog_course_changes"),
            *super().get_urls(),
        ]

    def changes_view(self, request, course_id):
        course = self.get_object(request, str(course_id))
        if course is None:
            raise Http404
        if not self.has_view_permission(request, course):
            raise PermissionDenied
        choices = _choices(course)
        names = [name for name, _ in choices]
        here = course.published_edition
        before = request.GET.get("from") or (str(here.number) if here else names[-1])
        after = request.GET.get("to") or names[0]
        pair = [edition_named(course, name) for name in (before, after)]
        if None in pair:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": f"What changed in {course.title}",
            "course": course,
            "choices": choices,
            "before": before,
            "after": after,
            "labels": [dict(choices)[name] for name in (before, after)],
            "changes": edition_changes(*pair),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "catalog/admin/changes.html", context)
