"""Invoices and credit notes: as a page, as PDF, as EN 16931 XML."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from engineroom.pages import open_page
from payments import einvoice, invoicing, printing
from payments.models import Invoice
from payments.queries.invoices import invoice_for
from payments.views.visitors import person_of, remembered


def _visible(request, invoice_id: str) -> Invoice:
    """Raises Http404 when there is none, or it is another person's."""
    invoice = None
    if invoice_id.isprintable():
        invoice = invoice_for(invoice_id, person_of(request), remembered(request))
    if invoice is None:
        raise Http404
    return invoice


@open_page(methods=("GET", "HEAD"))
def page(request, invoice_id):
    """For the buyer, for the guest whose browser paid it, and for staff."""
    invoice = _visible(request, invoice_id)
    context = {
        "invoice": invoice,
        "printed": invoicing.printed(invoice.document),
        "why_no_xml": einvoice.why_not(invoice.document),
        "order": invoice.order,
    }
    response = render(request, "payments/invoice.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def download(invoice: Invoice, form: str) -> HttpResponse:
    """The file as an attachment. Raises NoElectronicInvoice, a 404 that says why there is no XML."""
    if form == "pdf":
        body, kind = printing.pdf(invoice.document), "application/pdf"
    else:
        body, kind = einvoice.xml(invoice.document), "application/xml"
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{invoice.number}.{form}"'
    response["X-Robots-Tag"] = "noindex"
    return response


@open_page(methods=("GET", "HEAD"), budget_ms=500)
def pdf(request, invoice_id):
    """PDF/UA-1. Printed ahead by the worker; the first asker waits only if it was not yet."""
    return download(_visible(request, invoice_id), "pdf")


@open_page(methods=("GET", "HEAD"), budget_ms=250)
def xml(request, invoice_id):
    return download(_visible(request, invoice_id), "xml")
