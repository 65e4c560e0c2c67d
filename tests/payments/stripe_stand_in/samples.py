"""Held to Stripe: answers compared with the published samples, and with the SDK's typed classes."""

import json

import stripe
from django.conf import settings

FOLDER = settings.BASE_DIR.parent / "shared" / "data" / "stripe-fixtures"
CLASSES = {
    "customer": stripe.Customer,
    "product": stripe.Product,
    "price": stripe.Price,
    "coupon": stripe.Coupon,
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "balance_transaction": stripe.BalanceTransaction,
    "payment_method": stripe.PaymentMethod,
    "setup_intent": stripe.SetupIntent,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "invoice": stripe.Invoice,
    "invoiceitem": stripe.InvoiceItem,
    "invoice_payment": stripe.InvoicePayment,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "payout": stripe.Payout,
    "billing_portal.session": stripe.billing_portal.Session,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "event": stripe.Event,
}
KINDS = {bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "object"}


def published() -> dict | None:
    """Stripe's sample objects by kind; None when this machine has none."""
    file = FOLDER / "fixtures3.json"
    return json.loads(file.read_text())["resources"] if file.exists() else None


def _may_be_null(cls, name: str) -> bool:
    text = str(getattr(cls, "__annotations__", {}).get(name, "Optional"))
    return any(word in text for word in ("Optional", "NotRequired", "NoneType"))


def compare(ours: dict, sample: dict, cls, path: str = "") -> tuple[int, list[str]]:
    """(fields compared, what is wrong) of one answer against one sample."""
    count, wrong = 0, []
    known = set(getattr(cls, "__annotations__", {}))
    for name, wanted in sample.items():
        count += 1
        where = f"{path}{name}"
        if name not in ours:
            wrong.append(f"{where} is missing")
        elif ours[name] is None:
            if wanted is not None and not _may_be_null(cls, name):
                wrong.append(f"{where} is null")
        elif wanted is not None:
            got, expected = KINDS[type(ours[name])], KINDS[type(wanted)]
            if got != expected:
                wrong.append(f"{where} is {got}, not {expected}")
            elif got == "object" and wanted and name != "metadata":
                inner = getattr(cls, "_inner_class_types", {}).get(name)
                if inner is not None:
                    more, worse = compare(ours[name], wanted, inner, f"{where}.")
                    count, wrong = count + more, wrong + worse
    if known:
        strange = set(ours) - set(sample) - known
        wrong += [f"{path}{name} is known to nobody" for name in sorted(strange)]
    return count, wrong
