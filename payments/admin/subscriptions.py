"""Subscriptions to look at; staff can cancel one, or accept a charge that was not as expected."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from engineroom.admin import GivenFilter, ReadOnlyAdmin
from engineroom.budgets import budget
from engineroom.refusals import Refusal
from payments import money
from payments.actions.steering import cancel_subscription, settle_by_hand
from payments.admin.attending import looks_after
from payments.admin.orders import ReadOnlyInline
from payments.models import Mode, Order, Subscription
from payments.queries.subscriptions import rhythm

PERMISSION = "payments.cancel_subscription"


class StaffCancelForm(forms.Form):
    """Shape only; the action says what is allowed."""

    when = forms.ChoiceField(
        label="Ends", choices=[("later", "with the period that is paid"), ("now", "now")]
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Kept in the audit trail. The person is told that the school canceled it.",
        widget=forms.TextInput(attrs={"size": 60}),
    )


class AcceptForm(forms.Form):
    reference = forms.CharField(
        label="Charge",
        max_length=200,
        help_text="The gateway's name for it, as the subscription's attention says.",
        widget=forms.TextInput(attrs={"size": 60}),
    )


class PaidInline(ReadOnlyInline):
    model = Order
    fields = ["number", "kind", "state", "total", "period_starts_at", "period_ends_at", "paid_at"]
    verbose_name_plural = "orders"

    @admin.display(description="Total")
    def total(self, order):
        return order.text


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    change_form_template = "admin/payments/subscription/change_form.html"
    list_display = [
        "public_id",
        "title",
        "person",
        "state",
        "kind",
        "mode",
        "price",
        "period_ends_at",
        "cancels_at_period_end",
        "attention",
    ]
    list_select_related = ["person"]
    list_filter = [
        "state",
        "kind",
        "period",
        "mode",
        "cancels_at_period_end",
        ("attention", GivenFilter),
        "created_at",
    ]
    search_fields = ["public_id", "reference", "person__email", "title"]
    search_help_text = "Id, the gateway's name for it, e-mail address or title"
    inlines = [PaidInline]
    actions = ["look_after"]
    look_after = looks_after(these="these", named="public_id", permission="cancel")
    fields = [
        ("public_id", "state", "kind_of_money"),
        ("person", "offer", "title"),
        ("kind", "price"),
        ("periods_paid", "periods_total", "credit"),
        ("period_starts_at", "period_ends_at", "trial_ends_at"),
        ("cancels_at_period_end", "grace_ends_at", "ended_at"),
        ("gateway", "reference", "method"),
        ("created_at", "checked_at"),
        "attention",
    ]
    readonly_fields = ["price", "credit", "kind_of_money", "public_id", "created_at"]

    def has_cancel_permission(self, request):
        return request.user.has_perm(PERMISSION)

    @admin.display(description="Price", ordering="amount_minor")
    def price(self, subscription):
        return rhythm(subscription)

    @admin.display(description="Credited to the next payments")
    def credit(self, subscription):
        return money.text(subscription.credit_minor, subscription.currency)

    @admin.display(description="Mode")
    def kind_of_money(self, subscription):
        return Mode(subscription.mode).label

    def get_urls(self):
        cancel = budget(500)(self.admin_site.admin_view(self.cancel_view))
        accept = budget(500)(self.admin_site.admin_view(self.accept_view))
        return [
            path("<path:pk>/cancel/", cancel, name="payments_subscription_cancel"),
            path("<path:pk>/accept/", accept, name="payments_subscription_accept"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {"may_cancel": request.user.has_perm(PERMISSION), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def cancel_view(self, request, pk):
        """When and why, then a page that asks once more, then the cancelation."""

        def act(subscription, said):
            done = cancel_subscription(
                subscription=subscription,
                at_period_end=said["when"] == "later",
                reason=said["reason"],
                actor=request.user,
            )
            if done.is_running:
                return f"It ends on {done.period_ends_at:%-d %B %Y}. Nothing more is charged."
            return "It has ended. Nothing more is charged."

        return self._ask(request, pk, StaffCancelForm, act, "Cancel", "cancel")

    def accept_view(self, request, pk):
        """The charge, then a page that asks once more, then its order."""

        def act(subscription, said):
            settle_by_hand(
                subscription=subscription, reference=said["reference"], actor=request.user
            )
            return "The charge has its order now, and gives its period."

        return self._ask(request, pk, AcceptForm, act, "Accept a charge of", "accept")

    def _ask(self, request, pk, form_class, act, verb, kind):
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        subscription = self.get_object(request, pk)
        if subscription is None:
            raise Http404
        form = form_class(request.POST or None)
        asks = request.method == "POST" and form.is_valid()
        if asks and "confirmed" in request.POST:
            try:
                said = act(subscription, form.cleaned_data)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.message_user(request, said, messages.SUCCESS)
            return redirect(reverse("admin:payments_subscription_change", args=[subscription.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {subscription.title}",
            "opts": self.opts,
            "subscription": subscription,
            "price": rhythm(subscription),
            "form": form,
            "asks": asks,
            "kind": kind,
            "is_now": asks and form.cleaned_data.get("when") == "now",
        }
        return TemplateResponse(request, "admin/payments/subscription/ask.html", context)
