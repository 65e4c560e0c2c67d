"""What stands on an invoice, as plain values: built once, frozen, and printed from then on.

A document is JSON: amounts in minor units, rates in hundredths of a percent, days as ISO dates. Page,
PDF and XML all print it and read nothing else, so that they say in ten years what they say today.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from payments import countries, money
from payments.pricing import percent_text

VERSION = 1
REVERSE_NOTE = (
    "Reverse charge: the customer owes the VAT (Directive 2006/112/EC, articles 44 and 196)."
)
OUTSIDE_NOTE = (
    "Not subject to VAT in the seller's country: the service is supplied where the customer is."
)
EXEMPT_NOTE = "No VAT is charged under the small-business exemption."
TEST_NOTE = "Test document: no real money moved, and it is no tax document."
# UNTDID 5305 codes of EN 16931: standard, zero, reverse charge, not subject to VAT, exempt.
STANDARD, ZERO, REVERSE, OUTSIDE, EXEMPT = "S", "Z", "AE", "O", "E"


@dataclass(frozen=True, kw_only=True)
class Part:
    """An amount in its three parts: `net + tax + rounding` is what was paid."""

    net: int
    tax: int
    rounding: int = 0

    @property
    def gross(self) -> int:
        return self.net + self.tax + self.rounding

    def less(self, other: "Part") -> "Part":
        return Part(
            net=self.net - other.net,
            tax=self.tax - other.tax,
            rounding=self.rounding - other.rounding,
        )


def share(left: Part, amount: int) -> Part:
    """The parts of `amount` out of what is left of a line, by largest remainder.

    No part ever exceeds what is left of it, and the whole of what is left gives exactly that: the
    credit notes of a line add up to its line on the invoice. Raises ValueError for more than is left.
    """
    if not 0 <= amount <= left.gross:
        raise ValueError("More than is left of the line.")
    if amount == left.gross:
        return left
    if left.rounding < 0:
        # The unit that was too much goes back with the last amount.
        net, tax = money.split(amount, [left.net + left.rounding, left.tax])
        return Part(net=net, tax=tax)
    net, tax, rounding = money.split(amount, [left.net, left.tax, left.rounding])
    return Part(net=net, tax=tax, rounding=rounding)


def category(tax_kind: str, rate: int, *, is_exempt: bool) -> str:
    """The VAT category code of EN 16931."""
    if tax_kind == "standard":
        return STANDARD if rate else ZERO
    if tax_kind == "reverse":
        return REVERSE
    return EXEMPT if tax_kind == "none" and is_exempt else OUTSIDE


def notes(categories: set[str], *, has_seller_country: bool, is_test: bool) -> list[str]:
    """The sentences the law wants beside amounts without tax."""
    said = []
    if REVERSE in categories:
        said.append(REVERSE_NOTE)
    if EXEMPT in categories:
        said.append(EXEMPT_NOTE)
    if OUTSIDE in categories and has_seller_country:
        said.append(OUTSIDE_NOTE)
    if is_test:
        said.append(TEST_NOTE)
    return said


def grouped(lines: list[dict]) -> list[dict]:
    """The lines summed by VAT category and rate."""
    sums: dict[tuple[str, int], dict] = {}
    for line in lines:
        row = sums.setdefault(
            (line["category"], line["rate"]),
            {
                "category": line["category"],
                "rate": line["rate"],
                "net_minor": 0,
                "tax_minor": 0,
                "rounding_minor": 0,
            },
        )
        for name in ("net_minor", "tax_minor", "rounding_minor"):
            row[name] += line[name]
    return [sums[key] for key in sorted(sums)]


def totals(lines: list[dict], paid: int) -> dict:
    """The sums under the lines. `paid_minor` of a credit note is what has been sent back."""
    net = sum(line["net_minor"] for line in lines)
    tax = sum(line["tax_minor"] for line in lines)
    rounding = sum(line["rounding_minor"] for line in lines)
    total = net + tax + rounding
    return {
        "net_minor": net,
        "tax_minor": tax,
        "rounding_minor": rounding,
        "total_minor": total,
        "paid_minor": paid,
        "due_minor": total - paid,
    }


def document(
    *,
    kind: str,
    number: str,
    issued_on: str,
    order: Mapping,
    seller: Mapping,
    buyer: Mapping,
    lines: list[dict],
    paid_minor: int,
    payment: Mapping,
    is_test: bool,
    corrects: Mapping | None = None,
) -> dict:
    """The whole document. `lines` carry net, tax and rounding, which add up to their total."""
    categories = {line["category"] for line in lines}
    return {
        "version": VERSION,
        "kind": kind,
        "number": number,
        "issued_on": issued_on,
        "language": "en",
        "is_test": is_test,
        "currency": order["currency"],
        "order": dict(order),
        "seller": dict(seller),
        "buyer": dict(buyer),
        "lines": lines,
        "groups": grouped(lines),
        "totals": totals(lines, paid_minor),
        "payment": dict(payment),
        "corrects": dict(corrects) if corrects else None,
        "notes": notes(categories, has_seller_country=bool(seller["country"]), is_test=is_test),
    }


# fmt: off
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)
# fmt: on
CATEGORY_LABELS = {
    REVERSE: "Reverse charge",
    OUTSIDE: "No VAT",
    EXEMPT: "Exempt from VAT",
}


def day_text(day: str) -> str:
    """`2026-11-24` as `24 November 2026`."""
    year, month, number = day.split("-")
    return f"{int(number)} {MONTHS[int(month) - 1]} {year}"


def rate_text(row: Mapping) -> str:
    """`19 %`, or why there is none."""
    return CATEGORY_LABELS.get(row["category"]) or percent_text(row["rate"])


def _country(code: str) -> str:
    return countries.NAMES.get(code, code)


def seller_lines(seller: Mapping) -> list[str]:
    said = [seller["name"], *seller["address"], _country(seller["country"])]
    if seller["vat_id"]:
        said.append(f"VAT id {seller['vat_id']}")
    return [line for line in [*said, seller["register"], seller["email"]] if line]


def buyer_lines(buyer: Mapping) -> list[str]:
    place = " ".join(part for part in (buyer["postal_code"], buyer["city"]) if part)
    said = [buyer["company"], buyer["name"], buyer["street"], place, buyer["region"]]
    said.append(_country(buyer["country"]))
    if buyer["vat_id"]:
        said.append(f"VAT id {buyer['vat_id']}")
    found = [line for line in said if line]
    return [*found, buyer["email"]] if buyer["email"] else found or ["Buyer's data erased"]


def _facts(document: Mapping) -> list[dict]:
    order, payment, corrects = document["order"], document["payment"], document["corrects"]
    facts = [
        ("Date", day_text(document["issued_on"])),
        ("Order", order["number"]),
        ("Supplied", day_text(order["supplied_on"])),
    ]
    if order["from"] and order["until"]:
        facts.append(("Period", f"{day_text(order['from'])} to {day_text(order['until'])}"))
    if corrects:
        facts.append(
            ("Corrects", f"Invoice {corrects['number']} of {day_text(corrects['issued_on'])}")
        )
        if corrects["reason"]:
            facts.append(("Reason", corrects["reason"]))
    if payment["on"]:
        verb, word = ("Refunded", "to") if corrects else ("Paid", "with")
        if payment.get("taken_back"):
            verb = "Taken back"
        method = f" {word} {payment['method']}" if payment["method"] else ""
        facts.append((verb, f"{day_text(payment['on'])}{method}"))
    return [{"label": label, "value": value} for label, value in facts]


def _sums(document: Mapping) -> list[dict]:
    def row(label: str, minor: int, *, strong: bool = False) -> dict:
        text = money.text(minor, document["currency"])
        return {"label": label, "amount": text, "is_strong": strong}

    sums = document["totals"]
    rows = [row("Net", sums["net_minor"])]
    for group in document["groups"]:
        if group["category"] in (STANDARD, ZERO):
            label = (
                f"VAT {rate_text(group)} on {money.text(group['net_minor'], document['currency'])}"
            )
            rows.append(row(label, group["tax_minor"]))
        elif document["seller"]["country"]:
            rows.append(row(rate_text(group), 0))
    if sums["rounding_minor"]:
        rows.append(row("Rounding", sums["rounding_minor"]))
    is_note = document["kind"] == "credit_note"
    rows.append(row("Credited" if is_note else "Total", sums["total_minor"], strong=True))
    if not is_note:
        rows.append(row("Paid", sums["paid_minor"]))
        rows.append(row("To be paid", sums["due_minor"], strong=bool(sums["due_minor"])))
    return rows


def printed(document: Mapping) -> dict:
    """The document as texts, in the order they are read. Page and PDF print this and nothing else."""
    currency = document["currency"]
    title = "Credit note" if document["kind"] == "credit_note" else "Invoice"
    return {
        "title": title,
        "number": document["number"],
        "heading": f"{title} {document['number']}",
        "language": document["language"],
        "facts": _facts(document),
        "seller": seller_lines(document["seller"]),
        "buyer": buyer_lines(document["buyer"]),
        "rows": [
            {
                "title": line["title"],
                "quantity": str(line["quantity"]),
                "net": money.text(line["net_minor"], currency),
                "rate": rate_text(line) if document["seller"]["country"] else "",
                "total": money.text(line["total_minor"], currency),
            }
            for line in document["lines"]
        ],
        "sums": _sums(document),
        "notes": document["notes"],
        "has_tax": bool(document["seller"]["country"]),
        "foot": f"{document['seller']['name']}, {document['seller']['url']}",
    }
