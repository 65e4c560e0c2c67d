"""Exercises of drafts with their questions, options and solutions."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from catalog.actions import items as actions
from catalog.admin.forms import ExerciseForm, QuestionForm, SolutionForm
from catalog.admin.items import ItemAdmin
from catalog.admin.rows import DraftRowAdmin, changed_rows
from catalog.models import Exercise, Option, Question, Solution
from engineroom.admin import TableInline


class DraftInline(TableInline):
    """Editable while the row's edition is a draft."""

    extra = 0

    def is_open(self, request, obj) -> bool:
        edition = getattr(obj, "edition", None) or getattr(
            getattr(obj, "exercise", None), "edition", None
        )
        allowed = request.user.has_perm("catalog.change_exercise")
        return allowed and (obj is None or (edition is not None and edition.is_draft))

    def has_add_permission(self, request, obj=None):
        return self.is_open(request, obj)

    def has_change_permission(self, request, obj=None):
        return self.is_open(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.is_open(request, obj)


class SolutionInline(DraftInline):
    model = Solution
    form = SolutionForm
    fields = ["position", "title", "source"]

    @admin.display(description="Text")
    def source(self, obj):
        return obj.body.source if obj.body_id else ""


class OptionInline(DraftInline):
    model = Option
    fields = ["position", "key", "text", "is_right", "why", "match"]
    ordering = ["position"]


@admin.register(Exercise)
class ExerciseAdmin(ItemAdmin):
    form = ExerciseForm
    list_display = [*ItemAdmin.list_display, "question_count"]
    fields = [*ExerciseForm.Meta.fields, "source", "question_list", "problem"]
    readonly_fields = ["problem", "question_list"]
    inlines = [SolutionInline]

    @admin.display(description="Questions")
    def question_list(self, obj):
        if not obj.pk:
            return "Save the exercise first."
        rows = [
            (
                reverse("admin:catalog_question_change", args=[question.pk]),
                question.prompt[:100],
                question.problem,
            )
            for question in obj.questions.order_by("position")[:200]
        ]
        add = reverse("admin:catalog_question_add") + f"?exercise={obj.pk}"
        return format_html(
            '<ol>{}</ol><a href="{}">Add a question</a>',
            format_html_join("", '<li><a href="{}">{}</a> <strong>{}</strong></li>', rows),
            add,
        )

    def act_save_related(self, request, form, formsets, change):
        for formset in formsets:
            kept, deleted = changed_rows(formset, form.instance)
            sources = {id(each.instance): each.cleaned_data.get("source") for each in formset.forms}
            for solution in deleted:
                actions.delete_solution(solution=solution, actor=request.user)
            for solution in kept:
                actions.save_solution(
                    solution=solution, actor=request.user, source=sources[id(solution)] or ""
                )


@admin.register(Question)
class QuestionAdmin(DraftRowAdmin):
    to_course = "exercise__edition__course"
    form = QuestionForm
    list_display = ["key", "exercise", "kind", "shown", "problem"]
    list_select_related = ["exercise"]
    list_filter = ["exercise__edition__state", "kind", ("problem", admin.EmptyFieldListFilter)]
    search_fields = ["prompt", "key", "exercise__title"]
    raw_id_fields = ["exercise"]
    fields = [*QuestionForm.Meta.fields, "problem"]
    readonly_fields = ["problem"]
    inlines = [OptionInline]
    ordering = ["-pk"]

    @admin.display(description="Question")
    def shown(self, obj):
        return obj.prompt[:80]

    def edition_of(self, obj):
        return obj.exercise.edition

    def act_save(self, request, obj, form, change):
        return actions.save_question(question=obj, actor=request.user)

    def act_save_related(self, request, form, formsets, change):
        """The options as the page shows them, in the order of their positions, all anew."""
        for formset in formsets:
            rows = [
                each.instance
                for each in formset.forms
                if each not in formset.deleted_forms and (each.instance.pk or each.has_changed())
            ]
            if formset.has_changed():
                rows.sort(key=lambda row: row.position or 10_000)
                actions.save_question(question=form.instance, actor=request.user, options=rows)

    def act_delete(self, request, obj):
        actions.delete_question(question=obj, actor=request.user)
