"""Invoices as their buyers and staff see them."""

from django.db.models import Q

from engineroom.addresses import absolute_url
from payments.models import Invoice, Order


def invoices_of(person):
    """The person's invoices and credit notes, newest first: one query with their orders."""
    return Invoice.objects.filter(order__person=person).select_related("order").order_by("-pk")


def invoice_for(public_id: str, person, checkout_ids: list[str]) -> Invoice | None:
    """The document if the person owns its order, may see all, or is the guest whose session paid it."""
    allowed = Q(pk__in=[])
    if person is not None:
        allowed |= Q(order__person=person)
        if person.has_perm("payments.view_invoice"):
            return _with_order().filter(public_id=public_id).first()
    if checkout_ids:
        allowed |= Q(order__checkout__public_id__in=checkout_ids, order__was_guest=True)
    return _with_order().filter(allowed, public_id=public_id).first()


def _with_order():
    return Invoice.objects.select_related("order", "order__person", "corrects")


def documents_of(order: Order) -> list[Invoice]:
    """Invoice and credit notes of the order, oldest first: one query."""
    return list(order.invoices.order_by("pk"))


def document_words(invoice: Invoice) -> dict:
    """The context of the mail that links to it: no query."""
    return {
        "number": invoice.number,
        "is_credit_note": invoice.kind == Invoice.Kind.CREDIT_NOTE,
        "total": invoice.text,
        "order_number": invoice.order.number,
        "issued_at": invoice.issued_at,
        "is_test": invoice.document["is_test"],
        "invoice_url": absolute_url(invoice.get_absolute_url()),
    }


def export_rows(person) -> list[dict]:
    """The documents about a person, as plain values. They outlive the account: the law wants them kept."""
    return [
        {
            "number": invoice.number,
            "kind": invoice.kind,
            "issued_at": invoice.issued_at.isoformat(),
            "currency": invoice.currency,
            "total_minor": invoice.total_minor,
            "document": invoice.document,
        }
        for invoice in Invoice.objects.filter(order__person=person).order_by("pk")
    ]
