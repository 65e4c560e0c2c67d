"""What can be said to a dispute, by name. An adapter maps the names to what its gateway calls them."""

NAMES = {
    "product": "What was sold",
    "buyer_name": "Name of the buyer",
    "buyer_email": "E-mail address of the buyer",
    "billing_address": "Billing address",
    "receipt": "Receipt",
    "consent": "Consent given before paying",
    "refund_policy": "Terms of refunds",
    "delivery": "When and how it was delivered",
    "access": "What the buyer did with it",
    "messages": "Mails that were sent",
    "statement": "What the school wants to add",
}
LONGEST = 20_000


def clean(evidence: dict[str, str]) -> dict[str, str]:
    """Only known names with something to say, each text at most as long as gateways take."""
    return {
        name: str(evidence[name]).strip()[:LONGEST]
        for name in NAMES
        if str(evidence.get(name) or "").strip()
    }
