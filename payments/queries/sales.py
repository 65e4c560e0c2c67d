"""Sales for bookkeeping: the register of documents, and what the One Stop Shop wants to know."""

from collections.abc import Iterator
from datetime import date, datetime, time

from django.conf import settings
from django.utils import timezone

from payments import invoicing, money, oss, vat
from payments.models import Invoice
from payments.tables import csv_text, number

REGISTER = [
    "number", "kind", "issued_on", "supplied_on", "order", "corrects", "buyer", "buyer_country",
    "vat_id", "tax_country", "category", "rate_percent", "currency", "net", "tax", "rounding",
    "total", "paid_with", "evidence",
]  # fmt: skip
RETURN = ["country", "rate_percent", "currency", "net", "tax", "net_eur", "tax_eur"]
CORRECTIONS = ["quarter", "country", "currency", "tax", "tax_eur"]


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def documents_between(start: date, end: date, mode: str):
    """Documents issued from `start` to the day before `end`, in the order they were written."""
    return (
        Invoice.objects.filter(issued_at__gte=_moment(start), issued_at__lt=_moment(end), mode=mode)
        .select_related("order", "corrects")
        .order_by("pk")
    )


def _percent(rate: int) -> number:
    whole, rest = divmod(rate, 100)
    return number(f"{whole}.{rest:02d}")


def register_rows(start: date, end: date, mode: str) -> Iterator[list]:
    """A row for each VAT group of each document. Credit notes are negative."""
    for invoice in documents_between(start, end, mode).iterator(500):
        said = invoice.document
        sign = -1 if invoice.kind == Invoice.Kind.CREDIT_NOTE else 1
        evidence = "; ".join(f"{name} {place}" for name, place in invoice.order.evidence.items())
        for group in said["groups"]:
            parts = [group["net_minor"], group["tax_minor"], group["rounding_minor"]]
            yield [
                invoice.number,
                invoice.kind,
                said["issued_on"],
                said["order"]["supplied_on"],
                said["order"]["number"],
                (said["corrects"] or {}).get("number", ""),
                said["buyer"]["company"] or said["buyer"]["name"],
                said["buyer"]["country"],
                said["buyer"]["vat_id"],
                invoice.country,
                group["category"],
                _percent(group["rate"]),
                invoice.currency,
                *[
                    number(money.plain(sign * part, invoice.currency))
                    for part in [*parts, sum(parts)]
                ],
                said["payment"]["method"],
                evidence,
            ]


def register_csv(start: date, end: date, mode: str) -> str:
    return csv_text(REGISTER, register_rows(start, end, mode))


def oss_sales(quarter: str, mode: str) -> Iterator[oss.Sale]:
    """The quarter's documents for consumers in other member states. Raises ValueError."""
    home = vat.iso(settings.SELLER_COUNTRY)
    documents = documents_between(*oss.days_of(quarter), mode).exclude(country=home)
    for invoice in documents.filter(country__in=sorted(vat.EU)).iterator(500):
        origin = invoice.corrects or invoice
        sign = -1 if invoice.corrects_id else 1
        for group in invoice.document["groups"]:
            if group["category"] not in (invoicing.STANDARD, invoicing.ZERO):
                continue
            yield oss.Sale(
                quarter=quarter,
                of_quarter=oss.quarter_of(date.fromisoformat(origin.document["issued_on"])),
                country=invoice.country,
                rate=group["rate"],
                currency=invoice.currency,
                net_minor=sign * group["net_minor"],
                tax_minor=sign * group["tax_minor"],
            )


def oss_return(quarter: str, mode: str, rates) -> tuple[list[oss.Total], list[oss.Correction]]:
    """Lines and corrections of the quarter's return. Raises ValueError for another quarter."""
    return oss.totals(oss_sales(quarter, mode), quarter, rates)


def _euro(cents: int | None) -> number | str:
    return "" if cents is None else number(money.plain(cents, "EUR"))


def oss_csv(lines: list[oss.Total], corrections: list[oss.Correction]) -> str:
    """Both parts of the return, one under the other."""
    upper = csv_text(
        RETURN,
        (
            [
                line.country,
                _percent(line.rate),
                line.currency,
                number(money.plain(line.net_minor, line.currency)),
                number(money.plain(line.tax_minor, line.currency)),
                _euro(line.net_eur),
                _euro(line.tax_eur),
            ]
            for line in lines
        ),
    )
    if not corrections:
        return upper
    lower = csv_text(
        CORRECTIONS,
        (
            [
                row.of_quarter,
                row.country,
                row.currency,
                number(money.plain(row.tax_minor, row.currency)),
                _euro(row.tax_eur),
            ]
            for row in corrections
        ),
    )
    return f"{upper}\r\n{lower}"
