"""Offers: changed by the actions, never deleted, because orders remember them."""

from django import forms
from django.contrib import admin

from engineroom.admin import ActionAdmin, ActionForm
from payments import money, sellables
from payments.actions.offers import change_offer, make_offer
from payments.models import Offer
from payments.models.columns import CURRENCIES

PLAIN = [
    "pricing",
    "period",
    "trial_days",
    "instalments",
    "most_sold",
    "most_per_person",
    "is_giftable",
    "tax_class",
    "is_active",
    "starts_at",
    "ends_at",
]
AMOUNTS = {"price": "amount_minor", "list_price": "list_minor", "suggested": "suggested_minor"}


class OfferForm(ActionForm):
    price = forms.CharField(max_length=20, help_text="Digits with a point, such as 49.00.")
    currency = forms.ChoiceField(choices=CURRENCIES, initial="EUR")
    things = forms.CharField(
        label="Gives",
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="One thing a line: its kind and its key. “course html-foundations” is a course by the"
        " last part of its address; the others are “membership school”, “membership topic:…”,"
        " “team-seats …” and “cohort-seat …”. A number after it is its share of the price:"
        " “course css-foundations 2”.",
    )
    list_price = forms.CharField(
        label="Ordinary price",
        max_length=20,
        required=False,
        help_text="What it costs otherwise. Shown beside a lower price.",
    )
    suggested = forms.CharField(
        label="Suggested price",
        max_length=20,
        required=False,
        help_text="Filled in for buyers who may pay what they want.",
    )

    class Meta:
        model = Offer
        fields = ["title", "currency", *PLAIN]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Who may only look has no fields at all.
        for name in {"pricing", "trial_days", "instalments"} & set(self.fields):
            self.fields[name].required = False
        offer = self.instance
        if offer.pk:
            for name, column in AMOUNTS.items():
                amount = getattr(offer, column)
                if amount is not None:
                    self.initial[name] = money.plain(amount, offer.currency)
            self.initial["things"] = "\n".join(
                f"{i.kind} {i.key}" + (f" {i.weight}" if i.weight != 1 else "")
                for i in offer.items.all()
            )

    def clean_things(self):
        things = []
        for line in self.cleaned_data["things"].splitlines():
            if not line.strip():
                continue
            kind, _, key = line.strip().partition(" ")
            key, _, weight = key.strip().partition(" ")
            if kind not in sellables.kinds() or not key:
                known = ", ".join(sellables.kinds()) or "none yet"
                raise forms.ValidationError(f"“{line}” is no kind and key. Kinds: {known}.")
            if weight and not (weight.isascii() and weight.isdigit() and len(weight) < 8):
                raise forms.ValidationError(f"“{weight}” is no share: write a number.")
            things.append((kind, key, int(weight or 1)))
        return things

    def clean(self):
        said = super().clean()
        for name, column in AMOUNTS.items():
            if "currency" not in said or name not in said:
                continue
            try:
                said[column] = (
                    money.parse(said[name], said["currency"]) if said[name].strip() else None
                )
            except money.MoneyError as error:
                self.add_error(name, str(error))
        said["pricing"] = said.get("pricing") or Offer.Pricing.FIXED
        said["trial_days"] = said.get("trial_days") or 0
        said["instalments"] = said.get("instalments") or 1
        if said.get("amount_minor") == 0:
            self.add_error("price", "The price must be above zero.")
        starts_at, ends_at = said.get("starts_at"), said.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "The end must come after the start.")
        return said


@admin.register(Offer)
class OfferAdmin(ActionAdmin):
    form = OfferForm
    beside = {"amount": "price", "items": "things"}
    list_display = [
        "title",
        "price",
        "is_active",
        "sold",
        "most_sold",
        "starts_at",
        "ends_at",
        "reference",
    ]
    list_filter = ["is_active", "currency"]
    search_fields = ["title", "reference", "public_id"]
    fields = [
        "title",
        ("price", "currency"),
        ("pricing", "suggested", "list_price"),
        "things",
        ("period", "trial_days", "instalments"),
        ("most_sold", "most_per_person", "is_giftable"),
        ("tax_class", "is_active"),
        ("starts_at", "ends_at"),
    ]

    @admin.display(description="Price", ordering="amount_minor")
    def price(self, offer):
        return offer.text

    def has_delete_permission(self, request, obj=None):
        return False

    def act_save(self, request, obj, form, change):
        said = form.cleaned_data
        fields = {name: said[name] for name in ["title", "currency", *PLAIN, *AMOUNTS.values()]}
        if not change:
            return make_offer(items=said["things"], actor=request.user, **fields)
        return change_offer(offer=obj, items=said["things"], actor=request.user, **fields)
