"""Invoices when an order is paid, credit notes when money goes back, by refund or lost dispute.

Both are written in the transaction that moves the money, so that there is never one without the
other, and printed later from what was frozen then. Numbers come from a counter row that the
transaction locks: a number that is not used goes back with it, so that there are no gaps.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from engineroom import audit, clock, mail, outbox
from payments import invoicing, states, taxes
from payments.invoicing import Part
from payments.models import (
    Dispute,
    Invoice,
    InvoiceSeries,
    Mode,
    Order,
    OrderLine,
    Payment,
    Refund,
)
from payments.queries.invoices import document_words
from payments.refusals import InvoiceHasNoAddress

PRINT_TOPIC = "payments.print_invoice"
TAKEN_BACK = "Your bank took the payment back."


def next_number(prefix: str) -> tuple[InvoiceSeries, int]:
    """The series and its next number. The row stays locked to the end of the caller's transaction."""
    series, _created = InvoiceSeries.objects.get_or_create(prefix=prefix)
    InvoiceSeries.objects.filter(pk=series.pk).update(last_number=F("last_number") + 1)
    series.refresh_from_db(fields=["last_number"])
    return series, series.last_number


def prefix_of(kind: str, mode: str, year: int) -> str:
    """Invoices `2026-`, credit notes `CN-2026-`, and their likes in test mode `TEST-…`."""
    test = "TEST-" if mode == Mode.TEST else ""
    note = "CN-" if kind == Invoice.Kind.CREDIT_NOTE else ""
    return f"{test}{note}{year}-"


@transaction.atomic
def issue_invoice(order: Order) -> Invoice | None:
    """The one invoice of the order, written now unless it is there; None when nothing was charged.

    The caller holds the lock of the order. An order without money (a trial, a coupon of 100 %) is
    no supply for consideration, so that it needs none.
    """
    if found := Invoice.objects.filter(order=order, kind=Invoice.Kind.INVOICE).first():
        return found
    if not order.total_minor:
        return None
    lines = [_line(order, line) for line in order.lines.order_by("pk")]
    payment = order.payments.filter(state=states.CAPTURED).order_by("pk").first()
    paid = order.total_minor if order.is_settled else 0
    return _write(
        Invoice.Kind.INVOICE,
        order,
        lines=lines,
        paid_minor=paid,
        payment={
            "method": payment.method if payment else "",
            "gateway": payment.gateway if payment else "",
            "on": _day(order.paid_at) if order.paid_at else "",
        },
    )


@transaction.atomic
def issue_credit_note(refund: Refund) -> Invoice | None:
    """The one credit note of a finished refund, written now unless it is there.

    Net, tax and rounding go back in proportion, and never more of each than the invoice has. Seller,
    buyer and VAT category are those of the invoice, whatever the settings say by now. An order paid
    before there were invoices gets its invoice first. The caller holds the order's lock.
    """
    if found := Invoice.objects.filter(refund=refund).first():
        return found
    rows = refund.lines.select_related("line").order_by("pk")
    parts = [(row.line, row.amount_minor) for row in rows]
    when = refund.done_at or clock.now()
    return _credit(
        refund.order, parts, refund.payment, when, reason=refund.reason, about={"refund": refund}
    )


@transaction.atomic
def issue_dispute_note(dispute: Dispute, parts: list[tuple[OrderLine, int]]) -> Invoice | None:
    """The one credit note of a lost dispute, mailed to the buyer: the money is back with them, so that
    the sale is undone to that extent as by a refund. `parts`: what was taken of which line.

    None when nothing was left to take. The caller holds the order's lock.
    """
    if found := Invoice.objects.filter(dispute=dispute).first():
        return found
    payment = dispute.payment
    note = _credit(
        payment.order, parts, payment, dispute.closed_at, reason=TAKEN_BACK,
        about={"dispute": dispute}, taken_back=True,
    )  # fmt: skip
    if note and note.order.email:
        key = f"dispute-note:{dispute.public_id}"
        mail.send("invoice", note.order.email, document_words(note), key=key)
    return note


def _credit(
    order: Order, parts, payment: Payment, when, *, reason: str, about: dict, taken_back=False
) -> Invoice | None:
    invoice = issue_invoice(order)
    if invoice is None or not parts:
        return None
    rows = {row["id"]: row for row in invoice.document["lines"]}
    lines = [
        rows[line.public_id] | _amounts(share)
        for line, amount in parts
        if (share := _credited(line, amount)).gross
    ]
    said = {"method": payment.method, "gateway": payment.gateway, "on": _day(when)}
    return _write(
        Invoice.Kind.CREDIT_NOTE,
        order,
        lines=lines,
        paid_minor=sum(amount for _, amount in parts),
        payment=said | ({"taken_back": True} if taken_back else {}),
        corrects=invoice,
        reason=reason,
        about=about,
    )


