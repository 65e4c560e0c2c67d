"""Coupons: one by one or in bulk, changed by the actions, never deleted."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import path
from django.utils.html import format_html

from engineroom.admin import ActionAdmin, ActionForm, ChosenMany, GivenFilter, ReadOnlyAdmin
from engineroom.asking import asks
from engineroom.budgets import budget
from payments import money
from payments.actions.coupons import (
    change_coupon,
    close_coupon_batch,
    export_codes,
    make_coupon,
    make_coupon_batch,
)
from payments.models import Coupon, CouponBatch, CouponUse, Offer
from payments.models.columns import CURRENCIES
from payments.pricing import percent_text
from payments.vat import hundredths

WINDOW = ["starts_at", "ends_at"]


class OffForm(ActionForm):
    """What is taken off, in words of people: `25` percent, or `10.00` of a currency."""

    kind = forms.ChoiceField(choices=Coupon.Kind.choices, initial=Coupon.Kind.PERCENT)
    percent = forms.RegexField(
        r"^[0-9]{1,3}(\.[0-9]{1,2})?$", required=False, help_text="Such as 25 or 12.5."
    )
    amount = forms.CharField(max_length=20, required=False, help_text="Such as 10.00.")
    currency = forms.ChoiceField(choices=[("", "-"), *CURRENCIES], required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        coupon = self.instance
        if isinstance(coupon, Coupon) and coupon.pk:
            if coupon.percent:
                self.initial["percent"] = percent_text(coupon.percent).removesuffix(" %")
            if coupon.amount_minor:
                self.initial["amount"] = money.plain(coupon.amount_minor, coupon.currency)

    def clean(self):
        said = super().clean()
        said["percent"] = hundredths(said["percent"]) if said.get("percent") else None
        said["amount_minor"] = None
        if said.get("amount") and said.get("currency"):
            try:
                said["amount_minor"] = money.parse(said["amount"], said["currency"])
            except money.MoneyError as error:
                self.add_error("amount", str(error))
        return said

    def terms(self) -> dict:
        names = ["kind", "percent", "amount_minor", "currency", "duration", *WINDOW]
        return {name: self.cleaned_data[name] for name in names}


class CouponForm(OffForm):
    class Meta:
        model = Coupon
        fields = ["code", "title", "kind", "currency", "duration", "offers", "is_active", *WINDOW]
        fields += ["most_uses", "most_per_person"]


@admin.register(Coupon)
class CouponAdmin(ActionAdmin):
    form = CouponForm
    list_display = ["code", "off", "uses", "most_uses", "is_active", "ends_at", "batch"]
    list_select_related = ["batch"]
    list_filter = ["is_active", "kind"]
    search_fields = ["code", "title", "public_id"]
    autocomplete_fields = ["offers"]
    fields = ["code", "title", ("kind", "percent"), ("amount", "currency"), "duration", "offers"]
    fields += ["is_active", ("starts_at", "ends_at"), ("most_uses", "most_per_person")]

    @admin.display(description="Takes off")
    def off(self, coupon):
        if coupon.percent:
            return percent_text(coupon.percent)
        return money.text(coupon.amount_minor, coupon.currency)

    def get_readonly_fields(self, request, obj=None):
        return ["code"] if obj else []

    def has_delete_permission(self, request, obj=None):
        return False

    def act_save(self, request, obj, form, change):
        said = form.cleaned_data
        fields = form.terms() | {
            name: said[name] for name in ("title", "is_active", "most_uses", "most_per_person")
        }
        offers = list(said["offers"])
        if change:
            return change_coupon(coupon=obj, offers=offers, actor=request.user, **fields)
        return make_coupon(code=said["code"], offers=offers, actor=request.user, **fields)


class BatchForm(OffForm):
    count = forms.IntegerField(label="How many codes", min_value=1, max_value=10_000)
    duration = forms.ChoiceField(choices=Coupon.Duration.choices)
    starts_at = forms.SplitDateTimeField(
        label="Valid from", required=False, widget=admin.widgets.AdminSplitDateTime
    )
    ends_at = forms.SplitDateTimeField(
        label="Valid until", required=False, widget=admin.widgets.AdminSplitDateTime
    )

    offers = forms.ModelMultipleChoiceField(
        Offer.objects.all(),
        required=False,
        widget=ChosenMany(Coupon._meta.get_field("offers"), admin.site),
        help_text="None: every offer.",
    )

    class Meta:
        model = CouponBatch
        fields = ["title"]


@admin.register(CouponBatch)
class CouponBatchAdmin(ActionAdmin):
    """Made once; after that its codes can be downloaded or ended, not changed."""

    form = BatchForm
    list_display = ["title", "created_at", "actor", "codes"]
    list_select_related = ["actor"]
    list_filter = ["created_at"]
    search_fields = ["title", "public_id"]
    fields = ["title", "count", ("kind", "percent"), ("amount", "currency"), "duration"]
    fields += ["offers", ("starts_at", "ends_at")]
    actions = ["close"]

    @admin.display(description="Codes")
    def codes(self, batch):
        return format_html('<a href="{}/codes/">Download</a>', batch.pk)

    def has_change_permission(self, request, obj=None):
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False

    def get_fields(self, request, obj=None):
        return ["title", "created_at", "actor"] if obj else self.fields

    def act_save(self, request, obj, form, change):
        said = form.cleaned_data
        terms = form.terms() | {"offers": list(said["offers"])}
        return make_coupon_batch(
            title=said["title"], count=said["count"], actor=request.user, **terms
        )

    @asks(
        "End all codes of these batches that are not used? Nobody can redeem them after that.",
        description="End all codes that are not used",
        permissions=["change"],
    )
    def close(self, request, queryset):
        closed = sum(close_coupon_batch(batch=batch, actor=request.user) for batch in queryset)
        self.message_user(request, f"{closed} codes ended.")

    def get_urls(self):
        codes = budget(1000)(self.admin_site.admin_view(self.codes_view))
        return [
            path("<int:batch_id>/codes/", codes, name="payments_couponbatch_codes"),
            *super().get_urls(),
        ]

    def codes_view(self, request, batch_id):
        """The codes as a table; kept in the audit trail, because codes are worth money."""
        if not request.user.has_perm("payments.change_coupon"):
            raise PermissionDenied
        batch = CouponBatch.objects.filter(pk=batch_id).first() if batch_id < 2**63 else None
        if batch is None:
            raise Http404
        text = export_codes(batch=batch, actor=request.user)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{batch.public_id}.csv"'
        response["Cache-Control"] = "no-store"
        return response


@admin.register(CouponUse)
class CouponUseAdmin(ReadOnlyAdmin):
    list_display = ["coupon", "order", "email", "discount_minor", "currency", "released_at"]
    list_select_related = ["coupon", "order"]
    list_filter = [("released_at", GivenFilter)]
    search_fields = ["coupon__code", "order__number", "email"]
