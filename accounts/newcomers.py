"""What sign-up asks beside address and password. allauth enters here by settings."""

from django import forms


class NewcomerForm(forms.Form):
    name = forms.CharField(
        label="Your name",
        max_length=120,
        required=False,
        help_text="As it should stand on a certificate.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def signup(self, request, user):
        """The adapter has stored the name already."""
