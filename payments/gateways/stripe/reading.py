"""What Stripe's objects say, in the school's words. No network here."""

from datetime import UTC, datetime

from engineroom import clock
from payments.gateways.base import (
    Charge,
    DisputeReading,
    Reading,
    RefundNotice,
    SubscriptionReading,
)
from payments.gateways.stripe import amounts

SUBSCRIPTION = {
    "incomplete": "incomplete",
    "incomplete_expired": "ended",
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "past_due",
    "paused": "past_due",
    "canceled": "ended",
}
DISPUTE = {
    "warning_needs_response": "open",
    "needs_response": "open",
    "warning_under_review": "under_review",
    "under_review": "under_review",
    "warning_closed": "won",
    "prevented": "won",
    "won": "won",
    "lost": "lost",
}
PAID = ("paid", "no_payment_required")


def moment(seconds) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _here(seconds) -> datetime | None:
    """A moment of the world as the school's clock says it."""
    return moment(seconds) + clock.ahead() if seconds else None


def code(thing: dict) -> str:
    return str(thing.get("currency") or "").upper()


def id_of(thing) -> str:
    """The id of what may be an id or the whole object."""
    return (thing.get("id") if isinstance(thing, dict) else thing) or ""


def mode_of(thing: dict) -> str:
    return "live" if thing.get("livemode") else "test"


def method_of(details: dict | None) -> str:
    """`Visa ending 4242` of a payment method, or of a charge's details of one."""
    kind = (details or {}).get("type") or ""
    part = (details or {}).get(kind) or {}
    name = part.get("display_brand") or part.get("brand") or kind.replace("_", " ")
    last = part.get("last4")
    words = name.replace("_", " ").capitalize()
    return (f"{words} ending {last}" if last else words)[:80]


def _charge_of(intent: dict) -> dict:
    charge = intent.get("latest_charge")
    return charge if isinstance(charge, dict) else {}


def fee_of(intent: dict) -> int:
    """What Stripe keeps, where it is known and in the currency that was paid."""
    booked = _charge_of(intent).get("balance_transaction")
    if not isinstance(booked, dict) or code(booked) != code(intent):
        return 0
    return amounts.back(booked["fee"], code(booked))


def reason_of(intent: dict) -> str:
    error = intent.get("last_payment_error") or {}
    return str(error.get("message") or error.get("code") or "")[:200]


def status_of(session: dict, intent: dict) -> str:
    if session["status"] == "expired":
        return "canceled"
    if session["status"] == "open":
        return "open"
    if session["payment_status"] in PAID:
        return "captured"
    if intent.get("status") == "canceled":
        return "canceled"
    return "failed" if intent.get("status") == "requires_payment_method" else "processing"


def payment(session: dict, intent: dict, account: str) -> Reading:
    """A Checkout Session and the PaymentIntent behind it, {} without one."""
    said, currency = session.get("metadata") or {}, code(session)
    charge = _charge_of(intent)
    details = charge.get("payment_method_details") or {}
    card = details.get("card") or {}
    return Reading(
        reference=session["id"],
        key=str(session.get("client_reference_id") or ""),
        order_number=str(said.get("order") or ""),
        status=status_of(session, intent),
        amount_minor=amounts.back(session.get("amount_total"), currency),
        currency=currency,
        mode=mode_of(session),
        account=account,
        method=method_of(details) if details else "",
        reason=reason_of(intent),
        fee_minor=fee_of(intent),
        card_country=str(card.get("country") or ""),
        subscription=id_of(session.get("subscription")),
        refunded_minor=amounts.back(charge.get("amount_refunded"), currency),
        paid_at=_here(charge.get("created")),
    )


def period_payment(intent: dict, account: str) -> Reading:
    """A period's PaymentIntent by itself, as a payment of the subscription's renewals."""
    states = {"succeeded": "captured", "processing": "processing", "canceled": "canceled"}
    currency, said = code(intent), intent.get("metadata") or {}
    details = _charge_of(intent).get("payment_method_details") or {}
    return Reading(
        reference=intent["id"],
        key=str(said.get("payment") or ""),
        order_number=str(said.get("order") or ""),
        status=states.get(intent["status"], "open"),
        amount_minor=amounts.back(intent["amount"], currency),
        currency=currency,
        mode=mode_of(intent),
        account=account,
        method=method_of(details) if details else "",
        reason=reason_of(intent),
        fee_minor=fee_of(intent),
        card_country=str((details.get("card") or {}).get("country") or ""),
        refunded_minor=amounts.back(_charge_of(intent).get("amount_refunded"), currency),
    )


