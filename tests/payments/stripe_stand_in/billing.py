"""Checkout Sessions and Subscriptions of the stand-in, billed when its time is advanced."""

from datetime import UTC, datetime

from payments import periods
from tests.payments.stripe_stand_in import money
from tests.payments.stripe_stand_in.memory import Memory, Refused

DAY = 86_400
HALF_AN_HOUR = 1_800
RETRY_DAYS = (1, 3, 5)


def after(start: int, period: str, count: int = 1) -> int:
    return int(periods.after(datetime.fromtimestamp(start, UTC), period, count).timestamp())


def make_price(memory: Memory, data: dict) -> dict:
    product = data.get("product") or memory.make("product", name=data["product_data"]["name"])["id"]
    amount = int(data["unit_amount"])
    fields = {"currency": data["currency"], "product": product, "unit_amount": amount,
              "unit_amount_decimal": str(amount), "recurring": None, "type": "one_time"}  # fmt: skip
    if period := data.get("recurring"):
        shape = {"interval_count": 1, "meter": None, "usage_type": "licensed",
                 "trial_period_days": None}  # fmt: skip
        fields |= {"type": "recurring", "recurring": shape | {"interval": period["interval"]}}
    return memory.make("price", **fields)


def make_customer(memory: Memory, params: dict) -> dict:
    return memory.make(
        "customer", email=params["email"], balance=0, test_clock=params.get("test_clock")
    )


def make_session(memory: Memory, params: dict, base: str) -> dict:
    prices = [make_price(memory, line["price_data"]) for line in params["line_items"]]
    has_plan = params["mode"] == "subscription"
    trial = int(params.get("subscription_data", {}).get("trial_period_days", 0))
    due = sum(one["unit_amount"] for one in prices if not (trial and one["recurring"]))
    less = [
        memory.get("coupon", row["coupon"])["amount_off"] for row in params.get("discounts", [])
    ]
    total = due - sum(less)
    if total < 0 or (total == 0 and not has_plan) or any(not price["currency"] for price in prices):
        raise Refused("The amount due must be positive.")
    ends = int(params.get("expires_at", memory.now + DAY))
    if not memory.now + HALF_AN_HOUR <= ends <= memory.now + DAY:
        raise Refused(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
            param="expires_at",
        )
    made = memory.make(
        "checkout.session", mode=params["mode"], amount_subtotal=due, amount_total=total,
        currency=prices[0]["currency"], client_reference_id=params.get("client_reference_id"),
        customer_email=params.get("customer_email"), customer=params.get("customer"),
        metadata=params.get("metadata", {}),
        success_url=params.get("success_url"), cancel_url=params.get("cancel_url"),
        expires_at=ends, payment_intent=None, payment_method_types=["card"],
        ui_mode="hosted_page",
    )  # fmt: skip
    made["url"] = f"{base}/pay/{made['id']}"
    memory.tables.setdefault("_wanted", {})[made["id"]] = (params, prices)
    return made


def expire(memory: Memory, session: dict) -> dict:
    if session["status"] != "open":
        raise Refused("Only Checkout Sessions with a status in [open] can be expired.")
    session |= {"status": "expired", "url": None}
    memory.tell("checkout.session.expired", session)
    return session


def complete(memory: Memory, session: dict, *, later="good", last4="4242", is_debit=False) -> None:
    """The buyer pays on the page."""
    params, prices = memory.tables["_wanted"][session["id"]]
    has_plan, total = session["mode"] == "subscription", session["amount_total"]
    customer = None
    if session["customer"]:
        customer = memory.get("customer", session["customer"])
    elif has_plan:
        customer = make_customer(memory, {"email": session["customer_email"]})
    name = customer["id"] if customer else None
    method = money.make_card(memory, name, later=later, last4=last4)
    session |= {"status": "complete", "url": None, "customer": name, "payment_status": "paid"}
    if has_plan:
        _subscribe(memory, session, params, prices, customer, method)
        session["payment_status"] = "paid" if total else "no_payment_required"
    else:
        data = params.get("payment_intent_data", {})
        more = {"metadata": data.get("metadata", {}), "description": data.get("description")}
        intent = money.make_intent(memory, total, session["currency"], **more)
        session["payment_intent"] = intent["id"]
        if is_debit:
            method |= {"type": "sepa_debit", "card": None}
            intent |= {"status": "processing", "payment_method": method["id"]}
            session["payment_status"] = "unpaid"
        else:
            money.capture(memory, intent, method)
    memory.tell("checkout.session.completed", session)


