"""Invoices as EN 16931 XML: UN/CEFACT Cross Industry Invoice, valid against the Factur-X schema.

A sale without a country of the school has none: the standard wants the seller's. Neither has one in a
currency of three decimals, such as KWD: the rules BR-DEC-01 to BR-DEC-28 allow two in every amount, and
an amount that was rounded to two would be another one than was charged.
"""

import re
from collections.abc import Mapping
from datetime import date

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from engineroom.refusals import Refusal
from payments import invoicing, money

GUIDELINE = "urn:cen.eu:en16931:2017"
SCHEMA = "FACTUR-X_EN16931"
# UNTDID 1001.
TYPE_CODES = {"invoice": "380", "credit_note": "381"}
# UNTDID 4461: bank card, and "not defined" for everything else (30 and 58 want an account, BR-61).
CARD, UNDEFINED = "48", "1"
# UN/ECE Recommendation 20: one unit.
UNIT = "C62"
REASONS = {
    invoicing.REVERSE: ("VATEX-EU-AE", "Reverse charge"),
    invoicing.OUTSIDE: ("VATEX-EU-O", "Not subject to VAT"),
    invoicing.EXEMPT: ("", invoicing.EXEMPT_NOTE),
}
PLACE = re.compile(r"(?P<code>[A-Z0-9 -]*[0-9][A-Z0-9-]*)\s+(?P<city>\D.*)")
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


MOST_DECIMALS = 2


class NoElectronicInvoice(Refusal):
    """EN 16931 cannot say this document; the message tells why."""

    code = "no_electronic_invoice"
    message = "There is no XML of this document."
    status = 404


def _clean(text: str) -> str:
    return UNPRINTABLE.sub("", text)


def why_not(document: Mapping) -> str:
    """Why there is no XML of the document, as a sentence; "" when there is one."""
    if not document["seller"]["country"]:
        return "There is no XML of this document: the school has not said in which country it is."
    if (decimals := money.exponent(document["currency"])) > MOST_DECIMALS:
        return (
            f"There is no XML of this document: {document['currency']} has {decimals} decimals, and"
            " EN 16931 allows two. The page and the PDF are complete."
        )
    return ""


def has_xml(document: Mapping) -> bool:
    return not why_not(document)


def xml(document: Mapping) -> bytes:
    """The document as XML, checked against the schema. Raises NoElectronicInvoice."""
    if why := why_not(document):
        raise NoElectronicInvoice(why)
    made = Document()
    made.context.guideline_parameter.id = GUIDELINE
    made.header.id = document["number"]
    made.header.type_code = TYPE_CODES[document["kind"]]
    made.header.issue_date_time = date.fromisoformat(document["issued_on"])
    for text in document["notes"]:
        note = IncludedNote()
        note.content = _clean(text)
        made.header.notes.add(note)
    _parties(made, document)
    supplied = date.fromisoformat(document["order"]["supplied_on"])
    made.trade.delivery.event.occurrence = supplied
    for number, line in enumerate(document["lines"], 1):
        made.trade.items.add(_line(number, line, document["currency"]))
    _settlement(made.trade.settlement, document)
    return made.serialize(schema=SCHEMA)


def _parties(made: Document, document: Mapping) -> None:
    # BR-O-02: where nothing is subject to VAT no VAT id may stand.
    is_outside = any(line["category"] == invoicing.OUTSIDE for line in document["lines"])
    said, party = document["seller"], made.trade.agreement.seller
    party.name = _clean(said["name"])
    if said["register"]:
        party.legal_organization.id = ("", _clean(said["register"]))
    if is_outside or not said["vat_id"]:
        party.id = _clean(said["vat_id"] or said["register"] or said["name"])
    else:
        party.tax_registrations.add(TaxRegistration(id=("VA", said["vat_id"])))
    _seller_address(party.address, said)
    if said["email"]:
        party.electronic_address.uri_ID = ("EM", _clean(said["email"]))
    buyer, party = document["buyer"], made.trade.agreement.buyer
    party.name = _clean(buyer["company"] or buyer["name"] or buyer["email"] or "Buyer")
    party.address.postcode = _clean(buyer["postal_code"])
    party.address.line_one = _clean(buyer["street"])
    if buyer["company"] and buyer["name"]:
        party.address.line_two = _clean(buyer["name"])
    party.address.city_name = _clean(buyer["city"])
    party.address.country_id = buyer["country"] or said["country"]
    party.address.country_subdivision = _clean(buyer["region"])
    if buyer["email"]:
        party.electronic_address.uri_ID = ("EM", _clean(buyer["email"]))
    if buyer["vat_id"] and not is_outside:
        party.tax_registrations.add(TaxRegistration(id=("VA", buyer["vat_id"])))


