"""Invoices to look at, download and send again; sales and quarterly VAT for bookkeeping."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from engineroom import clock
from engineroom.admin import ReadOnlyAdmin
from engineroom.budgets import budget
from engineroom.refusals import Refusal
from payments import einvoice, money, oss
from payments.actions.exporting import export_oss, export_register
from payments.actions.invoices import resend_invoice
from payments.models import Invoice, InvoiceSeries, Mode
from payments.pricing import percent_text
from payments.queries.sales import oss_return


class RegisterForm(forms.Form):
    """Both days included."""

    start = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))
    mode = forms.ChoiceField(label="Mode", choices=Mode.choices)

    def clean(self):
        said = super().clean()
        if said.get("start") and said.get("until") and said["until"] < said["start"]:
            self.add_error("until", "The last day is before the first.")
        return said


class QuarterForm(forms.Form):
    quarter = forms.CharField(label="Quarter", max_length=6, help_text="Such as 2026Q4.")
    rates = forms.CharField(
        label="Rates for one euro",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 30}),
        help_text="One a line, such as USD 1.0832: what the European Central Bank published for the "
        "last day of the quarter. Without its rate a currency is not converted.",
    )
    mode = forms.ChoiceField(label="Mode", choices=Mode.choices)

    def clean_quarter(self):
        quarter = self.cleaned_data["quarter"].strip().upper()
        try:
            oss.days_of(quarter)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return quarter

    def clean_rates(self):
        try:
            return oss.parse_rates(self.cleaned_data["rates"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(ReadOnlyAdmin):
    list_display = ["prefix", "last_number"]
    search_fields = ["prefix"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    change_list_template = "admin/payments/invoice/change_list.html"
    change_form_template = "admin/payments/invoice/change_form.html"
    list_display = [
        "number",
        "kind",
        "mode",
        "order",
        "country",
        "net",
        "tax",
        "total",
        "issued_at",
    ]
    list_select_related = ["order"]
    list_filter = ["kind", "mode", "country", "currency", "issued_at"]
    search_fields = ["number", "order__number"]
    search_help_text = "Number of the document or of the order"
    fields = [
        ("number", "kind", "mode"),
        ("order", "corrects", "refund", "dispute"),
        ("country", "net", "tax", "total"),
        "issued_at",
        "files",
    ]
    readonly_fields = ["number", "net", "tax", "total", "issued_at", "files"]

    @admin.display(description="Net", ordering="net_minor")
    def net(self, invoice):
        return money.text(invoice.net_minor, invoice.currency)

    @admin.display(description="VAT", ordering="tax_minor")
    def tax(self, invoice):
        return money.text(invoice.tax_minor, invoice.currency)

    @admin.display(description="Total", ordering="total_minor")
    def total(self, invoice):
        return invoice.text

    @admin.display(description="Document")
    def files(self, invoice):
        page = format_html('<a href="/invoices/{}/">Page</a>', invoice.public_id)
        pdf = format_html('<a href="/invoices/{}.pdf">PDF</a>', invoice.public_id)
        if not einvoice.has_xml(invoice.document):
            return format_html("{}, {}", page, pdf)
        xml = format_html('<a href="/invoices/{}.xml">XML</a>', invoice.public_id)
        return format_html("{}, {}, {}", page, pdf, xml)

    def get_urls(self):
        sales = budget(1000)(self.admin_site.admin_view(self.sales_view))
        resend = budget(500)(self.admin_site.admin_view(self.resend_view))
        return [
            path("sales/", sales, name="payments_invoice_sales"),
            path("<path:object_id>/resend/", resend, name="payments_invoice_resend"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = request.user.has_perm("payments.export_sales")
        return super().changelist_view(request, {"may_export": may, **(extra_context or {})})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        may = request.user.has_perm("payments.change_invoice")
        context = {"may_resend": may, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def resend_view(self, request, object_id):
        """Asks once, then mails the buyer the link again."""
        if not request.user.has_perm("payments.change_invoice"):
            raise PermissionDenied
        invoice = self.get_object(request, object_id)
        if invoice is None:
            raise Http404
        if request.method == "POST":
            try:
                resend_invoice(invoice=invoice, actor=request.user)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.message_user(request, f"{invoice.number} is on its way.", messages.SUCCESS)
            return redirect(reverse("admin:payments_invoice_change", args=[invoice.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Send {invoice.number} again",
            "opts": self.opts,
            "invoice": invoice,
        }
        return TemplateResponse(request, "admin/payments/invoice/resend.html", context)

    def sales_view(self, request):
        """Two forms: the sales register of some days, and a quarter's One Stop Shop return."""
        if not request.user.has_perm("payments.export_sales"):
            raise PermissionDenied
        today = timezone.localtime(clock.now()).date()
        start, _ = oss.days_of(oss.quarter_of(today))
        initial = {"quarter": oss.quarter_of(today), "start": start, "until": today, "mode": "live"}
        asked = request.POST
        wanted = next((name for name in ("register", "oss", "oss_file") if name in asked), "")
        register = RegisterForm(
            asked if wanted == "register" else None, initial=initial, auto_id="register_%s"
        )
        quarter = QuarterForm(
            asked if wanted.startswith("oss") else None, initial=initial, auto_id="oss_%s"
        )
        shown = None
        if wanted == "register" and register.is_valid():
            return self._register(request, register.cleaned_data)
        if wanted.startswith("oss") and quarter.is_valid():
            said = quarter.cleaned_data
            if wanted == "oss_file":
                return self._oss_file(request, said)
            shown = _shown(*oss_return(said["quarter"], said["mode"], said["rates"]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Sales and VAT",
            "opts": self.opts,
            "register": register,
            "quarter": quarter,
            "shown": shown,
        }
        return TemplateResponse(request, "admin/payments/invoice/sales.html", context)

    def _register(self, request, said):
        text = export_register(
            start=said["start"], until=said["until"], mode=said["mode"], actor=request.user
        )
        return _file(text, f"sales-{said['start']}-{said['until']}-{said['mode']}.csv")

    def _oss_file(self, request, said):
        text = export_oss(
            quarter=said["quarter"], mode=said["mode"], rates=said["rates"], actor=request.user
        )
        return _file(text, f"oss-{said['quarter']}-{said['mode']}.csv")


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _euro(cents: int | None) -> str:
    return "no rate" if cents is None else money.text(cents, "EUR")


def _shown(lines, corrections) -> dict:
    """The return as texts."""
    known = [line.tax_eur for line in lines] + [row.tax_eur for row in corrections]
    return {
        "lines": [
            {
                "country": line.country,
                "rate": percent_text(line.rate),
                "net": money.text(line.net_minor, line.currency),
                "tax": money.text(line.tax_minor, line.currency),
                "net_eur": _euro(line.net_eur),
                "tax_eur": _euro(line.tax_eur),
            }
            for line in lines
        ],
        "corrections": [
            {
                "quarter": row.of_quarter,
                "country": row.country,
                "tax": money.text(row.tax_minor, row.currency),
                "tax_eur": _euro(row.tax_eur),
            }
            for row in corrections
        ],
        "sum": "" if None in known else money.text(sum(known), "EUR"),
    }
