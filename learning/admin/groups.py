"""Cohorts, their seats and waiting lists; teams' seats."""

from django import forms
from django.contrib import admin

from engineroom.admin import ActionAdmin, GivenFilter, ReadOnlyAdmin
from engineroom.asking import asks
from engineroom.refusals import Refusal
from learning.actions.cohorts import change_cohort, leave_line, plan_cohort
from learning.actions.seats import take_back
from learning.models import Cohort, Seat, SeatBatch, SeatClaim, SeatPool, WaitingEntry

FIELDS = ("title", "starts_on", "ends_on", "sells_until", "capacity", "is_open")


class CohortForm(forms.ModelForm):
    class Meta:
        model = Cohort
        fields = ["course", *FIELDS]


@admin.register(Cohort)
class CohortAdmin(ActionAdmin):
    """To sell its seats, make an offer that gives `cohort-seat` and the cohort's public id."""

    form = CohortForm
    list_display = ["title", "course", "starts_on", "ends_on", "seats_taken", "capacity", "is_open"]
    list_select_related = ["course"]
    list_filter = ["is_open", "starts_on"]
    search_fields = ["title", "public_id", "course__title", "course__slug"]
    raw_id_fields = ["course"]
    fields = ["course", "title", ("starts_on", "ends_on"), "sells_until", "capacity", "is_open"]
    fields += ["public_id", "seats_taken"]
    readonly_fields = ["public_id", "seats_taken"]

    def get_readonly_fields(self, request, obj=None):
        # Seats are sold for the course as it is.
        return [*self.readonly_fields, "course"] if obj else self.readonly_fields

    def has_delete_permission(self, request, obj=None):
        return False

    def act_save(self, request, obj, form, change):
        said = {name: form.cleaned_data[name] for name in FIELDS}
        if change:
            return change_cohort(cohort=obj, actor=request.user, **said)
        return plan_cohort(course=form.cleaned_data["course"], actor=request.user, **said)


@admin.register(Seat)
class SeatAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "cohort", "person", "line", "state", "expires_at", "taken_at"]
    list_select_related = ["cohort", "person"]
    list_filter = ["state", "created_at"]
    search_fields = ["public_id", "line", "person__email", "cohort__title"]
    raw_id_fields = ["cohort", "person", "entry"]


@admin.register(WaitingEntry)
class WaitingEntryAdmin(ReadOnlyAdmin):
    list_display = ["email", "cohort", "state", "offered_until", "created_at"]
    list_select_related = ["cohort"]
    list_filter = ["state", "created_at"]
    search_fields = ["email", "public_id", "cohort__title"]
    raw_id_fields = ["cohort", "person"]
    actions = ["take_out"]

    def has_line_permission(self, request):
        return request.user.has_perm("learning.change_waitingentry")

    @asks(
        "Take these people out of the line? A seat kept for one of them goes to the next.",
        description="Take out of the line",
        permissions=["line"],
        shown=lambda entry: f"{entry.email}: {entry.cohort.title}",
    )
    def take_out(self, request, queryset):
        for entry in queryset:
            try:
                leave_line(entry=entry, actor=request.user)
            except Refusal as refusal:
                self.message_user(request, f"{entry}: {refusal.message}", "error")
        self.message_user(request, "Taken out of the line. Kept seats went to the next.")


@admin.register(SeatPool)
class SeatPoolAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "team", "title", "seats", "taken"]
    list_select_related = ["team", "course"]
    list_filter = ["scope"]
    search_fields = ["public_id", "team__name", "course__title"]
    raw_id_fields = ["team", "course"]
    exclude = ["link_digest"]


@admin.register(SeatBatch)
class SeatBatchAdmin(ReadOnlyAdmin):
    list_display = ["line", "pool", "seats", "created_at", "withdrawn_at"]
    list_select_related = ["pool__course"]
    list_filter = [("withdrawn_at", GivenFilter)]
    search_fields = ["line", "pool__team__name"]
    raw_id_fields = ["pool"]


@admin.register(SeatClaim)
class SeatClaimAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "pool", "email", "person", "state", "claimed_at", "ended_at"]
    list_select_related = ["pool__course", "person"]
    list_filter = ["state", "created_at"]
    search_fields = ["public_id", "email", "person__email", "pool__team__name"]
    raw_id_fields = ["pool", "person"]
    exclude = ["key_digest"]
    actions = ["take_back_now"]

    def has_seats_permission(self, request):
        return request.user.has_perm("learning.change_seatclaim")

    @asks(
        "Take these seats back? What they opened ends, and the seats are free again.",
        description="Take the chosen seats back",
        permissions=["seats"],
    )
    def take_back_now(self, request, queryset):
        count = 0
        for claim in queryset:
            try:
                take_back(claim=claim, actor=request.user)
                count += 1
            except Refusal as refusal:
                self.message_user(request, f"{claim}: {refusal.message}", "error")
        self.message_user(request, f"{count} taken back.")
