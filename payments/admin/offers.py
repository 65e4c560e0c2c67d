"""Offers: changed by the actions, never deleted, because orders remember them."""

from django import forms
from django.contrib import admin

from engineroom.admin import ActionAdmin
from payments import money, sellables
from payments.actions.offers import change_offer, make_offer, set_items
from payments.models import Offer
from payments.models.columns import CURRENCIES


class OfferForm(forms.ModelForm):
    price = forms.CharField(max_length=20, help_text="Digits with a point, such as 49.00.")
    currency = forms.ChoiceField(choices=CURRENCIES, initial="EUR")
    things = forms.CharField(
        label="Gives",
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="One thing a line: its kind and key, such as “course html-foundations”.",
    )

    class Meta:
        model = Offer
        fields = ["title", "currency", "tax_class", "is_active", "starts_at", "ends_at"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        offer = self.instance
        if offer.pk:
            self.initial["price"] = money.plain(offer.amount_minor, offer.currency)
            self.initial["things"] = "\n".join(f"{i.kind} {i.key}" for i in offer.items.all())

    def clean_things(self):
        things = []
        for line in self.cleaned_data["things"].splitlines():
            if not line.strip():
                continue
            kind, _, key = line.strip().partition(" ")
            if kind not in sellables.kinds() or not key:
                known = ", ".join(sellables.kinds()) or "none yet"
                raise forms.ValidationError(f"“{line}” is no kind and key. Kinds: {known}.")
            things.append((kind, key.strip()))
        return things

    def clean(self):
        said = super().clean()
        if "price" in said and "currency" in said:
            try:
                said["amount_minor"] = money.parse(said["price"], said["currency"])
            except money.MoneyError as error:
                self.add_error("price", str(error))
            else:
                if not said["amount_minor"]:
                    self.add_error("price", "The price must be above zero.")
        starts_at, ends_at = said.get("starts_at"), said.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "The end must come after the start.")
        return said


@admin.register(Offer)
class OfferAdmin(ActionAdmin):
    form = OfferForm
    list_display = ["title", "price", "is_active", "starts_at", "ends_at", "reference"]
    list_filter = ["is_active", "currency"]
    search_fields = ["title", "reference", "public_id"]
    fields = [
        "title",
        ("price", "currency"),
        "things",
        "tax_class",
        "is_active",
        ("starts_at", "ends_at"),
    ]

    @admin.display(description="Price", ordering="amount_minor")
    def price(self, offer):
        return offer.text

    def has_delete_permission(self, request, obj=None):
        return False

    def act_save(self, request, obj, form, change):
        said = form.cleaned_data
        fields = {
            name: said[name]
            for name in (
                "title",
                "amount_minor",
                "currency",
                "tax_class",
                "is_active",
                "starts_at",
                "ends_at",
            )
        }
        if not change:
            return make_offer(items=said["things"], actor=request.user, **fields)
        offer = change_offer(offer=obj, actor=request.user, **fields)
        set_items(offer=offer, items=said["things"])
        return offer
