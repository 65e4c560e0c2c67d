"""The stand-in's hosted pages: where the buyer pays, and where another card is given."""

from html import escape

from tests.payments.stripe_stand_in import billing, money
from tests.payments.stripe_stand_in.memory import Refused

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="data:,"></head>
<body><main><h1>{title}</h1><p role="status">{note}</p><form method="post">{fields}</form>
<p><a href="{back}">Back</a></p></main></body></html>"""
CARD = '<label>Card <input name="card" value="4242424242424242"></label><button>Pay</button>'
CHALLENGE = (
    '<input type="hidden" name="card" value="4242424242424242"><button>Confirm it is you</button>'
)
DECLINED, CHALLENGED, DIES = "4000000000000002", "4000002760003184", "4000000000000341"
DEBIT = "DE89370400440532013000"


def show(stand_in, method: str, path: str, form: dict) -> tuple[int, str, str]:
    """(status, page, where to go on)."""
    _, place, name, *_ = [*path.split("/"), "", ""]
    try:
        if place == "pay":
            return _pay(stand_in, method, stand_in.session(name), form.get("card"))
        if place == "portal":
            return _portal(stand_in, method, name, form.get("card"))
    except Refused:
        pass
    return 404, "No such page.", ""


def _page(title: str, back: str, note: str = "", fields: str = CARD) -> tuple[int, str, str]:
    words = {"title": escape(title), "note": escape(note), "back": escape(back)}
    return 200, PAGE.format(fields=fields, **words), ""


def _pay(stand_in, method: str, session: dict, card: str | None) -> tuple[int, str, str]:
    memory, back = stand_in.memory, session["cancel_url"]
    title = f"Pay {session['amount_total']} {session['currency'].upper()}"
    if session["status"] != "open":
        return _page("This page is closed", back, fields="")
    if method != "POST":
        return _page(title, back)
    if card == DECLINED:
        return _page(title, back, "Your card was declined.")
    if card == CHALLENGED:
        return _page(title, back, "Your bank wants to know that it is you.", CHALLENGE)
    later = money.DEAD if card == DIES else "good"
    billing.complete(
        memory, session, later=later, last4=(card or "4242")[-4:], is_debit=card == DEBIT
    )
    return 303, "", session["success_url"]


def _portal(stand_in, method: str, name: str, card: str | None) -> tuple[int, str, str]:
    memory = stand_in.memory
    portal = memory.get("billing_portal.session", name)
    if method != "POST":
        return _page("Your card", portal["return_url"])
    made = money.make_card(memory, portal["customer"], last4=(card or "4242")[-4:])
    customer = memory.get("customer", portal["customer"])
    kept = customer["invoice_settings"] or {}
    customer["invoice_settings"] = {**kept, "default_payment_method": made["id"]}
    memory.tell("customer.updated", customer)
    return 303, "", portal["return_url"]