def clear_debit(memory: Memory, session: dict, *, is_paid: bool) -> None:
    intent = memory.get("payment_intent", session["payment_intent"])
    if is_paid:
        money.capture(memory, intent, memory.get("payment_method", intent["payment_method"]))
        session["payment_status"] = "paid"
        memory.tell("checkout.session.async_payment_succeeded", session)
    else:
        money.decline(memory, intent)
        memory.tell("checkout.session.async_payment_failed", session)


def _item(memory: Memory, sub_id: str, price: dict, starts: int, ends: int) -> dict:
    made = memory.make(
        "subscription_item", subscription=sub_id, price=price, quantity=1,
        current_period_start=starts, current_period_end=ends, billing_thresholds=None,
    )  # fmt: skip
    made["plan"] |= {"currency": price["currency"], "interval": price["recurring"]["interval"]}
    return made


def _subscribe(memory, session, params, prices, customer, method) -> None:
    data = params.get("subscription_data", {})
    trial = int(data.get("trial_period_days", 0))
    price = next(one for one in prices if one["recurring"])
    now, period = memory.now, price["recurring"]["interval"]
    ends = now + trial * DAY if trial else after(now, period)
    sub = memory.make(
        "subscription", customer=customer["id"], currency=session["currency"], start_date=now,
        status="trialing" if trial else "active", metadata=data.get("metadata", {}),
        description=data.get("description"), default_payment_method=method["id"],
        trial_start=now if trial else None, trial_end=ends if trial else None,
        billing_cycle_anchor=ends if trial else now, cancel_at_period_end=False,
        pending_update=None,
    )  # fmt: skip
    rows = [_item(memory, sub["id"], price, now, ends)]
    url = f"/v1/subscription_items?subscription={sub['id']}"
    sub["items"] = {"object": "list", "data": rows, "has_more": False, "url": url}
    session["subscription"] = sub["id"]
    invoice = make_invoice(memory, sub, session["amount_total"], "subscription_create", (now, ends))
    session["invoice"] = invoice["id"]
    pay_invoice(memory, invoice)
    memory.tell("customer.subscription.created", sub)


def add_line(memory: Memory, invoice: dict, amount: int, span, text: str) -> None:
    line = memory.make(
        "line_item", invoice=invoice["id"], amount=amount, currency=invoice["currency"],
        description=text, period={"start": span[0], "end": span[1]}, quantity=1,
        subtotal=amount, discountable=True,
    )  # fmt: skip
    invoice["lines"]["data"].append(line)
    for name in ("total", "subtotal", "amount_due", "amount_remaining"):
        invoice[name] += amount


def make_invoice(memory: Memory, sub: dict, amount, reason: str, span=None, status="open") -> dict:
    now = memory.now
    made = memory.make(
        "invoice", customer=sub["customer"], currency=sub["currency"], billing_reason=reason,
        status=status, period_start=now, period_end=now, total=0, subtotal=0, amount_due=0,
        amount_remaining=0, amount_overpaid=0, metadata={}, next_payment_attempt=None,
    )  # fmt: skip
    made["lines"] = {"object": "list", "data": [], "has_more": False,
                     "url": f"/v1/invoices/{made['id']}/lines"}  # fmt: skip
    details = {"subscription": sub["id"], "metadata": dict(sub["metadata"])}
    made["parent"] = {"type": "subscription_details", "subscription_details": details,
                      "quote_details": None}  # fmt: skip
    if span:
        add_line(memory, made, amount, span, "Period")
        finalize(memory, made)
    return made


def finalize(memory: Memory, invoice: dict) -> dict:
    """The customer's credit is used up first."""
    customer = memory.get("customer", invoice["customer"])
    used = min(-min(customer["balance"], 0), invoice["total"])
    customer["balance"] += used
    invoice |= {"status": "open", "starting_balance": -used}
    invoice["amount_due"] = invoice["amount_remaining"] = invoice["total"] - used
    if invoice["amount_due"]:
        intent = money.make_intent(
            memory, invoice["amount_due"], invoice["currency"], invoice["customer"]
        )
        memory.make(
            "invoice_payment", invoice=invoice["id"], currency=invoice["currency"], status="open",
            amount_requested=invoice["amount_due"], is_default=True,
            payment={"type": "payment_intent", "payment_intent": intent["id"]},
        )  # fmt: skip
    return invoice


def sub_of(memory: Memory, invoice: dict) -> dict:
    return memory.get("subscription", invoice["parent"]["subscription_details"]["subscription"])


