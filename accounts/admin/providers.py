"""OpenID Connect providers. A secret goes in and is never shown again."""

from django import forms
from django.contrib import admin

from accounts import actions
from accounts.models import IdentityProvider
from engineroom.admin import ActionAdmin


class ProviderForm(forms.ModelForm):
    client_secret = forms.CharField(
        required=False,
        max_length=1000,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted and never shown. Left empty, the stored one is kept.",
    )

    server_url = forms.URLField(
        label="Issuer address",
        max_length=300,
        assume_scheme="https",
        help_text="Such as https://login.example.com/realms/school",
    )

    class Meta:
        model = IdentityProvider
        fields = ["key", "name", "server_url", "client_id", "is_active"]
        help_texts = {"key": "Stands in addresses and accounts; it cannot be changed later."}


@admin.register(IdentityProvider)
class IdentityProviderAdmin(ActionAdmin):
    form = ProviderForm
    list_display = ["name", "key", "server_url", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "key", "server_url"]
    ordering = ["name", "pk"]
    fields = ["key", "name", "server_url", "client_id", "client_secret", "is_active"]

    def get_readonly_fields(self, request, obj=None):
        return ["key"] if obj else []

    def act_save(self, request, obj, form, change):
        given = {name: form.cleaned_data[name] for name in self.fields if name != "key"}
        if change:
            return actions.change_identity_provider(provider=obj, actor=request.user, **given)
        key = form.cleaned_data["key"]
        return actions.add_identity_provider(key=key, actor=request.user, **given)

    def act_delete(self, request, obj):
        actions.remove_identity_provider(provider=obj, actor=request.user)
