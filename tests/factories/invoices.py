"""Orders with tax on them, invoiced and credited by the till's own actions."""

from engineroom import outbox
from payments import pricing
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.models import Checkout, Invoice, Order, OrderLine
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, pay

BILLING = {
    "name": "Ada Buyer",
    "company": "",
    "street": "Rue de la Paix 1",
    "postal_code": "75002",
    "city": "Paris",
    "region": "",
}


def make_taxable_order(
    *, country="DE", vat_id="", person=None, email="guest@example.com", offers=1, **fields
) -> Order:
    """A placed order of a buyer in this country."""
    checkout = make_checkout(offers=offers, person=person, **fields)
    Checkout.objects.filter(pk=checkout.pk).update(country=country, vat_id=vat_id)
    return place_order(checkout=checkout, has_consented=True, email="" if person else email)


def tax_order(order: Order, *, rates=(1900,), kind="standard", country="DE", vat_id="") -> Order:
    """Write the tax onto a placed order, line by line, as if it had been priced so."""
    for line, rate in zip(
        order.lines.order_by("pk"), [*rates, *[rates[-1]] * 20][: order.lines.count()], strict=True
    ):
        net, tax, rounding = pricing.tax_within(line.total_minor, rate)
        if kind != "standard":
            net, tax, rounding, rate = line.total_minor, 0, 0, 0
        OrderLine.objects.filter(pk=line.pk).update(
            net_minor=net, tax_minor=tax, rounding_minor=rounding, tax_rate=rate
        )
    tax = sum(order.lines.values_list("tax_minor", flat=True))
    Order.objects.filter(pk=order.pk).update(
        tax_kind=kind, tax_minor=tax, country=country, vat_id=vat_id, billing=BILLING
    )
    order.refresh_from_db()
    return order


def make_invoice(*, rates=(1900,), kind="standard", country="DE", vat_id="", **fields) -> Invoice:
    """The invoice of a paid order. A new person's unless `person` or `email` is given."""
    if "email" not in fields and "person" not in fields:
        fields["person"] = make_user()
    order = make_taxable_order(country=country, vat_id=vat_id, **fields)
    tax_order(order, rates=rates, kind=kind, country=country, vat_id=vat_id)
    pay(start_payment(order=order))
    outbox.drain()
    return Invoice.objects.get(order=order, kind="invoice")


def credit(invoice: Invoice, amounts: list[int | None]) -> Invoice:
    """Refund the lines in their order by these amounts; the credit note."""
    lines = list(invoice.order.lines.order_by("pk"))
    refund = refund_lines(
        order=invoice.order,
        amounts={line.public_id: amount for line, amount in zip(lines, amounts, strict=False)},
        reason="Asked for it",
        key=f"{invoice.number}-{invoice.credit_notes.count()}",
    )
    return Invoice.objects.get(refund=refund)
