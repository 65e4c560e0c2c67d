"""Forms of the till: shape only, the actions say what is allowed."""

from django import forms

from engineroom import ids
from payments import countries, money
from payments.gateways import evidence, simulator


class HiddenKey(forms.Form):
    """A key made when the page was rendered: sent twice, the form has one effect."""

    form_key = forms.CharField(max_length=120, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["form_key"].initial = ids.random_id("form")


class PayForm(HiddenKey):
    """The one form of a checkout. `expected_minor` is the total on the page.

    Fields about a line carry its id: `amount-<id>`, `quantity-<id>`, `gift_email-<id>`….
    """

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="Your receipt and the link to sign in go there.",
        error_messages={
            "required": "Enter the e-mail address the receipt should go to.",
            "invalid": "Enter an e-mail address such as name@example.com.",
        },
    )
    country = forms.ChoiceField(
        label="Country",
        choices=[("", "Choose your country"), *countries.NAMES.items()],
        error_messages={"required": "Choose your country: the tax depends on it."},
    )
    name = forms.CharField(label="Name", max_length=120, required=False)
    company = forms.CharField(label="Company", max_length=120, required=False)
    street = forms.CharField(label="Street and number", max_length=200, required=False)
    postal_code = forms.CharField(label="Postal code", max_length=20, required=False)
    city = forms.CharField(label="Town or city", max_length=120, required=False)
    vat_id = forms.CharField(
        label="VAT id",
        max_length=30,
        required=False,
        help_text="Only if you buy as a business, such as DE136695976.",
    )
    coupon = forms.CharField(label="Coupon code", max_length=40, required=False)
    pay_in = forms.ChoiceField(label="Pay", required=False, widget=forms.RadioSelect)
    gateway = forms.ChoiceField(label="How to pay", required=False, widget=forms.RadioSelect)
    expected_minor = forms.IntegerField(min_value=0, max_value=10**15, widget=forms.HiddenInput)
    consent = forms.BooleanField(
        label="I agree that what I buy opens at once, and I have checked the total.",
        error_messages={"required": "Confirm that you agree before you pay."},
    )

    def __init__(self, *args, shape, is_final=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.shape = shape
        self.fields["consent"].label = shape.consent
        self.fields["country"].required = is_final and shape.needs_country
        self.fields["consent"].required = is_final
        self.fields["email"].required = is_final
        self.fields["gateway"].choices = [(one.name, one.label) for one in shape.ways]
        self.fields["pay_in"].choices = [("once", "At once"), ("parts", "In instalments")]
        if not shape.needs_email:
            del self.fields["email"]
        for line in shape.lines:
            self._add_line(line)

    def _add_line(self, line) -> None:
        mark = line.public_id
        if line.offer.pricing == "open":
            least = line.offer.text
            self.fields[f"amount-{mark}"] = forms.CharField(
                label=f"Your price for “{line.offer.title}”",
                max_length=20,
                help_text=f"{least} or more, in {line.offer.currency}.",
                initial=money.plain(line.unit_minor, line.offer.currency),
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )
        if mark in self.shape.many:
            self.fields[f"quantity-{mark}"] = forms.IntegerField(
                label=f"How many of “{line.offer.title}”",
                min_value=1,
                max_value=1000,
                initial=line.quantity,
            )
        if line.gift:
            for name, field in gift_fields().items():
                self.fields[f"gift_{name}-{mark}"] = field
                self.initial.setdefault(f"gift_{name}-{mark}", line.gift.get(name, ""))

    def clean(self):
        said = super().clean()
        for line in self.shape.lines:
            name = f"amount-{line.public_id}"
            if name not in said:
                continue
            try:
                said[name] = money.parse(said[name], line.offer.currency)
            except money.MoneyError as error:
                self.add_error(name, str(error))
        return said

    def details(self) -> dict:
        """What was said, as `actions.filling.fill_in` takes it."""
        said = self.cleaned_data
        lines = {}
        for line in self.shape.lines:
            mark, own = line.public_id, {}
            for name in ("amount", "quantity"):
                own[name] = said.get(f"{name}-{mark}")
            if line.gift:
                own["gift"] = {name: said.get(f"gift_{name}-{mark}") or "" for name in GIFT}
            lines[mark] = own
        return {
            "email": said.get("email", ""),
            "billing": {name: said.get(name, "") for name in ADDRESS},
            "country": said.get("country", ""),
            "vat_id": said.get("vat_id", ""),
            "coupon": said.get("coupon", ""),
            "in_instalments": said.get("pay_in") == "parts",
            "lines": lines,
        }


ADDRESS = ("name", "company", "street", "postal_code", "city")
GIFT = ("name", "email", "sender", "note", "deliver_on")


def gift_fields() -> dict[str, forms.Field]:
    """For whom, from whom, with which words, on which day."""
    return {
        "name": forms.CharField(label="Name of who gets it", max_length=120, required=False),
        "email": forms.EmailField(
            label="Their e-mail address",
            max_length=254,
            required=False,
            help_text="Empty: the link comes to you, and you pass it on.",
        ),
        "sender": forms.CharField(label="From", max_length=120, required=False),
        "note": forms.CharField(
            label="Your words",
            max_length=500,
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
        ),
        "deliver_on": forms.DateField(
            label="Send it on",
            required=False,
            help_text="Empty: as soon as it is paid.",
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        ),
    }


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
            said = f"{line.left_text} can be refunded. Empty: this line is not refunded."
            if line.quantity > 1:
                each = money.text(line.total_minor // line.quantity, line.currency)
                said += f" {each} for each of {line.left_pieces} pieces that shall end."
            self.fields[line.public_id] = forms.CharField(
                label=line.title, max_length=20, required=False, help_text=said
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
