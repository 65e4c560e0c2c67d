"""Orders to look at. Staff can refund lines, and say that they have looked after an order."""

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
from payments.actions.refunding import refund_lines
from payments.admin.attending import looks_after
from payments.admin.drafts import DraftPages
from payments.forms import RefundForm
from payments.models import Order, OrderLine, Payment, Refund
from payments.queries.orders import refund_by_key


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True

    def get_readonly_fields(self, request, obj=None):
        # A form could not hold what is never edited, such as public ids.
        return self.fields

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class LineInline(ReadOnlyInline):
    model = OrderLine
    fields = [
        "title",
        "kind",
        "key",
        "quantity",
        "price",
        "refunded",
        "delivered_at",
        "withdrawn_at",
    ]
    show_change_link = False

    @admin.display(description="Price")
    def price(self, line):
        return line.text

    @admin.display(description="Refunded")
    def refunded(self, line):
        return line.refunded_text if line.refunded_minor else "-"


class PaymentInline(ReadOnlyInline):
    model = Payment
    fields = ["public_id", "gateway", "state", "amount", "method", "reason", "created_at"]

    @admin.display(description="Amount")
    def amount(self, payment):
        return payment.text


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ["public_id", "state", "amount", "reason", "created_at", "error"]

    @admin.display(description="Amount")
    def amount(self, refund):
        return refund.text


@admin.register(Order)
class OrderAdmin(DraftPages, ReadOnlyAdmin):
    list_display = [
        "number",
        "placed_at",
        "state",
        "total",
        "refunded",
        "email",
        "mode",
        "attention",
    ]
    list_filter = [
        "state",
        "mode",
        "currency",
        ("attention", GivenFilter),
        "placed_at",
    ]
    search_fields = ["number", "email"]
    search_help_text = "Order number or e-mail address"
    inlines = [LineInline, PaymentInline, RefundInline]
    actions = ["look_after"]
    look_after = looks_after(these="these orders", named="number", permission="refund")
    fields = [
        ("number", "state", "mode"),
        ("email", "person", "was_guest"),
        ("total", "refunded", "currency"),
        ("placed_at", "paid_at", "expires_at"),
        "attention",
        "explained",
    ]
    readonly_fields = ["total", "refunded", "explained", "number", "placed_at"]

    def has_refund_permission(self, request):
        return request.user.has_perm("payments.refund_order")

    @admin.display(description="Total", ordering="total_minor")
    def total(self, order):
        return order.text

    @admin.display(description="Refunded", ordering="refunded_minor")
    def refunded(self, order):
        return order.refunded_text if order.refunded_minor else "-"

    @admin.display(description="How the total came about")
    def explained(self, order):
        return "; ".join(
            f"{step['label']} {money.text(step['amount_minor'], order.currency)}"
            for step in order.steps
        )

    def get_urls(self):
        refund = self.admin_site.admin_view(self.refund_view)
        return [
            path("<path:order_id>/refund/", budget(500)(refund), name="payments_order_refund"),
            *self.draft_urls(),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        may = request.user.has_perm("payments.refund_order")
        context = {"may_refund": may, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def refund_view(self, request, order_id):
        """First the amounts, then a page that asks once more, then the refund."""
        if not request.user.has_perm("payments.refund_order"):
            raise PermissionDenied
        order = self.get_object(request, order_id)
        if order is None:
            raise Http404
        lines = [line for line in order.lines.order_by("pk") if line.left_minor]
        form = RefundForm(request.POST or None, lines=lines)
        chosen = []
        made = refund_by_key(order, request.POST.get("form_key", "")[:120])
        if made and "confirmed" in request.POST:
            self._tell(request, made)
            return redirect(reverse("admin:payments_order_change", args=[order.pk]))
        if request.method == "POST" and form.is_valid():
            chosen = _chosen(form, lines)
            if chosen and "confirmed" in request.POST:
                return self._refund(request, order, form, chosen)
        return self._refund_page(request, order, form, lines, chosen)

    def _refund(self, request, order, form, chosen):
        try:
            refund = refund_lines(
                order=order,
                amounts={line.public_id: amount for line, amount in chosen},
                reason=form.cleaned_data["reason"],
                key=form.cleaned_data["form_key"],
                actor=request.user,
            )
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self._tell(request, refund)
        return redirect(reverse("admin:payments_order_change", args=[order.pk]))

    def _tell(self, request, refund):
        said = {
            "done": (f"{refund.text} refunded.", messages.SUCCESS),
            "pending": (
                f"{refund.text} is on its way: the gateway has not answered yet.",
                messages.WARNING,
            ),
        }
        text, level = said.get(refund.state, (f"Refused: {refund.error}", messages.ERROR))
        self.message_user(request, text, level)

    def _refund_page(self, request, order, form, lines, chosen):
        context = {
            **self.admin_site.each_context(request),
            "title": f"Refund order {order.number}",
            "opts": self.opts,
            "order": order,
            "form": form,
            "lines": lines,
            "chosen": [
                {
                    "line": line,
                    "amount": money.text(amount, order.currency),
                    "ends": amount == line.left_minor,
                    "pieces": line.left_pieces - line.pieces_for(line.left_minor - amount),
                }
                for line, amount in chosen
            ],
            "sum": money.text(sum(amount for _, amount in chosen), order.currency),
        }
        return TemplateResponse(request, "admin/payments/order/refund.html", context)


def _chosen(form, lines) -> list:
    """(line, amount) of the lines with an amount; errors go onto the form."""
    chosen = []
    for line in lines:
        said = form.cleaned_data.get(line.public_id, "").strip()
        if not said:
            continue
        try:
            amount = money.parse(said, line.currency)
        except money.MoneyError as error:
            form.add_error(line.public_id, str(error))
            continue
        if not 0 < amount <= line.left_minor:
            form.add_error(line.public_id, f"Between zero and {line.left_text}.")
            continue
        chosen.append((line, amount))
    if form.errors:
        return []
    if not chosen:
        form.add_error(None, "Write an amount beside at least one line.")
    return chosen
