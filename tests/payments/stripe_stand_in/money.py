"""Charges, refunds, disputes and payouts of the stand-in."""

from tests.payments.stripe_stand_in.memory import Memory, Refused

DAY = 86_400
DECLINE = {"message": "Your card was declined.", "code": "card_declined", "type": "card_error"}
CARD = {
    "brand": "visa", "last4": "4242", "country": "DE", "exp_month": 12, "exp_year": 2040,
    "funding": "credit", "fingerprint": "AOB934RVNwzk6xtn", "regulated_status": "unregulated",
    "wallet": None, "checks": {"address_line1_check": None, "address_postal_code_check": None,
                               "cvc_check": "pass"},
}  # fmt: skip
CHARGED = {
    "amount_authorized": None, "authorization_code": None, "installments": None, "mandate": None,
    "extended_authorization": {"status": "disabled"}, "network": "visa",
    "incremental_authorization": {"status": "unavailable"}, "network_token": {"used": False},
    "multicapture": {"status": "unavailable"}, "network_transaction_id": None,
    "overcapture": {"maximum_amount_capturable": 0, "status": "unavailable"},
    "three_d_secure": None, "transaction_link_id": None,
}  # fmt: skip
DEAD = "tok_dies"  # pays on the page, never again


def fee_of(amount: int) -> int:
    return amount * 29 // 1000 + 30 if amount else 0


def book(memory: Memory, kind: str, source: dict, amount: int, fee: int = 0) -> dict:
    return memory.make(
        "balance_transaction", type=kind, source=source["id"], amount=amount, fee=fee,
        net=amount - fee, currency=source["currency"], status="available",
        reporting_category=kind, available_on=memory.now, fee_details=[],
    )  # fmt: skip


def make_card(memory: Memory, customer: str | None, *, last4="4242", later="good") -> dict:
    card = CARD | {"last4": last4, "display_brand": "visa", "generated_from": None,
                   "networks": {"available": ["visa"], "preferred": None},
                   "three_d_secure_usage": {"supported": True}}  # fmt: skip
    fields = {"type": "card", "card": card, "customer": customer, "metadata": {"later": later}}
    return memory.make("payment_method", **fields)


def make_intent(memory: Memory, amount: int, currency: str, customer=None, **more) -> dict:
    return memory.make(
        "payment_intent", amount=amount, currency=currency, customer=customer,
        payment_method_types=["card"], **more,
    )  # fmt: skip


def capture(memory: Memory, intent: dict, method: dict) -> dict:
    amount, card = intent["amount"], method.get("card")
    details = {"type": method["type"], method["type"]: {"last4": "3000"}}
    if card:
        shown = {name: card[name] for name in CARD} | CHARGED
        shown["overcapture"] = CHARGED["overcapture"] | {"maximum_amount_capturable": amount}
        details["card"] = shown
    charge = memory.make(
        "charge", amount=amount, amount_captured=amount, captured=True, paid=True,
        currency=intent["currency"], customer=intent["customer"], payment_intent=intent["id"],
        payment_method=method["id"], payment_method_details=details, status="succeeded",
        metadata=intent["metadata"], source=None,
    )  # fmt: skip
    charge["balance_transaction"] = book(memory, "charge", charge, amount, fee_of(amount))["id"]
    intent |= {"status": "succeeded", "amount_received": amount, "latest_charge": charge["id"],
               "payment_method": method["id"], "last_payment_error": None}  # fmt: skip
    memory.tell("charge.succeeded", charge)
    memory.tell("payment_intent.succeeded", intent)
    return charge


def decline(memory: Memory, intent: dict) -> None:
    intent |= {"status": "requires_payment_method", "last_payment_error": dict(DECLINE)}
    memory.tell("payment_intent.payment_failed", intent)


def refund(memory: Memory, params: dict) -> dict:
    intent = memory.get("payment_intent", params.get("payment_intent"))
    if intent["status"] != "succeeded":
        raise Refused("This PaymentIntent does not have a successful charge to refund.")
    charge = memory.get("charge", intent["latest_charge"])
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(params.get("amount", left))
    if charge["disputed"]:
        raise Refused("This charge has been charged back.", code="charge_disputed")
    if not 0 < amount <= left:
        raise Refused("Refund amount is greater than unrefunded amount on charge.")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    made = memory.make(
        "refund", amount=amount, currency=intent["currency"], charge=charge["id"],
        payment_intent=intent["id"], status="succeeded", metadata=params.get("metadata", {}),
        reason=params.get("reason"),
    )  # fmt: skip
    made["balance_transaction"] = book(memory, "refund", made, -amount)["id"]
    memory.tell("charge.refunded", charge)
    return made


def refund_fails(memory: Memory, made: dict) -> None:
    """Days later the buyer's bank sends it back."""
    charge = memory.get("charge", made["charge"])
    charge["amount_refunded"] -= made["amount"]
    charge["refunded"] = False
    made |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    made["failure_balance_transaction"] = book(memory, "refund_failure", made, made["amount"])["id"]
    memory.tell("refund.failed", made)


def open_dispute(memory: Memory, intent: dict) -> dict:
    charge = memory.get("charge", intent["latest_charge"])
    charge["disputed"] = True
    made = memory.make(
        "dispute", amount=charge["amount"], currency=charge["currency"], charge=charge["id"],
        payment_intent=intent["id"], status="needs_response", reason="fraudulent",
        balance_transactions=[],
    )  # fmt: skip
    made["evidence_details"] |= {"due_by": memory.now + 14 * DAY, "has_evidence": False}
    made["balance_transactions"] = [book(memory, "adjustment", made, -made["amount"], 2000)]
    memory.tell("charge.dispute.created", made)
    return made


def answer_dispute(memory: Memory, made: dict, params: dict) -> dict:
    if made["status"] != "needs_response":
        raise Refused("This dispute is already closed.")
    unknown = set(params.get("evidence", {})) - set(made["evidence"])
    if unknown:
        raise Refused(f"Received unknown parameters: {sorted(unknown)}")
    made["evidence"] |= params.get("evidence", {})
    if params.get("submit") == "true":
        made["status"] = "under_review"
        made["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
        memory.tell("charge.dispute.updated", made)
    return made


def close_dispute(memory: Memory, made: dict, *, is_won: bool) -> None:
    made["status"] = "won" if is_won else "lost"
    if is_won:
        made["balance_transactions"].append(book(memory, "adjustment", made, made["amount"]))
    memory.tell("charge.dispute.closed", made)


def pay_out(memory: Memory) -> dict | None:
    """Everything that was booked and not sent yet goes to the bank."""
    rows = memory.tables["balance_transaction"].values()
    waiting = [row for row in rows if "_payout" not in row and row["type"] != "payout"]
    if not waiting:
        return None
    amount = sum(row["net"] for row in waiting)
    made = memory.make(
        "payout", amount=amount, currency=waiting[0]["currency"], arrival_date=memory.now,
        status="paid", automatic=True,
    )  # fmt: skip
    made["balance_transaction"] = book(memory, "payout", made, -amount)["id"]
    for row in waiting:
        row["_payout"] = made["id"]
    memory.tables["balance_transaction"][made["balance_transaction"]]["_payout"] = made["id"]
    memory.tell("payout.paid", made)
    return made
