"""Payments, refunds, books and the webhook inbox: to look at."""

from django.contrib import admin

from engineroom.admin import GivenFilter, ReadOnlyAdmin
from engineroom.asking import asks
from payments.actions.outside_refunds import note_resent
from payments.models import (
    Checkout,
    CheckoutLine,
    GatewayAccount,
    GatewayEvent,
    OfferItem,
    Payment,
    Refund,
    RefundLine,
    SimulatorPayment,
    SimulatorRefund,
)


class WithAmount(ReadOnlyAdmin):
    """Adds the amount as people read it."""

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, row):
        return row.text


@admin.register(Payment)
class PaymentAdmin(WithAmount):
    list_display = [
        "public_id",
        "order",
        "gateway",
        "mode",
        "state",
        "amount",
        "method",
        "created_at",
    ]
    list_select_related = ["order"]
    list_filter = ["state", "gateway", "mode", "currency"]
    search_fields = ["public_id", "reference", "order__number"]


class RefundLineInline(admin.TabularInline):
    model = RefundLine
    extra = 0
    fields = ["line", "amount_minor"]
    can_delete = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("line")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Refund)
class RefundAdmin(WithAmount):
    list_display = ["public_id", "order", "state", "amount", "reason", "actor", "created_at"]
    list_select_related = ["order", "actor"]
    list_filter = ["state", "currency", ("resent_at", GivenFilter)]
    search_fields = ["public_id", "order__number", "reason"]
    inlines = [RefundLineInline]
    actions = ["note_resent"]

    def has_refund_permission(self, request):
        return request.user.has_perm("payments.refund_order")

    @asks(
        "Did these refunds come back to the gateway, and did you send them another way, from the"
        " school's bank? The books will say so.",
        description="Mark as sent another way",
        permissions=["refund"],
        shown=lambda refund: f"{refund.public_id}: {refund.text}, order {refund.order.number}",
    )
    def note_resent(self, request, queryset):
        rows = queryset.select_related("order", "payment")
        count = sum(note_resent(refund=refund, actor=request.user) for refund in rows)
        self.message_user(request, f"{count} marked.")


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnlyAdmin):
    list_display = ["event_id", "gateway", "type", "received_at", "processed_at", "error"]
    list_filter = [
        "gateway",
        "type",
        ("error", GivenFilter),
        ("processed_at", GivenFilter),
    ]
    search_fields = ["event_id", "error"]


@admin.register(GatewayAccount)
class GatewayAccountAdmin(ReadOnlyAdmin):
    """Secrets are never shown."""

    list_display = ["public_id", "gateway", "mode", "created_at"]
    list_filter = ["gateway", "mode"]
    search_fields = ["public_id"]
    fields = ["public_id", "gateway", "mode", "created_at"]


@admin.register(Checkout)
class CheckoutAdmin(ReadOnlyAdmin):
    """The unguessable id is a guest's key, so that it is not shown whole."""

    list_display = ["mark", "state", "email", "person", "currency", "created_at", "expires_at"]
    list_select_related = ["person"]
    list_filter = ["state", "currency"]
    search_fields = ["email", "person__email"]
    fields = ["mark", "state", "email", "person", "currency", "created_at", "expires_at"]
    readonly_fields = ["mark"]

    @admin.display(description="Checkout")
    def mark(self, checkout):
        return f"{checkout.public_id[:17]}…"


@admin.register(SimulatorPayment)
class SimulatorPaymentAdmin(ReadOnlyAdmin):
    list_display = ["key", "order_number", "state", "amount_minor", "currency", "created_at"]
    list_filter = ["state", "currency"]
    search_fields = ["key", "order_number"]


@admin.register(SimulatorRefund)
class SimulatorRefundAdmin(ReadOnlyAdmin):
    list_display = ["key", "payment", "amount_minor", "created_at"]
    list_select_related = ["payment"]
    list_filter = ["created_at"]
    search_fields = ["key"]


@admin.register(OfferItem)
class OfferItemAdmin(ReadOnlyAdmin):
    """Changed with its offer."""

    list_display = ["offer", "kind", "key", "weight"]
    list_select_related = ["offer"]
    list_filter = ["kind"]
    search_fields = ["key", "offer__title"]


@admin.register(CheckoutLine)
class CheckoutLineAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "offer", "quantity"]
    list_select_related = ["offer"]
    list_filter = ["offer__currency"]
    search_fields = ["public_id", "offer__title"]
    fields = ["public_id", "offer", "quantity", "parts"]
