"""Subscriptions at Stripe. The school computes what a change costs; Stripe never prorates by itself."""

from payments import periods
from payments.gateways.base import ChargeDeclined, Plan, SubscriptionReading
from payments.gateways.stripe import amounts, reading
from payments.gateways.stripe.client import NotTaken, api, ask, asking, every, strict
from payments.refusals import AmountNotCharged, GatewayUnavailable

EXPANDED = ["customer.invoice_settings.default_payment_method", "default_payment_method"]
OVER = ("canceled", "incomplete_expired")


def price_data(plan: Plan) -> dict:
    return {
        "currency": plan.currency.lower(),
        "unit_amount": amounts.out(plan.amount_minor, plan.currency),
        "recurring": {"interval": plan.period},
    }


def metadata(plan: Plan) -> dict:
    said = {"subscription": plan.key}
    if plan.periods_total:
        said["periods_total"] = str(plan.periods_total)
    return said


def retrieve(reference: str) -> dict:
    return ask(api().subscriptions.retrieve, reference, expand=EXPANDED)


def _update(reference: str, key: str, **params) -> dict:
    return ask(api().subscriptions.update, reference, key=key, expand=EXPANDED, **params)


def read(reference: str, account: str) -> SubscriptionReading:
    """How it stands, after a new card and a last period were seen to."""
    said = _end_in_time(_take_new_card(retrieve(reference)))
    invoices = every(api().invoices.list, subscription=reference, expand=["data.payments"])
    customer = reading.id_of(said["customer"])
    booked = ["data.latest_charge.balance_transaction"]
    intents = every(api().payment_intents.list, customer=customer, expand=booked)
    found = reading.charges(invoices, {intent["id"]: intent for intent in intents})
    method = said.get("default_payment_method")
    words = reading.method_of(method) if isinstance(method, dict) else ""
    return reading.subscription(said, account, found, words)


def _take_new_card(said: dict) -> dict:
    """Stripe's portal keeps the card with the customer: the subscription takes it, and what is
    overdue is asked of it at once."""
    chosen = (said["customer"].get("invoice_settings") or {}).get("default_payment_method")
    known = reading.id_of(said.get("default_payment_method"))
    if said["status"] in OVER or not chosen or reading.id_of(chosen) == known:
        return said
    name = reading.id_of(chosen)
    key = f"card:{said['id']}:{name}"
    said = _update(said["id"], key, default_payment_method=name)
    if said["status"] not in ("past_due", "unpaid"):
        return said
    for invoice in every(api().invoices.list, subscription=said["id"], status="open"):
        try:
            strict(api().invoices.pay, invoice["id"], key=f"{key}:{invoice['id']}")
        except (ChargeDeclined, NotTaken):
            continue
    return retrieve(said["id"])


def _end_in_time(said: dict) -> dict:
    """Of instalments the last period is known from the start: Stripe ends them by itself."""
    total = int(said["metadata"].get("periods_total") or 0)
    if not total or said["cancel_at"] or said["status"] in OVER:
        return said
    starts = reading.moment(said["trial_end"] or said["start_date"])
    period = said["items"]["data"][0]["price"]["recurring"]["interval"]
    at = int(periods.after(starts, period, total).timestamp())
    key = f"last:{said['id']}:{at}:{said['cancel_at_period_end']}"
    return _update(said["id"], key, cancel_at=at, proration_behavior="none")


def cancel(reference: str, *, at_period_end: bool, key: str) -> None:
    said = retrieve(reference)
    if said["status"] in OVER:
        return
    if at_period_end and said["status"] in ("trialing", "active"):
        if not said["cancel_at_period_end"]:
            _update(reference, f"cancel:{key}", cancel_at_period_end=True)
        return
    try:
        strict(api().subscriptions.cancel, reference, key=f"end:{key}", prorate=False)
    except NotTaken as error:
        if retrieve(reference)["status"] not in OVER:
            raise GatewayUnavailable from error


def keep(reference: str, *, key: str) -> None:
    said = retrieve(reference)
    if said["status"] not in OVER and said["cancel_at_period_end"]:
        _update(reference, f"keep:{key}", cancel_at_period_end=False)


def change(reference: str, plan: Plan, *, due_minor: int, key: str, now) -> None:
    """Ask for what is due, then change the price. Raises ChargeDeclined: nothing has changed then.

    Every step has its own key, so that a repeated change goes on where the last one stopped.
    """
    said = retrieve(reference)
    if said["status"] in OVER or said["metadata"].get("changed_by") == key:
        return
    try:
        # Before anything is written there.
        due, price = amounts.out(due_minor, plan.currency), price_data(plan)
    except AmountNotCharged as error:
        raise ChargeDeclined(amounts.WHY_NOT) from error
    item = said["items"]["data"][0]
    is_anew = item["price"]["recurring"]["interval"] != plan.period
    is_trial = reading.subscription(said, "").status == "trialing"
    ends = item["current_period_end"]
    if is_anew and not is_trial:
        ends = int(periods.after(now, plan.period).timestamp())
    if due_minor > 0:
        _charge(said, plan, due, int(now.timestamp()), ends, key)
    elif due_minor < 0:
        customer = reading.id_of(said["customer"])
        ask(
            api().customers.balance_transactions.create, customer, key=f"credit:{key}",
            amount=due, currency=plan.currency.lower(), description=plan.title[:300],
        )  # fmt: skip
    # The item keeps its product: Stripe's price data here takes no new one.
    price |= {"product": reading.id_of(item["price"]["product"])}
    wanted = {
        "items": [{"id": item["id"], "price_data": price}],
        "proration_behavior": "none",
        "metadata": {"changed_by": key},
    }
    if is_anew:
        wanted["trial_end"] = ends
        if not is_trial:
            wanted["metadata"]["paid_until"] = str(ends)
    _update(reference, f"change:{key}", **wanted)


def _charge(said: dict, plan: Plan, due: int, starts: int, ends: int, key: str) -> None:
    customer, currency = reading.id_of(said["customer"]), plan.currency.lower()
    made = [
        row
        for row in every(api().invoices.list, subscription=said["id"])
        if row["metadata"].get("change") == key
    ]
    invoice = made[0] if made else None
    if invoice is None:
        invoice = ask(
            api().invoices.create, key=f"invoice:{key}", customer=customer,
            subscription=said["id"], currency=currency, auto_advance=False,
            pending_invoice_items_behavior="exclude", metadata={"change": key},
        )  # fmt: skip
    if invoice["status"] == "draft":
        ask(
            api().invoice_items.create, key=f"item:{key}", customer=customer, currency=currency,
            invoice=invoice["id"], amount=due,
            description=plan.title[:300], period={"start": starts, "end": ends},
        )  # fmt: skip
        invoice = ask(api().invoices.finalize_invoice, invoice["id"], key=f"final:{key}")
    if invoice["status"] == "void":
        raise ChargeDeclined("The card was declined.")
    if invoice["status"] == "paid":
        return
    try:
        with asking():
            api().invoices.pay(invoice["id"], {}, {"idempotency_key": f"pay:{key}"})
    except (ChargeDeclined, NotTaken) as error:
        ask(api().invoices.void_invoice, invoice["id"], key=f"void:{key}")
        raise ChargeDeclined(str(error)) from error
