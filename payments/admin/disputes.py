"""Disputes: what the buyer's bank says, what the school knows, and the one answer."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.defaultfilters import linebreaksbr
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html_join

from engineroom.admin import ReadOnlyAdmin
from engineroom.budgets import budget
from engineroom.refusals import Refusal
from payments import money, states
from payments.actions.disputes import answer_dispute
from payments.forms import EvidenceForm
from payments.gateways import evidence
from payments.models import Dispute
from payments.queries.disputes import pack_of


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    change_form_template = "admin/payments/dispute/change_form.html"
    list_display = ["public_id", "order", "state", "amount", "reason", "due_at", "opened_at"]
    list_select_related = ["payment__order"]
    list_filter = ["state", "currency", "opened_at"]
    search_fields = ["public_id", "reference", "payment__order__number"]
    fields = [
        ("public_id", "state", "reference"),
        ("order", "payment"),
        ("amount", "fee", "currency"),
        "reason",
        ("opened_at", "due_at", "closed_at"),
        "evidence_sent_at",
        "answer_sent",
    ]
    readonly_fields = ["order", "amount", "fee", "public_id", "opened_at", "answer_sent"]

    @admin.display(description="Order")
    def order(self, dispute):
        return dispute.payment.order.number

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, dispute):
        return dispute.text

    @admin.display(description="Fee of the gateway")
    def fee(self, dispute):
        return money.text(dispute.fee_minor, dispute.currency)

    @admin.display(description="The answer that was sent")
    def answer_sent(self, dispute):
        """By name, each text with its line breaks."""
        said = evidence.clean(dispute.evidence)
        rows = ((evidence.NAMES[name], linebreaksbr(text)) for name, text in said.items())
        return format_html_join("", "<p><strong>{}</strong><br>{}</p>", rows) or "-"

    def get_urls(self):
        page = self.admin_site.admin_view(self.answer_view)
        return [
            path("<path:dispute_id>/answer/", budget(500)(page), name="payments_dispute_answer"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        may = request.user.has_perm("payments.answer_dispute")
        context = {"may_answer": may, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def answer_view(self, request, dispute_id):
        """The pack to read and add to, then a page that asks once more, then the answer."""
        if not request.user.has_perm("payments.answer_dispute"):
            raise PermissionDenied
        dispute = self.get_object(request, dispute_id)
        if dispute is None:
            raise Http404
        page = redirect(reverse("admin:payments_dispute_change", args=[dispute.pk]))
        if dispute.state != states.OPEN or dispute.evidence_sent_at:
            self.message_user(request, "This dispute takes no answer any more.", messages.WARNING)
            return page
        form = EvidenceForm(request.POST or None, initial=pack_of(dispute))
        asks = request.method == "POST" and form.is_valid()
        if asks and "confirmed" in request.POST:
            self._answer(request, dispute, form.cleaned_data)
            return page
        context = {
            **self.admin_site.each_context(request),
            "title": f"Answer the dispute about order {dispute.payment.order.number}",
            "opts": self.opts,
            "dispute": dispute,
            "form": form,
            "asks": asks,
            "sends": [
                (evidence.NAMES[name], text) for name, text in evidence.clean(form.said()).items()
            ],
        }
        return TemplateResponse(request, "admin/payments/dispute/answer.html", context)

    def _answer(self, request, dispute, said):
        try:
            answer_dispute(dispute=dispute, evidence=said, is_confirmed=True, actor=request.user)
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, "The answer was sent.", messages.SUCCESS)
