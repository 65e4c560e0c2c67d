"""People, and the groups that are their roles."""

# Imported so that they have registered before we take their forms away.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin  # noqa: F401 - importing them is what registers them
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Prefetch

from accounts import actions
from accounts.models import User
from accounts.roles import LABELS, LEARNER
from engineroom.admin import ActionAdmin, ReadOnlyAdmin
from engineroom.asking import asks
from engineroom.refusals import Refusal

# Sign-in state belongs to allauth, and secrets to nobody's eyes: no forms for either.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(model)
admin.site.unregister(Group)


class RolesField(forms.MultipleChoiceField):
    def __init__(self):
        super().__init__(
            choices=list(LABELS.items()), widget=forms.CheckboxSelectMultiple, required=False
        )


class PersonForm(forms.ModelForm):
    """The address is the person's own: they change it themselves, by a mail to the new one."""

    roles = RolesField()

    class Meta:
        model = User
        fields = ["name", "is_active"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "roles" in self.fields:
            self.fields["roles"].initial = [group.name for group in self.instance.groups.all()]


class NewPersonForm(forms.ModelForm):
    roles = RolesField()

    class Meta:
        model = User
        fields = ["email", "name"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["roles"].initial = [LEARNER]

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("Another account uses this address.")
        return email


class IsVerified(admin.SimpleListFilter):
    title = "address confirmed"
    parameter_name = "confirmed"

    def lookups(self, request, model_admin):
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request, queryset):
        wanted = {"yes": True, "no": False}.get(self.value())
        return queryset if wanted is None else queryset.filter(has_verified=wanted)


@admin.register(User)
class PersonAdmin(ActionAdmin):
    list_display = ["email", "name", "role_names", "confirmed", "is_active", "date_joined"]
    list_filter = ["is_active", "is_staff", IsVerified, "groups"]
    search_fields = ["email", "name", "public_id"]
    search_help_text = "Address, name or public id"
    ordering = ["-pk"]
    readonly_fields = [
        "public_id",
        "email",
        "time_zone",
        "locale",
        "is_superuser",
        "is_staff",
        "date_joined",
        "last_login",
        "erased_at",
    ]
    actions = ["close_accounts", "open_accounts"]

    def get_queryset(self, request):
        verified = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
        groups = Prefetch("groups", queryset=Group.objects.order_by("name"))
        return (
            super()
            .get_queryset(request)
            .prefetch_related(groups)
            .annotate(has_verified=Exists(verified))
        )

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs["form"] = PersonForm if change else NewPersonForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [(None, {"fields": ["email", "name", "roles"]})]
        return [
            (None, {"fields": ["email", "name", "is_active"]}),
            ("Roles", {"fields": ["roles", "is_staff", "is_superuser"]}),
            (
                "Facts",
                {"fields": ["public_id", "time_zone", "locale", "date_joined", "last_login"]},
            ),
        ]

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else self.readonly_fields

    @admin.display(description="Roles")
    def role_names(self, person):
        names = [group.name for group in person.groups.all()]
        return ", ".join(["superuser", *names] if person.is_superuser else names)

    @admin.display(description="Confirmed", boolean=True)
    def confirmed(self, person):
        return person.has_verified

    def has_delete_permission(self, request, obj=None):
        return False

    def act_save(self, request, obj, form, change):
        data = form.cleaned_data
        roles = set(data.get("roles", []))
        if not change:
            return actions.add_person(
                email=data["email"], name=data["name"], roles=roles, actor=request.user
            )
        return actions.change_person(
            person=obj,
            name=data["name"],
            roles=roles,
            is_active=data["is_active"],
            actor=request.user,
        )

    @asks(
        "Close these accounts? Their people are signed out everywhere and cannot sign in.",
        description="Close accounts",
        permissions=["change"],
    )
    def close_accounts(self, request, queryset):
        self._set_active(request, queryset, False)

    @asks(
        "Open these accounts again? Erased ones stay closed.",
        description="Open accounts again",
        permissions=["change"],
    )
    def open_accounts(self, request, queryset):
        self._set_active(request, queryset.filter(erased_at=None), True)

    def _set_active(self, request, queryset, is_active):
        count = 0
        for person in queryset:
            try:
                actions.set_active(person=person, is_active=is_active, actor=request.user)
            except Refusal as refusal:
                self.message_user(request, f"{person}: {refusal.message}", messages.ERROR)
            else:
                count += 1
        self.message_user(request, f"{count} {'opened' if is_active else 'closed'}.")


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """The four roles are kept by the school itself, with each migration."""

    list_display = ["name"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "permissions"]
