"""Forms of the till: shape only, the actions say what is allowed."""

from django import forms

from engineroom import ids
from payments.gateways import evidence, simulator


class HiddenKey(forms.Form):
    """A key made when the page was rendered: sent twice, the form has one effect."""

    form_key = forms.CharField(max_length=120, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["form_key"].initial = ids.random_id("form")


class PayForm(HiddenKey):
    """`expected_minor` is the total on the page."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="Your receipt and the link to sign in go there.",
        error_messages={
            "required": "Enter the e-mail address the receipt should go to.",
            "invalid": "Enter an e-mail address such as name@example.com.",
        },
    )
    expected_minor = forms.IntegerField(min_value=0, max_value=10**15, widget=forms.HiddenInput)
    consent = forms.BooleanField(
        label="I agree that what I buy opens at once, and I have checked the total.",
        error_messages={"required": "Confirm that you agree before you pay."},
    )

    def __init__(self, *args, needs_email: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if not needs_email:
            del self.fields["email"]


class SimulatorForm(forms.Form):
    """The simulator's own page. Test cards only: a real number is never asked for nor kept."""

    card = forms.CharField(
        label="Card number",
        max_length=40,
        error_messages={"required": "Enter one of the test cards listed on this page."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    fault = forms.ChoiceField(
        label="Events about this payment",
        required=False,
        choices=[("", "arrive at once"), *simulator.FAULTS.items()],
        help_text="What the gateway tells the school can go wrong on the way.",
    )

    def clean_card(self):
        """The digits alone."""
        number = self.cleaned_data["card"].replace(" ", "").replace("-", "")
        if number not in simulator.BY_NUMBER:
            raise forms.ValidationError("Use one of the test cards listed on this page.")
        return number


class RefundForm(HiddenKey):
    """One amount a line that still has something left, empty for lines that are not refunded."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Kept in the audit trail and written to the buyer.",
        widget=forms.TextInput(attrs={"size": 60}),
    )

    def __init__(self, *args, lines, **kwargs):
        super().__init__(*args, **kwargs)
        for line in lines:
            self.fields[line.public_id] = forms.CharField(
                label=line.title,
                max_length=20,
                required=False,
                help_text=f"{line.left_text} can be refunded. Empty: this line is not refunded.",
            )


class EvidenceForm(forms.Form):
    """One text for each thing that can be said to a dispute."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in evidence.NAMES.items():
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                max_length=evidence.LONGEST,
                widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
            )

    def said(self) -> dict[str, str]:
        """What would be sent now."""
        return self.cleaned_data if self.is_bound and self.is_valid() else self.initial


class ReceiptForm(forms.Form):
    """Money of a bank transfer, as the school's bank shows it."""

    amount = forms.CharField(label="Amount", max_length=20)
    day = forms.DateField(label="Arrived on", widget=forms.DateInput(attrs={"type": "date"}))


class MoneySentForm(forms.Form):
    """A refund that staff have sent by their bank."""

    refund = forms.ChoiceField(label="Refund")
    day = forms.DateField(label="Sent on", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args, refunds, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["refund"].choices = [
            (one.public_id, f"{one.text}: {one.reason or 'no reason'}") for one in refunds
        ]
