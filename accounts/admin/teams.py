"""Teams and who belongs to them."""

from django import forms
from django.contrib import admin

from accounts.actions import make_team, rename_team
from accounts.models import Team, TeamMember, User
from engineroom.admin import ActionAdmin, TableInline


class TeamForm(forms.ModelForm):
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True), required=False, to_field_name="email",
        widget=forms.EmailInput, help_text="The owner's e-mail address.",
    )  # fmt: skip

    class Meta:
        model = Team
        fields = ["name"]


class MemberInline(TableInline):
    model = TeamMember
    extra = 0
    fields = ["person", "role", "joined_at"]
    readonly_fields = fields
    can_delete = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("person", "team")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Team)
class TeamAdmin(ActionAdmin):
    """Roles are set on the team's own page, which staff with this permission find too."""

    form = TeamForm
    list_display = ["name", "public_id", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["name", "public_id", "members__person__email"]
    inlines = [MemberInline]

    def get_fields(self, request, obj=None):
        return ["name"] if obj else ["name", "owner"]

    def has_delete_permission(self, request, obj=None):
        return False

    def act_save(self, request, obj, form, change):
        name = form.cleaned_data["name"]
        if change:
            return rename_team(team=Team.objects.get(pk=obj.pk), name=name, actor=request.user)
        owner = form.cleaned_data["owner"] or request.user
        return make_team(owner=owner, name=name, actor=request.user)
