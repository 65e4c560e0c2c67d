"""Giving and ending grants."""

from django import forms
from django.contrib import admin

from engineroom.admin import ActionAdmin, GivenFilter
from engineroom.asking import asks
from learning.actions import end_grant, give_grant
from learning.models import Grant
from learning.queries import access


class GrantForm(forms.ModelForm):
    scope_key = forms.CharField(
        label="Course or topic",
        required=False,
        max_length=160,
        help_text="Slug or public id. Empty for the whole school.",
    )

    class Meta:
        model = Grant
        fields = ["person", "scope", "scope_key", "starts_at", "ends_at"]


@admin.register(Grant)
class GrantAdmin(ActionAdmin):
    form = GrantForm
    list_display = ["person", "scope", "scope_key", "source", "starts_at", "ends_at", "is_open"]
    list_select_related = ["person"]
    list_filter = ["scope", "source", ("ends_at", GivenFilter)]
    search_fields = ["public_id", "person__email", "scope_key", "source_key"]
    search_help_text = "Grant id, e-mail address, course or topic id, order line."
    raw_id_fields = ["person"]
    actions = ["end_now"]

    @admin.display(boolean=True, description="Open now")
    def is_open(self, grant):
        return grant.is_valid

    def has_change_permission(self, request, obj=None):
        """A grant is ended and given anew, never edited. The list needs no such permission."""
        return False

    def has_end_permission(self, request):
        return request.user.has_perm("learning.add_grant")

    def act_save(self, request, obj, form, change):
        grant = give_grant(
            person=obj.person,
            scope=obj.scope,
            scope_key=access.scope_key_for(obj.scope, obj.scope_key),
            source=Grant.Source.STAFF,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            actor=request.user,
        )
        obj.public_id, obj.source_key = grant.public_id, grant.source_key
        return grant

    def has_delete_permission(self, request, obj=None):
        return False

    @asks(
        "End these grants now? What other sources gave stays open.",
        description="End the chosen grants now",
        permissions=["end"],
        shown=lambda grant: f"{grant.person}: {grant}",
    )
    def end_now(self, request, queryset):
        count = sum(
            end_grant(
                source=grant.source,
                source_key=grant.source_key,
                public_id=grant.public_id,
                actor=request.user,
                reason="staff",
            )
            for grant in queryset
        )
        self.message_user(request, f"{count} ended. What other sources gave stays open.")
