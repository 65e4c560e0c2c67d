"""Lessons and projects of drafts."""

from django.contrib import admin

from catalog.actions.items import delete_item, save_item
from catalog.admin.forms import LessonForm, ProjectForm
from catalog.admin.rows import DraftRowAdmin
from catalog.models import Lesson, Project


class ItemAdmin(DraftRowAdmin):
    list_display = ["title", "edition", "key", "is_open", "problem"]
    list_select_related = ["edition"]
    list_filter = ["edition__state", "is_open", ("problem", admin.EmptyFieldListFilter)]
    search_fields = ["title", "key", "edition__title"]
    autocomplete_fields = ["edition", "module"]
    readonly_fields = ["problem"]
    ordering = ["-pk"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("edition", "module")

    @admin.display(description="Text")
    def source(self, obj):
        """Shown where the page is only for reading."""
        return obj.body.source if obj.body_id else ""

    def act_save(self, request, obj, form, change):
        return save_item(item=obj, actor=request.user, source=form.cleaned_data["source"])

    def act_delete(self, request, obj):
        delete_item(item=obj, actor=request.user)


@admin.register(Lesson)
class LessonAdmin(ItemAdmin):
    form = LessonForm
    fields = [*LessonForm.Meta.fields, "source", "problem"]


@admin.register(Project)
class ProjectAdmin(ItemAdmin):
    form = ProjectForm
    fields = [*ProjectForm.Meta.fields, "source", "problem"]
