"""The addresses of Stripe that the stand-in knows: the SDK's type of the parameters, and the act."""

from tests.payments.stripe_stand_in import billing, money
from tests.payments.stripe_stand_in.memory import Refused


def _getter(kind):
    return lambda st, given, name: st.memory.get(kind, name)


def _lister(kind, *filters):
    def listed(st, given):
        wanted = {name: given[name] for name in filters if name in given}
        rows = st.memory.rows(kind, **wanted)
        return st.memory.listed(rows, given, f"/v1/{kind}")

    return listed


def _session(st, given):
    return billing.make_session(st.memory, given, st.url)


def _coupon(st, given):
    return st.memory.make(
        "coupon", amount_off=int(given["amount_off"]), currency=given["currency"],
        duration=given["duration"], name=given["name"], percent_off=None,
        max_redemptions=int(given["max_redemptions"]), valid=True, times_redeemed=0,
    )  # fmt: skip


def _invoices(st, given):
    rows = st.memory.rows("invoice", **({"status": given["status"]} if "status" in given else {}))
    if name := given.get("subscription"):
        rows = [row for row in rows if billing.sub_of(st.memory, row)["id"] == name]
    return st.memory.listed(rows, given, "/v1/invoices")


def _invoice(st, given):
    sub = st.memory.get("subscription", given["subscription"])
    made = billing.make_invoice(st.memory, sub, 0, "manual", status="draft")
    made["metadata"] = given.get("metadata", {})
    return made


def _invoice_item(st, given):
    invoice = st.memory.get("invoice", given["invoice"])
    if invoice["status"] != "draft":
        raise Refused("This invoice is no longer editable.")
    span = {name: int(value) for name, value in given["period"].items()}
    amount = int(given["amount"])
    billing.add_line(st.memory, invoice, amount, (span["start"], span["end"]), given["description"])
    return st.memory.make(
        "invoiceitem", amount=amount, currency=given["currency"], customer=given["customer"],
        invoice=invoice["id"], description=given["description"], period=span,
    )  # fmt: skip


def _finalize(st, given, name):
    return billing.finalize(st.memory, st.memory.get("invoice", name))


def _pay(st, given, name):
    invoice = st.memory.get("invoice", name)
    if invoice["status"] != "open":
        raise Refused("Invoice is not open.")
    if not billing.pay_invoice(st.memory, invoice):
        raise Refused(money.DECLINE["message"], status=402, kind="card_error", code="card_declined")
    return invoice


def _void(st, given, name):
    invoice = st.memory.get("invoice", name)
    invoice["status"] = "void"
    return invoice


def _invoice_payments(st, given):
    rows = st.memory.rows("invoice_payment")
    if wanted := given.get("payment"):
        rows = [r for r in rows if r["payment"]["payment_intent"] == wanted["payment_intent"]]
    return st.memory.listed(rows, given, "/v1/invoice_payments")


def _credit(st, given, name):
    customer = st.memory.get("customer", name)
    customer["balance"] += int(given["amount"])
    return st.memory.make(
        "customer_balance_transaction", amount=int(given["amount"]), customer=name,
        currency=given["currency"], ending_balance=customer["balance"], type="adjustment",
        description=given.get("description"),
    )  # fmt: skip


def _portal(st, given):
    customer = st.memory.get("customer", given["customer"])
    made = st.memory.make(
        "billing_portal.session", customer=customer["id"], return_url=given["return_url"]
    )
    made["url"] = f"{st.url}/portal/{made['id']}"
    return made


def _booked(st, given):
    rows = st.memory.rows("balance_transaction")
    if name := given.get("payout"):
        rows = [row for row in rows if row.get("_payout") == name]
    return st.memory.listed(rows, given, "/v1/balance_transactions")


ONE = r"/([\w-]+)"
ROUTES = [
    ("POST", "/v1/checkout/sessions", "checkout._session_create_params", _session),
    ("GET", "/v1/checkout/sessions", "checkout._session_list_params",
     _lister("checkout.session", "payment_intent", "subscription")),
    ("GET", "/v1/checkout/sessions" + ONE, "checkout._session_retrieve_params",
     _getter("checkout.session")),
    ("POST", "/v1/checkout/sessions" + ONE + "/expire", "checkout._session_expire_params",
     lambda st, given, name: billing.expire(st.memory, st.session(name))),
    ("POST", "/v1/coupons", "_coupon_create_params", _coupon),
    ("GET", "/v1/payment_intents", "_payment_intent_list_params",
     _lister("payment_intent", "customer")),
    ("GET", "/v1/payment_intents" + ONE, "_payment_intent_retrieve_params",
     _getter("payment_intent")),
    ("GET", "/v1/subscriptions" + ONE, "_subscription_retrieve_params", _getter("subscription")),
    ("POST", "/v1/subscriptions" + ONE, "_subscription_update_params",
     lambda st, given, name: billing.update(
         st.memory, st.memory.get("subscription", name), given)),
    ("DELETE", "/v1/subscriptions" + ONE, "_subscription_cancel_params",
     lambda st, given, name: billing.end(st.memory, st.memory.get("subscription", name))),
    ("GET", "/v1/invoices", "_invoice_list_params", _invoices),
    ("POST", "/v1/invoices", "_invoice_create_params", _invoice),
    ("GET", "/v1/invoices" + ONE, "_invoice_retrieve_params", _getter("invoice")),
    ("POST", "/v1/invoices" + ONE + "/finalize", "_invoice_finalize_invoice_params", _finalize),
    ("POST", "/v1/invoices" + ONE + "/pay", "_invoice_pay_params", _pay),
    ("POST", "/v1/invoices" + ONE + "/void", "_invoice_void_invoice_params", _void),
    ("POST", "/v1/invoiceitems", "_invoice_item_create_params", _invoice_item),
    ("GET", "/v1/invoice_payments", "_invoice_payment_list_params", _invoice_payments),
    ("POST", "/v1/customers", "_customer_create_params",
     lambda st, given: billing.make_customer(st.memory, given)),
    ("POST", "/v1/customers" + ONE + "/balance_transactions",
     "_customer_balance_transaction_create_params", _credit),
    ("POST", "/v1/billing_portal/sessions", "billing_portal._session_create_params", _portal),
    ("GET", "/v1/refunds", "_refund_list_params", _lister("refund", "payment_intent")),
    ("POST", "/v1/refunds", "_refund_create_params",
     lambda st, given: money.refund(st.memory, given)),
    ("GET", "/v1/disputes", "_dispute_list_params", _lister("dispute", "payment_intent")),
    ("GET", "/v1/disputes" + ONE, "_dispute_retrieve_params", _getter("dispute")),
    ("POST", "/v1/disputes" + ONE, "_dispute_update_params",
     lambda st, given, name: money.answer_dispute(
         st.memory, st.memory.get("dispute", name), given)),
    ("GET", "/v1/payouts", "_payout_list_params", _lister("payout", "status")),
    ("GET", "/v1/balance_transactions", "_balance_transaction_list_params", _booked),
]  # fmt: skip
