"""Gifts, for staff: where they stand, and the mail again."""

from django.contrib import admin

from engineroom.admin import GivenFilter, ReadOnlyAdmin
from engineroom.asking import asks
from engineroom.refusals import Refusal
from payments.actions.gifts import resend_gift
from payments.models import Gift


@admin.register(Gift)
class GiftAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "title", "order", "email", "deliver_at", "sent_at", "claimed_at"]
    list_display += ["ended_at"]
    list_select_related = ["line__order"]
    list_filter = [
        ("sent_at", GivenFilter),
        ("claimed_at", GivenFilter),
        ("ended_at", GivenFilter),
    ]
    search_fields = ["public_id", "email", "line__order__number", "claimed_by__email"]
    search_help_text = "Gift, order number, e-mail address of the recipient"
    fields = ["public_id", "line", ("email", "name"), ("sender", "note"), "deliver_at", "sent_at"]
    fields += ["claimed_by", "claimed_at", "ended_at"]
    readonly_fields = ["public_id"]
    actions = ["mail_again"]

    @admin.display(description="What")
    def title(self, gift):
        return gift.line.title

    @admin.display(description="Order")
    def order(self, gift):
        return gift.line.order.number

    def has_mail_permission(self, request):
        return request.user.has_perm("payments.change_gift")

    @asks(
        "Mail the link of these gifts again? Links sent before end.",
        description="Mail the link again (links sent before end)",
        permissions=["mail"],
        shown=lambda gift: f"{gift.line.title} for {gift.email or gift.public_id}",
    )
    def mail_again(self, request, queryset):
        sent = 0
        for gift in queryset.select_related("line__order"):
            try:
                resend_gift(gift=gift, actor=request.user)
                sent += 1
            except Refusal as refusal:
                self.message_user(request, f"{gift}: {refusal.message}", "error")
        self.message_user(request, f"{sent} mailed again.")