def _credited(line: OrderLine, amount_minor: int) -> Part:
    """The parts of what goes back of this line, out of what earlier credit notes left."""
    left = Part(net=line.net_minor, tax=line.tax_minor, rounding=line.rounding_minor)
    earlier = Invoice.objects.filter(
        order_id=line.order_id, kind=Invoice.Kind.CREDIT_NOTE
    ).order_by("pk")
    for note in earlier:
        for row in note.document["lines"]:
            if row["id"] == line.public_id:
                left = left.less(
                    Part(
                        net=row["net_minor"],
                        tax=row["tax_minor"],
                        rounding=row["rounding_minor"],
                    )
                )
    return invoicing.share(left, amount_minor)


def _line(order: Order, line: OrderLine) -> dict:
    rate = line.tax_rate if order.tax_kind == "standard" else 0
    whole = Part(net=line.net_minor, tax=line.tax_minor, rounding=line.rounding_minor)
    return {
        "id": line.public_id,
        "title": line.title,
        "kind": line.kind,
        "quantity": line.quantity,
        "rate": rate,
        "category": invoicing.category(
            order.tax_kind, rate, is_exempt=settings.SELLER_SMALL_BUSINESS
        ),
    } | _amounts(whole)


def _amounts(part: Part) -> dict[str, int]:
    return {
        "net_minor": part.net,
        "tax_minor": part.tax,
        "rounding_minor": part.rounding,
        "total_minor": part.gross,
    }


def _write(
    kind: str,
    order: Order,
    *,
    lines: list[dict],
    paid_minor: int,
    payment: dict,
    corrects: Invoice | None = None,
    reason: str = "",
    about: dict | None = None,
) -> Invoice:
    now = clock.now()
    prefix = prefix_of(kind, order.mode, timezone.localtime(now).year)
    series, sequence = next_number(prefix)
    number = f"{prefix}{sequence:06d}"
    document = invoicing.document(
        kind=kind,
        number=number,
        issued_on=_day(now),
        order=_order(order),
        seller=corrects.document["seller"] if corrects else _seller(),
        buyer=corrects.document["buyer"] if corrects else _buyer(order),
        lines=lines,
        paid_minor=paid_minor,
        payment=payment,
        is_test=order.mode == Mode.TEST,
        corrects=_reference(corrects, reason) if corrects else None,
    )
    sums = document["totals"]
    invoice = Invoice.objects.create(
        series=series,
        sequence=sequence,
        number=number,
        kind=kind,
        mode=order.mode,
        order=order,
        **(about or {}),
        corrects=corrects,
        issued_at=now,
        country=corrects.country if corrects else _tax_country(order),
        currency=order.currency,
        net_minor=sums["net_minor"],
        tax_minor=sums["tax_minor"],
        total_minor=sums["total_minor"],
        document=document,
    )
    audit.record(f"{kind}.issued", number, order=order.number, total_minor=invoice.total_minor)
    outbox.put(PRINT_TOPIC, {"invoice": invoice.public_id}, key=f"print:{invoice.public_id}")
    return invoice


def _day(moment) -> str:
    return timezone.localtime(moment).date().isoformat()


def _tax_country(order: Order) -> str:
    """Where the tax is owed: the buyer's country, or the school's where its rate was taken."""
    when = timezone.localtime(order.placed_at).date()
    territory = order.evidence.get("territory", "")
    return taxes.terms(order.country, order.vat_id, when, territory).country or order.country


def _order(order: Order) -> dict:
    return {
        "number": order.number,
        "currency": order.currency,
        "tax_kind": order.tax_kind,
        "coupon": order.coupon_code,
        "discount_minor": order.discount_minor,
        "supplied_on": _day(order.paid_at or order.placed_at),
        "from": _day(order.period_starts_at) if order.period_starts_at else "",
        "until": _day(order.period_ends_at) if order.period_ends_at else "",
    }


def _seller() -> dict:
    return {
        "name": settings.SELLER_NAME,
        "address": list(settings.SELLER_ADDRESS),
        "country": settings.SELLER_COUNTRY,
        "vat_id": settings.SELLER_VAT_ID,
        "register": settings.SELLER_REGISTER,
        "email": settings.SELLER_EMAIL,
        "url": settings.SITE_URL,
    }


def _buyer(order: Order) -> dict:
    said = order.billing
    name = said.get("name", "") or getattr(order.person, "name", "") or ""
    return {
        "name": name,
        "company": said.get("company", ""),
        "street": said.get("street", ""),
        "postal_code": said.get("postal_code", ""),
        "city": said.get("city", ""),
        "region": said.get("region", ""),
        "country": order.country,
        "vat_id": order.vat_id,
        "email": order.email,
    }


def _reference(invoice: Invoice, reason: str) -> dict:
    return {
        "number": invoice.number,
        "issued_on": invoice.document["issued_on"],
        "reason": reason,
    }


@transaction.atomic
def resend_invoice(*, invoice: Invoice, actor) -> None:
    """Mail the buyer the link once more. Raises InvoiceHasNoAddress when nobody can get it."""
    address = invoice.order.email or getattr(invoice.order.person, "email", "")
    if not address:
        raise InvoiceHasNoAddress
    mail.send("invoice", address, document_words(invoice))
    audit.record("invoice.sent_again", invoice.number, actor=actor)


def credited_minor(invoice: Invoice) -> int:
    """What credit notes took off it so far: one query."""
    return invoice.credit_notes.aggregate(sum=Sum("total_minor"))["sum"] or 0
