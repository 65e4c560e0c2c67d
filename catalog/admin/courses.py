"""Courses and editions: drafts are described, previewed, published and withdrawn here."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from catalog.actions import courses as actions
from catalog.actions import modules
from catalog.actions.publishing import publish_edition, withdraw_edition
from catalog.admin.changes import ChangesPage
from catalog.admin.forms import CourseForm
from catalog.admin.rows import DraftRowAdmin, OwnRows, changed_rows
from catalog.models import Course, Edition, Exercise, Lesson, Module, Project
from catalog.queries.people import instructors_named_by
from engineroom.admin import ActionAdmin, TableInline
from engineroom.refusals import Refusal


@admin.register(Course)
class CourseAdmin(ChangesPage, OwnRows, ActionAdmin):
    to_course = "pk"
    form = CourseForm
    change_form_template = "catalog/admin/course_form.html"
    list_display = ["title", "slug", "level", "language", "is_free", "published_at", "lesson_count"]
    list_filter = [
        ("published_edition", admin.EmptyFieldListFilter),
        "level",
        "is_free",
        "language",
    ]
    search_fields = ["title", "slug", "summary"]
    autocomplete_fields = ["topics", "instructors"]
    ordering = ["-pk"]
    fieldsets = [
        ("Course", {"fields": ["slug", "is_free", "topics", "instructors"]}),
        (
            "Draft",
            {
                "fields": [
                    "title",
                    "summary",
                    "level",
                    "language",
                    "description",
                    "outcomes",
                    "requirements",
                ]
            },
        ),
        ("Cover", {"fields": ["palette", "motif", "picture", "removes_picture"]}),
    ]

    def get_urls(self):
        return [
            path(
                "<int:course_id>/publish/",
                self.admin_site.admin_view(self.publish_view),
                name="catalog_course_publish",
            ),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        course = self.get_object(request, object_id)
        extra = {"draft": course.editions.filter(state="draft").first()} if course else {}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def act_save(self, request, obj, form, change):
        data, actor = form.cleaned_data, request.user
        outside = {"topics": data["topics"], "instructors": data["instructors"]}
        if not change:
            named = instructors_named_by(actor, list(data["instructors"]) or None)
            outside["instructors"] = named or []
            course = actions.create_course(
                actor=actor, slug=data["slug"], is_free=data["is_free"], **outside, **form.details()
            )
        else:
            course = Course.objects.get(pk=obj.pk)
            actions.change_whole_course(
                course=course,
                actor=actor,
                slug=data["slug"],
                outside={"is_free": data["is_free"], **outside},
                details=form.details(),
            )
        if {"palette", "motif", "picture", "removes_picture"} & set(form.changed_data):
            picture = data["picture"]
            actions.set_cover(
                course=course,
                actor=actor,
                palette=data["palette"],
                motif=data["motif"],
                picture=(picture.name, picture.read()) if picture else None,
                removes_picture=data["removes_picture"],
            )
        return course

    def act_delete(self, request, obj):
        actions.delete_course(course=obj, actor=request.user)

    def publish_view(self, request, course_id):
        """A page that asks, and the act itself on POST."""
        course = self.get_object(request, str(course_id))
        if course is None:
            raise Http404
        if not self.has_change_permission(request, course):
            raise PermissionDenied
        here = reverse("admin:catalog_course_change", args=[course.pk])
        is_correction = "correction" in (request.POST or request.GET)
        if request.method == "POST":
            try:
                edition = publish_edition(
                    course=course, actor=request.user, is_correction=is_correction
                )
            except Refusal as refusal:
                messages.error(request, refusal.message)
            else:
                messages.success(request, f"Edition {edition.number} is published.")
            return HttpResponseRedirect(here)
        draft = course.editions.filter(state="draft").first()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Publish {course.title}",
            "course": course,
            "draft": draft,
            "is_correction": is_correction,
            "left_out": _problems(draft) if draft else [],
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "catalog/admin/publish.html", context)


def _problems(draft) -> list[tuple[str, str]]:
    """At most 100 (title, problem) of rows that would be left out."""
    found = []
    for model in (Lesson, Exercise, Project):
        rows = model.objects.filter(edition=draft).exclude(problem="")
        found += rows.values_list("title", "problem")[:100]
    return found[:100]


class ModuleInline(TableInline):
    model = Module
    extra = 0
    fields = ["position", "key", "title", "summary"]

    def _is_open(self, request, obj):
        return obj is not None and obj.is_draft and request.user.has_perm("catalog.change_edition")

    def has_add_permission(self, request, obj=None):
        return self._is_open(request, obj)

    def has_change_permission(self, request, obj=None):
        return self._is_open(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self._is_open(request, obj)


@admin.register(Edition)
class EditionAdmin(OwnRows, ActionAdmin):
    to_course = "course"
    change_form_template = "catalog/admin/edition_form.html"
    list_display = ["title", "course", "number", "state", "published_at"]
    list_select_related = ["course"]
    list_filter = ["state", "level", "is_correction"]
    search_fields = ["title", "course__slug", "public_id"]
    ordering = ["-pk"]
    fields = ["course", "state", "number", "title", "public_id", "published_at", "look"]
    readonly_fields = fields
    inlines = [ModuleInline]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    @admin.display(description="Preview")
    def look(self, obj):
        return format_html('<a href="/preview/{}/">Open the preview</a>', obj.public_id)

    def get_urls(self):
        return [
            path(
                "<int:edition_id>/withdraw/",
                self.admin_site.admin_view(self.withdraw_view),
                name="catalog_edition_withdraw",
            ),
            *super().get_urls(),
        ]

    def act_save(self, request, obj, form, change):
        """The details are written on the course's page; only modules change here."""
        return obj

    def act_save_related(self, request, form, formsets, change):
        for formset in formsets:
            kept, deleted = changed_rows(formset, form.instance)
            for module in deleted:
                modules.delete_module(module=module, actor=request.user)
            for module in kept:
                modules.save_module(module=module, actor=request.user)

    def withdraw_view(self, request, edition_id):
        edition = self.get_object(request, str(edition_id))
        if edition is None:
            raise Http404
        if not request.user.has_perm("catalog.change_edition"):
            raise PermissionDenied
        here = reverse("admin:catalog_edition_change", args=[edition.pk])
        if request.method == "POST":
            try:
                withdraw_edition(
                    edition=edition, actor=request.user, reason=request.POST.get("reason", "")
                )
            except Refusal as refusal:
                messages.error(request, refusal.message)
            else:
                messages.success(request, f"Edition {edition.number} is withdrawn.")
            return HttpResponseRedirect(here)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Withdraw {edition}",
            "edition": edition,
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "catalog/admin/withdraw.html", context)


@admin.register(Module)
class ModuleAdmin(DraftRowAdmin):
    list_display = ["title", "edition", "position", "key"]
    list_select_related = ["edition"]
    list_filter = ["edition__state"]
    search_fields = ["title", "key", "edition__title"]
    autocomplete_fields = ["edition"]
    fields = ["edition", "title", "key", "position", "summary"]
    ordering = ["-pk"]

    def act_save(self, request, obj, form, change):
        return modules.save_module(module=obj, actor=request.user)

    def act_delete(self, request, obj):
        modules.delete_module(module=obj, actor=request.user)
