"""Forms of the account pages: shape only, the actions decide."""

from zoneinfo import available_timezones

from django import forms


class ProfileForm(forms.Form):
    name = forms.CharField(
        label="Your name",
        max_length=120,
        required=False,
        help_text="As it should stand on a certificate.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone", choices=[(name, name) for name in sorted(available_timezones())]
    )


class DeletePasswordForm(forms.Form):
    password = forms.CharField(
        label="Your password",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class DeleteAgreeForm(forms.Form):
    agree = forms.BooleanField(label="I know that this cannot be undone")