def pay_invoice(memory: Memory, invoice: dict) -> bool:
    sub = sub_of(memory, invoice)
    method = memory.get("payment_method", sub["default_payment_method"])
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if invoice["amount_due"]:
        row = memory.rows("invoice_payment", invoice=invoice["id"])[0]
        intent = memory.get("payment_intent", row["payment"]["payment_intent"])
        is_first = invoice["billing_reason"] == "subscription_create"
        if method["metadata"]["later"] == money.DEAD and not is_first:
            money.decline(memory, intent)
            memory.tell("invoice.payment_failed", invoice)
            return False
        money.capture(memory, intent, method)
        row |= {"status": "paid", "amount_paid": invoice["amount_due"]}
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0,
                "next_payment_attempt": None}  # fmt: skip
    if sub["status"] == "past_due":
        sub["status"] = "active"
        memory.tell("customer.subscription.updated", sub)
    memory.tell("invoice.paid", invoice)
    return True


def advance(memory: Memory, to: int) -> None:
    """Time passes: whatever falls due on the way happens in its order."""
    while True:
        due = [
            (at, sub)
            for sub in memory.tables["subscription"].values()
            if (at := _next(memory, sub))
        ]
        due = [pair for pair in due if pair[0] <= to]
        if not due:
            break
        at, sub = min(due, key=lambda pair: pair[0])
        memory.now = max(memory.now, at)
        _step(memory, sub, at)
    memory.now = max(memory.now, to)
    for session in memory.rows("checkout.session", status="open"):
        if session["expires_at"] <= memory.now:
            expire(memory, session)


def _unpaid(memory: Memory, sub: dict) -> dict | None:
    rows = memory.rows("invoice", status="open", customer=sub["customer"])
    return next((row for row in rows if row["next_payment_attempt"]), None)


def _next(memory: Memory, sub: dict) -> int | None:
    if sub["status"] == "canceled":
        return None
    times = [sub["items"]["data"][0]["current_period_end"]]
    if sub["cancel_at"]:
        times.append(sub["cancel_at"])
    if unpaid := _unpaid(memory, sub):
        times.append(unpaid["next_payment_attempt"])
    return min(times)


def _step(memory: Memory, sub: dict, at: int) -> None:
    item = sub["items"]["data"][0]
    unpaid = _unpaid(memory, sub)
    if unpaid and unpaid["next_payment_attempt"] == at:
        left = RETRY_DAYS[unpaid["attempt_count"] :]
        if not pay_invoice(memory, unpaid):
            unpaid["next_payment_attempt"] = unpaid["created"] + left[0] * DAY if left else None
        return
    ends_now = sub["cancel_at"] and sub["cancel_at"] <= at
    if ends_now or (sub["cancel_at_period_end"] and item["current_period_end"] <= at):
        end(memory, sub)
        return
    period = item["price"]["recurring"]["interval"]
    times = 1
    while after(sub["billing_cycle_anchor"], period, times) <= at:
        times += 1
    span = at, after(sub["billing_cycle_anchor"], period, times)
    item["current_period_start"], item["current_period_end"] = span
    if sub["status"] == "trialing":
        sub["status"] = "active"
    amount = item["price"]["unit_amount"]
    invoice = make_invoice(memory, sub, amount, "subscription_cycle", span)
    if not pay_invoice(memory, invoice):
        invoice["next_payment_attempt"] = at + RETRY_DAYS[0] * DAY
        sub["status"] = "past_due"
    memory.tell("customer.subscription.updated", sub)


def end(memory: Memory, sub: dict) -> dict:
    if sub["status"] == "canceled":
        raise Refused("No such subscription.", status=404, code="resource_missing")
    sub |= {"status": "canceled", "ended_at": memory.now, "canceled_at": memory.now}
    memory.tell("customer.subscription.deleted", sub)
    return sub


def update(memory: Memory, sub: dict, params: dict) -> dict:
    if sub["status"] == "canceled":
        raise Refused("A canceled subscription can only update its cancellation_details.")
    item = sub["items"]["data"][0]
    if rows := params.get("items"):
        item["price"] = make_price(memory, rows[0]["price_data"])
    sub["metadata"] |= params.get("metadata", {})
    if name := params.get("default_payment_method"):
        sub["default_payment_method"] = memory.get("payment_method", name)["id"]
    if "cancel_at_period_end" in params:
        sub["cancel_at_period_end"] = params["cancel_at_period_end"] == "true"
        sub["cancel_at"] = item["current_period_end"] if sub["cancel_at_period_end"] else None
    if "cancel_at" in params:
        sub["cancel_at"] = int(params["cancel_at"])
    if "trial_end" in params:
        ends = int(params["trial_end"])
        sub |= {"status": "trialing", "trial_end": ends, "billing_cycle_anchor": ends}
        sub["trial_start"] = item["current_period_start"] = memory.now
        item["current_period_end"] = ends
        zero = make_invoice(memory, sub, 0, "subscription_update", (memory.now, ends))
        pay_invoice(memory, zero)
    memory.tell("customer.subscription.updated", sub)
    return sub
