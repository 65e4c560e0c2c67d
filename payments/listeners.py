"""What the till puts into other rooms' slots."""

from payments.actions.gifts import forget_gifts
from payments.actions.offers import price_course
from payments.actions.people import forget_buyer
from payments.actions.plans import follow_refund
from payments.events import LineRefunded
from payments.models import OrderLine
from payments.queries import invoices as invoice_queries
from payments.queries.gifts import export_gifts
from payments.queries.orders import export_rows
from payments.queries.subscriptions import export_subscriptions


def course_price(slug, title, amount_minor, currency, actor=None) -> None:
    """Slot `catalog.price_course`: make or change the course's own offer."""
    price_course(slug=slug, title=title, amount_minor=amount_minor, currency=currency, actor=actor)


def orders_section(request) -> dict:
    """Slot `accounts.sections`: the link on the account page."""
    return {
        "title": "Orders",
        "url": "/orders/",
        "text": "Receipts, refunds and what is still to be paid.",
    }


def erase(person) -> None:
    """Slot `accounts.erase`."""
    forget_gifts(person=person)
    forget_buyer(person=person)


def export(person) -> dict:
    """Slot `accounts.export`."""
    return {"name": "orders", "rows": export_rows(person)}


def gifts_section(request) -> dict:
    """Slot `accounts.sections`."""
    return {
        "title": "Gifts",
        "url": "/gifts/",
        "text": "What you gave and what you were given.",
    }


def gift_rows(person) -> dict:
    """Slot `accounts.export`."""
    return {"name": "gifts", "rows": export_gifts(person)}


def export_invoices(person) -> dict:
    """Slot `accounts.export`: documents that stay, because the law wants them kept."""
    return {"name": "invoices", "rows": invoice_queries.export_rows(person)}


def subscriptions_section(request) -> dict:
    """Slot `accounts.sections`."""
    return {
        "title": "Subscriptions",
        "url": "/subscriptions/",
        "text": "Memberships and instalments: next payment, card, canceling.",
    }


def subscription_rows(person) -> dict:
    """Slot `accounts.export`."""
    return {"name": "subscriptions", "rows": export_subscriptions(person)}


def on_line_refunded(event: LineRefunded) -> None:
    """An instalment that went back closes what it paid for."""
    if event.is_whole:
        lines = OrderLine.objects.select_related("order__subscription__person", "order__person")
        follow_refund(lines.get(pk=event.line_id))
