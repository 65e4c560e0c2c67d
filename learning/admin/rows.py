"""What learners have and do, to look at; the gallery's switch."""

from django.contrib import admin
from django.db import models

from engineroom.admin import GivenFilter, ReadOnlyAdmin
from engineroom.asking import asks
from engineroom.refusals import Refusal
from learning.actions import move_up, show_in_gallery
from learning.models import Answer, Attempt, Completion, Enrollment, Submission


@admin.register(Enrollment)
class EnrollmentAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "person", "course", "edition", "started_at", "seen_at"]
    list_display += ["finished_at"]
    list_select_related = ["person", "course", "edition"]
    list_filter = ["started_at", ("finished_at", GivenFilter)]
    search_fields = ["public_id", "person__email", "course__slug", "course__title"]
    raw_id_fields = ["person", "course", "edition"]
    readonly_fields = ["finished_at", "finished_edition"]
    actions = ["move_up"]

    def has_move_permission(self, request):
        return request.user.has_perm("learning.change_enrollment")

    @asks(
        "Move these learners to the edition on offer? What they finished is carried over by key, and "
        "there is no way back.",
        description="Move up to the edition on offer",
        permissions=["move"],
        shown=lambda place: f"{place.person}: {place.edition}",
    )
    def move_up(self, request, queryset):
        moved = 0
        for place in queryset.select_related("person", "course", "edition"):
            try:
                moved += move_up(enrollment=place, actor=request.user).is_new
            except Refusal as refusal:
                self.message_user(request, f"{place.person}: {refusal.message}", "error")
        self.message_user(request, f"{moved} moved up. Whoever was there already stays.")


@admin.register(Completion)
class CompletionAdmin(ReadOnlyAdmin):
    list_display = ["enrollment", "item_kind", "item_key", "completed_at"]
    list_select_related = ["enrollment"]
    list_filter = ["item_kind", "completed_at"]
    search_fields = ["item_key", "enrollment__public_id", "enrollment__person__email"]
    raw_id_fields = ["enrollment"]


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "enrollment", "exercise_key", "state", "score", "max_score"]
    list_display += ["submitted_at"]
    list_select_related = ["enrollment"]
    list_filter = ["state", "submitted_at"]
    search_fields = ["public_id", "exercise_key", "enrollment__person__email"]
    raw_id_fields = ["enrollment"]


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ["attempt", "question_key", "is_right", "points", "saved_at"]
    list_select_related = ["attempt"]
    list_filter = ["is_right"]
    search_fields = ["question_key", "attempt__public_id"]
    raw_id_fields = ["attempt"]


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    list_display = ["title", "author_name", "course", "project_key", "is_public", "is_hidden"]
    list_display += ["is_sample", "submitted_at"]
    list_select_related = ["course"]
    list_filter = ["is_public", "is_hidden", "is_sample"]
    search_fields = ["title", "author_name", "project_key", "course__slug"]
    raw_id_fields = ["enrollment", "course"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    actions = ["hide", "show"]

    def has_gallery_permission(self, request):
        return request.user.has_perm("learning.change_submission")

    def _switch(self, request, queryset, is_hidden):
        for work in queryset:
            show_in_gallery(work=work, is_hidden=is_hidden, actor=request.user)

    @asks(
        "Hide these works from the gallery?",
        description="Hide from the gallery",
        permissions=["gallery"],
    )
    def hide(self, request, queryset):
        self._switch(request, queryset, True)
        self.message_user(request, "Hidden from the gallery.")

    @asks(
        "Show these works in the gallery again? Only those whose learners agreed are shown.",
        description="Show in the gallery again",
        permissions=["gallery"],
    )
    def show(self, request, queryset):
        self._switch(request, queryset, False)
        self.message_user(request, "Shown again where the learner agreed.")
