"""The simulator's post: signed events through the outbox, in its own transaction, as a real gateway
would send them, and everything that can go wrong on the way.

A row of the outbox is one delivery: {"body", "secret": which one signs}. A fault is chosen for a
payment and applies to all its events.
"""

import json

from engineroom import clock, ids, outbox
from payments import signing
from payments.gateways.accounts import account
from payments.models import Mode

NAME = "simulator"
TOPIC = "simulator.webhook"
FORGED = "whsec_somebody_elses"
DELAY_SECONDS = 600
FAULTS = {
    "delayed": "arrive ten minutes late",
    "lost": "never arrive",
    "duplicated": "arrive three times",
    "reordered": "arrive last first",
    "forged": "are not from here: somebody else signed that it was paid",
    "wrong_amount": "name another amount",
    "wrong_currency": "name another currency",
    "wrong_order": "name another order",
    "wrong_mode": "name the other mode",
    "wrong_account": "name another account",
}


def account_id() -> str:
    return account(NAME, Mode.TEST).public_id


def signed(body: str, secret: str = "") -> str:
    """The signature header, now: under the account's newest secret unless another is given.

    Signatures carry the time of the wire, which a moved school clock does not change.
    """
    key = secret or account(NAME, Mode.TEST).webhook_secret
    return signing.sign(body.encode(), key, int(clock.real().timestamp()))


def _event(type_: str, name: str, said: dict) -> dict:
    return {
        "id": ids.public_id("evt"),
        "type": type_,
        "created_at": clock.now().isoformat(),
        "account": account_id(),
        "mode": Mode.TEST.value,
        name: said,
    }


def _put(event: dict, *, delay_seconds: int = 0, copy: str = "", secret: str = "") -> None:
    payload = {"body": json.dumps(event), "secret": secret}
    outbox.put(TOPIC, payload, key=f"{event['id']}{copy}", delay_seconds=delay_seconds)


def _bent(fault: str, event: dict, said: dict) -> None:
    """The event, signed and wrong."""
    if fault == "wrong_amount":
        said["amount_minor"] += 1
    elif fault == "wrong_currency":
        said["currency"] = "USD" if said["currency"] != "USD" else "EUR"
    elif fault == "wrong_order":
        said["order"] = "0000-0000-0000"
    elif fault == "wrong_mode":
        event["mode"] = Mode.LIVE.value
    else:
        event["account"] = "account_of_another_school"


def tell(type_: str, name: str, said: dict, *, fault: str = "") -> None:
    """Post an event about the object `said` called `name`."""
    said = dict(said)
    event = _event(type_, name, said)
    if fault == "lost":
        return
    if fault == "forged":
        said["status"] = "captured"
        _put(event, secret=FORGED)
    elif fault == "delayed":
        _put(event, delay_seconds=DELAY_SECONDS)
    elif fault == "duplicated":
        for copy in ("", ":2", ":3"):
            _put(event, copy=copy)
    elif fault == "reordered":
        _put(event)
        for status in ("processing", "open"):
            _put(_event(f"{name}.{status}", name, said | {"status": status}), delay_seconds=5)
    else:
        if fault:
            _bent(fault, event, said)
        _put(event)
