"""What the stand-in remembers: objects by kind, their ids, and how lists and expansions answer."""

import json
from copy import deepcopy
from itertools import count
from pathlib import Path

import stripe

SHAPES = json.loads((Path(__file__).parent / "shapes.json").read_text())
API_VERSION = "2026-10-28.endive"
PREFIXES = {
    "customer": "cus", "product": "prod", "price": "price", "coupon": "co", "payment_intent": "pi",
    "checkout.session": "cs_test", "charge": "ch", "balance_transaction": "txn",
    "payment_method": "pm", "setup_intent": "seti", "subscription": "sub", "refund": "re",
    "subscription_item": "si", "invoice": "in", "invoiceitem": "ii", "invoice_payment": "inpay",
    "dispute": "du", "payout": "po", "billing_portal.session": "bps", "event": "evt",
    "customer_balance_transaction": "cbtxn", "line_item": "il",
}  # fmt: skip
# Fields that hold the id of another object, and may be asked for whole.
LINKS = {
    "payment_intent": "payment_intent", "latest_charge": "charge", "customer": "customer",
    "balance_transaction": "balance_transaction", "default_payment_method": "payment_method",
    "payment_method": "payment_method", "subscription": "subscription", "invoice": "invoice",
    "charge": "charge",
}  # fmt: skip


class Refused(Exception):
    """Stripe's answer to what it does not do."""

    def __init__(self, message: str, *, status=400, kind="invalid_request_error", **more):
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message} | more


class Memory:
    def __init__(self, now: int):
        self.now = now
        self.tables: dict[str, dict[str, dict]] = {kind: {} for kind in PREFIXES}
        self.order: dict[str, int] = {}
        self._numbers = count(1)
        self.events: list[dict] = []

    def make(self, kind: str, **fields) -> dict:
        number = next(self._numbers)
        thing = deepcopy(SHAPES[kind]) | {"id": f"{PREFIXES[kind]}_{number:016d}"}
        if "created" in thing:
            thing["created"] = self.now
        thing |= fields
        if "livemode" in thing:
            thing["livemode"] = False
        self.tables[kind][thing["id"]] = thing
        self.order[thing["id"]] = number
        return thing

    def get(self, kind: str, name) -> dict:
        try:
            return self.tables[kind][name]
        except KeyError:
            raise Refused(
                f"No such {kind}: '{name}'", status=404, code="resource_missing"
            ) from None

    def rows(self, kind: str, **wanted) -> list[dict]:
        """Newest first."""
        rows = self.tables[kind].values()
        found = [
            row for row in rows if all(row.get(name) == value for name, value in wanted.items())
        ]
        return sorted(found, key=lambda row: self.order[row["id"]], reverse=True)

    def tell(self, type_: str, thing: dict) -> dict:
        event = self.make(
            "event", type=type_, api_version=API_VERSION, data={"object": deepcopy(thing)},
            pending_webhooks=1,
        )  # fmt: skip
        self.events.append(event)
        return event

    def listed(self, rows: list[dict], params: dict, url: str) -> dict:
        limit = int(params.get("limit", 10))
        if after := params.get("starting_after"):
            names = [row["id"] for row in rows]
            rows = rows[names.index(after) + 1 :]
        for field in ("created", "arrival_date"):
            if isinstance(span := params.get(field), dict):
                rows = [row for row in rows if row[field] >= int(span.get("gte", 0))]
        return {
            "object": "list", "data": [deepcopy(row) for row in rows[:limit]],
            "has_more": len(rows) > limit, "url": url,
        }  # fmt: skip

    def expanded(self, answer: dict, paths: list[str]) -> dict:
        answer = deepcopy(answer)
        for path in paths:
            if path.count(".") > 3:
                raise Refused("You cannot expand more than 4 levels of a property.")
            self._expand(answer, path.split("."))
        return answer

    def _expand(self, thing, steps: list[str]) -> None:
        name, *rest = steps
        if isinstance(thing, list):
            for one in thing:
                self._expand(one, steps)
            return
        if thing is None or not isinstance(thing, dict):
            return
        if name == "payments" and thing.get("object") == "invoice":
            rows = self.rows("invoice_payment", invoice=thing["id"])
            thing[name] = self.listed(rows, {}, "/v1/invoice_payments")
        elif isinstance(thing.get(name), str):
            kind = LINKS.get(name) or self._kind(thing[name])
            thing[name] = deepcopy(self.get(kind, thing[name]))
        elif name not in thing:
            raise Refused(f"This property cannot be expanded ({name}).")
        if rest:
            self._expand(thing[name], rest)

    def _kind(self, name: str) -> str:
        return next(kind for kind, rows in self.tables.items() if name in rows)


def signed(body: str, secret: str, at: int) -> str:
    """Stripe's header for these bytes, made by the official SDK."""
    return stripe.WebhookSignature.generate_signature_header(body, secret, at)
