"""Refunds, disputes and payouts at Stripe."""

from datetime import datetime

from payments.gateways.base import (
    ChargeDeclined,
    DisputeReading,
    PayoutPart,
    PayoutReading,
    RefundDeclined,
)
from payments.gateways.evidence import clean
from payments.gateways.stripe import amounts, reading
from payments.gateways.stripe.client import NotTaken, api, ask, every, strict
from payments.refusals import AmountNotCharged

# What Stripe has a field for; the rest goes into its free text, under its own heading.
EVIDENCE = {
    "product": "product_description",
    "buyer_name": "customer_name",
    "buyer_email": "customer_email_address",
    "billing_address": "billing_address",
    "refund_policy": "refund_policy_disclosure",
    "access": "access_activity_log",
}
LONGEST = 20_000
KINDS = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund",
    "payment_failure_refund": "refund",
    "adjustment": "dispute",
    "stripe_fee": "fee",
}


def intent_of(reference: str) -> str:
    """The PaymentIntent behind one of our references: a session, an intent or an invoice."""
    if reference.startswith("pi_"):
        return reference
    if reference.startswith("cs_"):
        session = ask(api().checkout.sessions.retrieve, reference)
        if found := reading.id_of(session.get("payment_intent")):
            return found
        reference = reading.id_of(session.get("invoice"))
    if not reference:
        return ""
    return reading.intent_of(ask(api().invoices.retrieve, reference, expand=["payments"]))


def our_names(intent: str) -> tuple[str, str]:
    """The other way around: the session that began with this PaymentIntent, or else itself; then
    the subscription of which it paid a later period or a change, or else nothing."""
    if not intent:
        return "", ""
    for session in every(api().checkout.sessions.list, payment_intent=intent):
        return session["id"], ""
    by_intent = {"type": "payment_intent", "payment_intent": intent}
    for row in every(api().invoice_payments.list, payment=by_intent):
        invoice = ask(api().invoices.retrieve, reading.id_of(row["invoice"]))
        parent = (invoice["parent"] or {}).get("subscription_details") or {}
        name = reading.id_of(parent.get("subscription"))
        if invoice["billing_reason"] == "subscription_create":
            for session in every(api().checkout.sessions.list, subscription=name):
                return session["id"], ""
        return intent, name
    return intent, ""


def refund(reference: str, *, amount_minor: int, currency: str, key: str) -> str:
    """Raises RefundDeclined. A key is looked up first: Stripe itself forgets keys after a day."""
    intent = intent_of(reference)
    if not intent:
        raise RefundDeclined("Stripe has taken no money for this.")
    for made in every(api().refunds.list, payment_intent=intent):
        if (made.get("metadata") or {}).get("refund") == key:
            return _accepted(made)
    paid = ask(api().payment_intents.retrieve, intent)
    if reading.code(paid) != currency:
        raise RefundDeclined("The payment was made in another currency.")
    try:
        made = strict(
            api().refunds.create, key=f"refund:{key}", payment_intent=intent,
            amount=amounts.out(amount_minor, currency), metadata={"refund": key},
        )  # fmt: skip
    except AmountNotCharged as error:
        raise RefundDeclined(amounts.WHY_NOT) from error
    except (NotTaken, ChargeDeclined) as error:
        raise RefundDeclined(str(error)[:300]) from error
    return _accepted(made)


def _accepted(made: dict) -> str:
    if made["status"] in ("failed", "canceled"):
        raise RefundDeclined(f"Stripe could not send it: {made.get('failure_reason') or 'failed'}.")
    return made["id"]


def dispute(reference: str, account: str) -> DisputeReading:
    said = ask(api().disputes.retrieve, reference)
    return reading.dispute(said, our_names(reading.id_of(said["payment_intent"])), account)


def answer(reference: str, evidence: dict[str, str], key: str) -> None:
    from_names = clean(evidence)
    said = {field: from_names.pop(name) for name, field in EVIDENCE.items() if name in from_names}
    free = "\n\n".join(f"{name.capitalize()}:\n{text}" for name, text in from_names.items())
    if free:
        said["uncategorized_text"] = free[:LONGEST]
    ask(api().disputes.update, reference, key=f"evidence:{key}", evidence=said, submit=True)


def payouts(moment: datetime, account: str):
    """Those that arrived since then, oldest first, with every booking in them."""
    since = {"gte": int(moment.timestamp())}
    found = every(api().payouts.list, arrival_date=since, status="paid")
    for payout in sorted(found, key=lambda one: (one["arrival_date"], one["created"])):
        parts = [_part(row) for row in _bookings(payout) if row["type"] != "payout"]
        yield reading_of(payout, account, parts)


def _bookings(payout: dict) -> list[dict]:
    listed = api().balance_transactions.list
    return list(reversed(every(listed, payout=payout["id"], expand=["data.source"])))


def _part(row: dict) -> PayoutPart:
    source = row.get("source")
    intent = reading.id_of((source or {}).get("payment_intent")) if isinstance(source, dict) else ""
    kind = KINDS.get(row["type"], "other")
    if kind == "dispute" and not (isinstance(source, dict) and source["object"] == "dispute"):
        kind = "other"
    return PayoutPart(
        kind=kind,
        reference=our_names(intent)[0] if intent else reading.id_of(source),
        amount_minor=amounts.back(row["amount"], reading.code(row)),
        fee_minor=amounts.back(row["fee"], reading.code(row)),
    )


def reading_of(payout: dict, account: str, parts=()) -> PayoutReading:
    return PayoutReading(
        reference=payout["id"],
        amount_minor=amounts.back(payout["amount"], reading.code(payout)),
        currency=reading.code(payout),
        arrived_at=reading.moment(payout["arrival_date"]),
        mode=reading.mode_of(payout),
        account=account,
        parts=list(parts),
    )
