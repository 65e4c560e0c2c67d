"""Bases of every admin form, and the engine room's own tables (read-only)."""

from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db import models
from django.forms.formsets import INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.forms.models import BaseInlineFormSet, ModelForm
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html

from engineroom import outbox
from engineroom.asking import asks
from engineroom.clockpage import clock_page
from engineroom.models import AuditEntry, IdempotencyKey, OutboxEvent, SettingValue, Worker
from engineroom.refusals import Refusal

MOST_ROWS = 500  # of another table inside a form; a request has 1,000 fields at most
SECURE_ADDRESSES = {models.URLField: {"assume_scheme": "https"}}


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows to look at. No action exists for them, so nobody can change them here."""

    show_full_result_count = False
    list_per_page = 50
    formfield_overrides = SECURE_ADDRESSES

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class GivenFilter(admin.EmptyFieldListFilter):
    """Whether a column says anything, in the words of a question: yes or no."""

    def choices(self, changelist):
        names = {"0": "Yes", "1": "No"}
        for choice, value in zip(super().choices(changelist), (None, "1", "0"), strict=True):
            yield choice | {"display": names.get(value, choice["display"])}


class _AnyChoice:
    """Django's widget asks the database for whatever was posted, also for what is no key at all."""

    def optgroups(self, name, value, attrs=None):
        try:
            return super().optgroups(name, value, attrs)
        except (ValueError, OverflowError):
            return super().optgroups(name, [], attrs)


class ChosenOne(_AnyChoice, AutocompleteSelect):
    pass


class ChosenMany(_AnyChoice, AutocompleteSelectMultiple):
    def build_attrs(self, base_attrs, extra_attrs=None):
        # Each choice has its own cross; one for all of them would be no item of their list.
        return super().build_attrs(base_attrs, extra_attrs) | {"data-allow-clear": "false"}


class BoundedRows(BaseInlineFormSet):
    """More rows than a page may have are refused without looking at one: a count costs nothing to
    write, and each row time to make."""

    def has_too_many(self) -> bool:
        said = self.management_form.cleaned_data if self.is_bound else {}
        counts = (said.get(name) or 0 for name in (TOTAL_FORM_COUNT, INITIAL_FORM_COUNT))
        return max(counts) > self.absolute_max

    def total_form_count(self):
        return 0 if self.has_too_many() else super().total_form_count()

    def initial_form_count(self):
        return 0 if self.has_too_many() else super().initial_form_count()

    def full_clean(self):
        super().full_clean()
        if self.has_too_many():
            said = f"At most {self.absolute_max} rows fit on this page."
            self._non_form_errors = self.error_class([said], error_class="nonform")


class _NamedFields(BoundedRows):
    """In a table no label stands beside a field, so that each says its own name."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        for name, field in form.fields.items():
            for widget in (field.widget, getattr(field.widget, "widget", None)):
                if widget is not None and not widget.is_hidden:
                    label = field.label or name.replace("_", " ")
                    widget.attrs.setdefault("aria-label", str(label).capitalize())


class _Bounded:
    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, **{"absolute_max": MOST_ROWS} | kwargs)


class TableInline(_Bounded, admin.TabularInline):
    """Rows of another table inside a form, one a line."""

    formset = _NamedFields
    max_num = MOST_ROWS


class BlockInline(_Bounded, admin.StackedInline):
    """Rows of another table inside a form, one below the other."""

    formset = BoundedRows
    max_num = MOST_ROWS


class ActionForm(ModelForm):
    """What does not fit together is said by the action, in words beside a field: Django would name
    the constraint above the form. For actions that check all that the table's constraints say."""

    def _post_clean(self):
        self.instance.validate_constraints = lambda exclude=None: None
        super()._post_clean()


class ActionAdmin(admin.ModelAdmin):
    """Saves and deletes by the app's actions, never by itself.

    A subclass overrides `act_save(request, obj, form, change)` and, where it allows it,
    `act_delete(request, obj)`. After a refusal nothing is changed: the form comes back as it was
    filled in, with the sentence beside its field or above the form. `beside` names that field where
    the action calls it otherwise.
    """

    show_full_result_count = False
    list_per_page = 50
    formfield_overrides = SECURE_ADDRESSES
    actions = None
    beside: dict[str, str] = {}

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ChosenOne(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ChosenMany(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def act_save(self, request, obj, form, change):
        raise Refusal("These rows cannot be changed here.")

    def act_save_related(self, request, form, formsets, change):
        """Called after `act_save` with the inline formsets. Default: there are none to save."""

    def act_delete(self, request, obj):
        raise Refusal("These rows cannot be deleted.")

    def save_model(self, request, obj, form, change):
        saved = self.act_save(request, obj, form, change)
        if saved is not None:
            obj.pk = saved.pk

    def save_related(self, request, form, formsets, change):
        self.act_save_related(request, form, formsets, change)

    def delete_model(self, request, obj):
        self.act_delete(request, obj)

    def delete_queryset(self, request, queryset):
        for obj in queryset:
            self.act_delete(request, obj)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            if getattr(request, "refusal", None) is not None:
                return self._stay(request, refusal)
            request.refusal = refusal
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        """The form; after a refusal one that is not valid and says why."""
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        if refusal is None:
            return form

        name = self.beside.get(refusal.field, refusal.field)

        class Refused(form):
            def clean(self):
                cleaned = super().clean()
                self.add_error(name if name in self.fields else None, refusal.message)
                return cleaned

        return Refused

    def delete_view(self, request, object_id, extra_context=None):
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refusal as refusal:
            return self._stay(request, refusal)

    def _stay(self, request, refusal):
        self.message_user(request, refusal.message, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def construct_change_message(self, request, form, formsets, add=False):
        """Django's own log is not kept, and formsets that no form saved cannot fill it."""
        return []

    def log_addition(self, request, obj, message):
        """The audit trail is written by the action."""

    def log_change(self, request, obj, message):
        """The audit trail is written by the action."""

    def log_deletions(self, request, queryset):
        """The audit trail is written by the action."""


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "action", "target", "actor", "actor_label"]
    list_select_related = ["actor"]
    list_filter = ["action"]
    search_fields = ["target", "action", "actor_label"]


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    list_display = ["topic", "key", "state", "attempts", "created_at", "error"]
    list_filter = ["topic", ("dead_at", admin.EmptyFieldListFilter)]
    search_fields = ["key"]
    exclude = ["payload"]
    actions = ["revive"]

    @admin.display(description="State")
    def state(self, row):
        if row.done_at:
            return "delivered"
        return format_html("<strong>dead letter</strong>") if row.dead_at else "waiting"

    def has_queue_permission(self, request):
        return request.user.has_perm("engineroom.change_outboxevent")

    @asks(
        "Try these letters again, from their first try? Delivered ones stay as they are.",
        description="Try dead letters again",
        permissions=["queue"],
    )
    def revive(self, request, queryset):
        count = outbox.revive(list(queryset.values_list("pk", flat=True)), actor=request.user)
        self.message_user(request, f"{count} queued again.")


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    list_display = ["owner", "key", "state", "status", "created_at"]
    list_filter = ["state"]
    search_fields = ["key"]
    exclude = ["body"]


@admin.register(SettingValue)
class SettingValueAdmin(ReadOnlyAdmin):
    list_display = ["name", "changed_at"]
    search_fields = ["name"]

    def get_urls(self):
        page = self.admin_site.admin_view(clock_page)
        return [path("clock/", page, name="engineroom_clock"), *super().get_urls()]


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "started_at", "seen_at"]
