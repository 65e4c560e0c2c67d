"""Forms of the learner's pages: shape only, the actions decide."""

from django import forms


class WorkForm(forms.Form):
    title = forms.CharField(label="Title", max_length=200)
    link = forms.URLField(
        label="Link to your work",
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text="A public repository or page, or one we can read.",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    text = forms.CharField(
        label="About your work",
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What did you make, and what would you do differently?",
    )
    is_public = forms.BooleanField(label="Show it in the gallery", required=False)