def intent_of(invoice: dict) -> str:
    """The id of the PaymentIntent that pays an invoice, empty when nothing was due."""
    for row in (invoice.get("payments") or {}).get("data", []):
        if found := id_of((row.get("payment") or {}).get("payment_intent")):
            return found
    return ""


def _is_charge(invoice: dict) -> bool:
    if invoice["status"] in ("draft", "void"):
        return False
    # A change of the plan makes an invoice of nothing; what it costs has one of its own.
    return bool(invoice["total"]) or invoice["billing_reason"] != "subscription_update"


def _span(invoice: dict) -> tuple[datetime, datetime]:
    lines = invoice["lines"]["data"]
    spans = [line["period"] for line in lines if line["period"]["end"] > line["period"]["start"]]
    span = spans[-1] if spans else {"start": invoice["period_start"], "end": invoice["period_end"]}
    return moment(span["start"]), moment(span["end"])


def charges(invoices: list[dict], intents: dict[str, dict]) -> list[Charge]:
    """Invoices, newest first as Stripe lists them, as charges, oldest first."""
    found = []
    for invoice in sorted(filter(_is_charge, reversed(invoices)), key=lambda one: one["created"]):
        intent = intents.get(intent_of(invoice), {})
        starts, ends = _span(invoice)
        status = {"paid": "captured", "uncollectible": "failed"}.get(invoice["status"], "open")
        if status == "open" and invoice["attempted"] and intent.get("status") != "processing":
            status = "failed"
        found.append(
            Charge(
                reference=intent.get("id") or invoice["id"],
                number=len(found) + 1,
                status=status,
                amount_minor=amounts.back(invoice["amount_due"], code(invoice)),
                currency=code(invoice),
                period_starts_at=starts,
                period_ends_at=ends,
                fee_minor=fee_of(intent),
                reason=reason_of(intent) if status == "failed" else "",
                next_try_at=moment(invoice["next_payment_attempt"]) if status == "failed" else None,
            )
        )
    return found


def subscription(said: dict, account: str, paid=(), method: str = "") -> SubscriptionReading:
    item = said["items"]["data"][0]
    price, metadata = item["price"], said.get("metadata") or {}
    status = SUBSCRIPTION.get(said["status"], "incomplete")
    # Another period starts as a trial at Stripe, because the school has asked for its money itself.
    is_paid_ahead = status == "trialing" and metadata.get("paid_until") == str(said["trial_end"])
    return SubscriptionReading(
        reference=said["id"],
        key=str(metadata.get("subscription") or ""),
        status="active" if is_paid_ahead else status,
        amount_minor=amounts.back(price["unit_amount"], code(price)),
        currency=code(said),
        period=price["recurring"]["interval"],
        mode=mode_of(said),
        account=account,
        period_starts_at=moment(item["current_period_start"]),
        period_ends_at=moment(item["current_period_end"]),
        trial_ends_at=None if is_paid_ahead else moment(said["trial_end"]),
        cancels_at_period_end=bool(said["cancel_at_period_end"]),
        method=method,
        charges=list(paid),
    )


def dispute(said: dict, names: tuple[str, str], account: str) -> DisputeReading:
    """`names`: ours for the payment, and the subscription of which it paid a later period."""
    currency = code(said)
    fees = [row["fee"] for row in said.get("balance_transactions") or [] if code(row) == currency]
    return DisputeReading(
        reference=said["id"],
        payment=names[0],
        subscription=names[1],
        status=DISPUTE.get(said["status"], "open"),
        amount_minor=amounts.back(said["amount"], currency),
        currency=currency,
        mode=mode_of(said),
        account=account,
        reason=str(said.get("reason") or "").replace("_", " "),
        fee_minor=amounts.back(sum(fees), currency),
        due_at=moment((said.get("evidence_details") or {}).get("due_by")),
    )


def refund(event: dict, payment: str, account: str) -> RefundNotice:
    """Of an event about a refund; the refund itself does not say its mode."""
    return RefundNotice(payment=payment, mode=mode_of(event), account=account)
