"""Where a buyer is: pieces of evidence, kept with the order. What contradicts or is
missing is shown to staff."""

from django.conf import settings

from engineroom import audit, outbox
from payments import taxes
from payments.models import Checkout, Order

VAT_ID_TOPIC = "payments.check_vat_id"
VALID, UNKNOWN, UNCHECKED = "valid", "unknown", "unchecked"


def note_network(*, checkout: Checkout, country: str) -> None:
    """Keep the country of the buyer's network, as a trusted proxy told it; "" adds nothing."""
    if not country:
        return
    checkout.refresh_from_db(fields=["evidence"])
    if checkout.evidence.get("network") != country:
        checkout.evidence = {**checkout.evidence, "network": country}
        Checkout.objects.filter(pk=checkout.pk, state=Checkout.State.OPEN).update(
            evidence=checkout.evidence
        )


def note_evidence(order: Order, card_country: str) -> str:
    """Add the address and the card to the order's evidence, in the transaction that settles it.

    Returns what speaks against the country it is taxed in, or that one piece alone says so where
    the law wants two (a consumer abroad), as a sentence, or "". With VAT_ID_LIVE_CHECK the VAT id
    is asked about later, outside the transaction.
    """
    pieces = {"address": order.country, "card": card_country}
    evidence = {**order.evidence, **{name: place for name, place in pieces.items() if place}}
    if order.vat_id:
        evidence.setdefault("vat_id_check", UNCHECKED)
        if settings.VAT_ID_LIVE_CHECK:
            outbox.put(VAT_ID_TOPIC, {"order": order.number}, key=f"vat-id:{order.number}")
    if evidence != order.evidence:
        Order.objects.filter(pk=order.pk).update(evidence=evidence)
        order.evidence = evidence
    if order.tax_kind == "none":
        return ""
    pieces = {name: evidence.get(name, "") for name in taxes.PIECES}
    why = taxes.contradiction(order.country, pieces)
    if why or order.vat_id or not order.total_minor:
        return why
    return taxes.shortage(order.country, pieces)


def note_vat_id_check(*, order: Order, outcome: str) -> None:
    """Keep what VIES said of the order's VAT id; one it does not know is put before staff."""
    if order.evidence.get("vat_id_check") == outcome:
        return
    order.evidence = {**order.evidence, "vat_id_check": outcome}
    Order.objects.filter(pk=order.pk).update(evidence=order.evidence)
    audit.record("order.vat_id_checked", order.number, outcome=outcome)
    if outcome == UNKNOWN:
        Order.objects.filter(pk=order.pk, attention="").update(attention=taxes.VAT_ID_UNKNOWN)
