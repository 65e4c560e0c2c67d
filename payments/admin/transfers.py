"""Bank transfers: staff say when money has come, and when money was sent back."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from engineroom import clock
from engineroom.admin import GivenFilter, ReadOnlyAdmin
from engineroom.budgets import budget
from engineroom.refusals import Refusal
from payments import money, states
from payments.actions.transfers import confirm_refund_sent, confirm_transfer
from payments.forms import MoneySentForm, ReceiptForm
from payments.models import BankTransfer, BankTransferRefund, Payment, Refund


@admin.register(BankTransfer)
class BankTransferAdmin(ReadOnlyAdmin):
    change_form_template = "admin/payments/banktransfer/change_form.html"
    list_display = ["reference", "order_number", "amount", "state", "due_at", "received_on"]
    list_filter = [
        ("received_on", GivenFilter),
        ("canceled_at", GivenFilter),
        "currency",
        "due_at",
    ]
    search_fields = ["reference", "order_number"]
    search_help_text = "Reference or order number"
    fields = [
        ("reference", "order_number"),
        ("amount", "state"),
        ("created_at", "due_at", "reminded_at", "canceled_at"),
        ("received_on", "received_by"),
    ]
    readonly_fields = ["amount", "state", "created_at"]

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, transfer):
        return transfer.text

    @admin.display(description="State")
    def state(self, transfer):
        if transfer.received_on:
            return "arrived"
        return "given up" if transfer.canceled_at else "awaited"

    def get_urls(self):
        pages = {"receive": self.receive_view, "sent": self.sent_view}
        return [
            *(
                path(
                    f"<path:transfer_id>/{name}/",
                    budget(500)(self.admin_site.admin_view(page)),
                    name=f"payments_banktransfer_{name}",
                )
                for name, page in pages.items()
            ),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        transfer = self.get_object(request, object_id)
        context = {
            "may_confirm": request.user.has_perm("payments.confirm_transfer"),
            "has_refunds": bool(transfer and _pending(transfer).exists()),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def _transfer(self, request, transfer_id):
        if not request.user.has_perm("payments.confirm_transfer"):
            raise PermissionDenied
        transfer = self.get_object(request, transfer_id)
        if transfer is None:
            raise Http404
        return transfer

    def receive_view(self, request, transfer_id):
        """Amount and day as the school's bank shows them, then a page that asks once more."""
        transfer = self._transfer(request, transfer_id)
        form = ReceiptForm(request.POST or None, initial={"day": clock.now().date()})
        asks = request.method == "POST" and form.is_valid()
        question = ""
        if asks:
            amount = _amount(form, transfer)
            if amount is None:
                asks = False
            elif "confirmed" in request.POST:
                return self._act(
                    request,
                    transfer,
                    "The order is paid.",
                    confirm_transfer,
                    payment=Payment.objects.select_related("order").get(
                        gateway="offline", reference=transfer.reference
                    ),
                    amount_minor=amount,
                    received_on=form.cleaned_data["day"],
                )
            else:
                question = (
                    f"{transfer.text} arrived for order {transfer.order_number}? "
                    "What was bought opens at once."
                )
        title = f"Money for order {transfer.order_number}"
        return self._page(request, transfer, form, asks, question, title)

    def sent_view(self, request, transfer_id):
        """Which pending refund was sent, and when; then a page that asks once more."""
        transfer = self._transfer(request, transfer_id)
        refunds = list(_pending(transfer))
        initial = {"day": clock.now().date()}
        form = MoneySentForm(request.POST or None, refunds=refunds, initial=initial)
        asks = request.method == "POST" and form.is_valid()
        question = ""
        if asks:
            refund = next(one for one in refunds if one.public_id == form.cleaned_data["refund"])
            if "confirmed" in request.POST:
                return self._act(
                    request,
                    transfer,
                    f"{refund.text} noted as sent.",
                    confirm_refund_sent,
                    refund=refund,
                    sent_on=form.cleaned_data["day"],
                )
            question = f"{refund.text} was sent back to the buyer of order {transfer.order_number}?"
        title = f"Money sent back for order {transfer.order_number}"
        return self._page(request, transfer, form, asks, question, title)

    def _act(self, request, transfer, done, action, **said):
        try:
            action(is_confirmed=True, actor=request.user, **said)
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)
        return redirect(reverse("admin:payments_banktransfer_change", args=[transfer.pk]))

    def _page(self, request, transfer, form, asks, question, title):
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "transfer": transfer,
            "form": form,
            "asks": asks,
            "question": question,
        }
        return TemplateResponse(request, "admin/payments/banktransfer/confirm.html", context)


def _pending(transfer):
    return Refund.objects.filter(
        payment__gateway="offline", payment__reference=transfer.reference, state=states.PENDING
    ).select_related("order", "payment")


def _amount(form, transfer) -> int | None:
    """Minor units; what is wrong with them goes onto the form."""
    try:
        amount = money.parse(form.cleaned_data["amount"], transfer.currency)
    except money.MoneyError as error:
        form.add_error("amount", str(error))
        return None
    if amount != transfer.amount_minor:
        form.add_error("amount", f"{transfer.text} was asked for. Send another amount back.")
        return None
    return amount


@admin.register(BankTransferRefund)
class BankTransferRefundAdmin(ReadOnlyAdmin):
    list_display = ["key", "transfer", "amount_minor", "sent_on", "sent_by"]
    list_select_related = ["transfer", "sent_by"]
    list_filter = ["sent_on"]
    search_fields = ["key", "transfer__reference", "transfer__order_number"]