def _seller_address(address, seller: Mapping) -> None:
    """The last line is postal code and city, as far as it looks like that; the first are streets."""
    lines = [_clean(line.strip()) for line in seller["address"]]
    if lines and (place := PLACE.fullmatch(lines[-1])):
        address.postcode, address.city_name = place["code"], place["city"]
        lines = lines[:-1]
    elif len(lines) > 1:
        address.city_name = lines.pop()
    for name, line in zip(("line_one", "line_two", "line_three"), lines, strict=False):
        setattr(address, name, line)
    address.country_id = seller["country"]


def _line(number: int, line: Mapping, currency: str) -> LineItem:
    net = money.plain(line["net_minor"], currency)
    item = LineItem()
    item.document.line_id = str(number)
    item.product.name = _clean(line["title"])
    # The price is that of all pieces together, so that it never has to be rounded.
    item.agreement.net.amount = net
    item.agreement.net.basis_quantity = (str(line["quantity"]), UNIT)
    item.delivery.billed_quantity = (str(line["quantity"]), UNIT)
    item.settlement.trade_tax.type_code = "VAT"
    item.settlement.trade_tax.category_code = line["category"]
    if line["category"] != invoicing.OUTSIDE:
        item.settlement.trade_tax.rate_applicable_percent = _percent(line["rate"])
    item.settlement.monetary_summation.total_amount = net
    return item


def _settlement(settlement, document: Mapping) -> None:
    currency, sums = document["currency"], document["totals"]
    settlement.currency_code = currency
    settlement.payment_reference = document["number"]
    settlement.payment_means.add(_means(document["payment"]))
    for group in document["groups"]:
        settlement.trade_tax.add(_tax(group, currency))
    if document["order"]["from"] and document["order"]["until"]:
        settlement.period.start = date.fromisoformat(document["order"]["from"])
        settlement.period.end = date.fromisoformat(document["order"]["until"])
    if sums["due_minor"] > 0:
        terms = PaymentTerms()
        terms.description = "To be paid on receipt."
        settlement.terms.add(terms)
    if corrects := document["corrects"]:
        settlement.invoice_referenced_document.issuer_assigned_id = corrects["number"]
        settlement.invoice_referenced_document.issue_date_time = date.fromisoformat(
            corrects["issued_on"]
        )
    before_rounding = sums["net_minor"] + sums["tax_minor"]
    total = settlement.monetary_summation
    total.line_total = money.plain(sums["net_minor"], currency)
    total.charge_total = money.plain(0, currency)
    total.allowance_total = money.plain(0, currency)
    total.tax_basis_total = (money.plain(sums["net_minor"], currency), None)
    total.tax_total = (money.plain(sums["tax_minor"], currency), currency)
    if sums["rounding_minor"]:
        total.rounding_amount = money.plain(sums["rounding_minor"], currency)
    total.grand_total = (money.plain(before_rounding, currency), None)
    total.prepaid_total = money.plain(sums["paid_minor"], currency)
    total.due_amount = money.plain(sums["due_minor"], currency)


def _means(payment: Mapping) -> PaymentMeans:
    means = PaymentMeans()
    by_card = payment["gateway"] and payment["gateway"] != "offline"
    means.type_code = CARD if by_card else UNDEFINED
    if payment["method"]:
        means.information.add(_clean(payment["method"]))
    return means


def _tax(group: Mapping, currency: str) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    tax.calculated_amount = money.plain(group["tax_minor"], currency)
    tax.type_code = "VAT"
    tax.basis_amount = money.plain(group["net_minor"], currency)
    tax.category_code = group["category"]
    code, reason = REASONS.get(group["category"], ("", ""))
    if reason:
        tax.exemption_reason = reason
    if code:
        tax.exemption_reason_code = code
    if group["category"] != invoicing.OUTSIDE:
        tax.rate_applicable_percent = _percent(group["rate"])
    return tax


def _percent(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}"
