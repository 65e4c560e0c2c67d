"""What receipts and refund mails say, as plain values."""

from collections.abc import Callable

from django.conf import settings
from django.utils.timezone import localtime

from engineroom import clock
from payments import money, states, taxes
from payments.countries import NAMES
from payments.invoicing import buyer_lines
from payments.models import Invoice, Mode, Order, OrderLine, Payment, Refund, TaxKind
from payments.pricing import percent_text


def buyer_name(order: Order) -> str:
    """The first name, when the person has told one."""
    name = getattr(order.person, "name", "") or ""
    return name.split()[0] if name.split() else ""


def _items(order: Order) -> list[dict]:
    return [
        {
            "title": f"{line.title} × {line.quantity}" if line.quantity > 1 else line.title,
            "amount": line.text,
            "url": absolute(line.url),
            "is_gift": bool(line.gift),
            "kind": line.kind,
        }
        for line in order.lines.order_by("pk")
    ]


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}" if path.startswith("/") else path


def _shared(order: Order) -> dict:
    return {
        "name": buyer_name(order),
        "number": order.number,
        "order_url": absolute(order.get_absolute_url()),
        "is_test": order.mode == Mode.TEST,
    }


def receipt_words(order: Order, payment: Payment, begin: Callable[[str], str]) -> dict:
    """The context of the receipt mail: two queries. `begin` answers the words of the link to what
    is of a kind."""
    items = _items(order)
    start = next((item for item in items if not item["is_gift"]), {})
    return _shared(order) | {
        "paid_at": order.paid_at,
        "items": items,
        "total": order.text,
        "method": payment.method,
        "is_free": not order.total_minor,
        "discount": money.text(-order.discount_minor, order.currency)
        if order.discount_minor
        else "",
        "coupon_code": order.coupon_code,
        "was_guest": order.was_guest,
        "email": order.email,
        "start_url": start.get("url", ""),
        "begin": begin(start["kind"]) if start else "",
        "gifts_url": absolute("/gifts/") if any(item["is_gift"] for item in items) else "",
        "after": later_words(order),
        "after_url": absolute(order.subscription.get_absolute_url()) if order.subscription else "",
        "invoice": _document(order.invoices.filter(kind="invoice").first()),
    }


def _document(invoice: Invoice | None) -> dict | None:
    """Number and address of an invoice or credit note, for a link."""
    if invoice is None:
        return None
    return {"number": invoice.number, "url": absolute(invoice.get_absolute_url())}


def later_words(order: Order) -> str:
    """What is charged after this order, in a sentence; empty when nothing is. At most one query."""
    subscription = order.subscription
    if subscription is None or not subscription.is_running or subscription.cancels_at_period_end:
        return ""
    price = f"{subscription.text} a {subscription.period}"
    day = f"{subscription.period_ends_at:%-d %B %Y}"
    if subscription.periods_total:
        left = subscription.periods_total - subscription.periods_paid
        more = "instalment" if left == 1 else "instalments"
        return (
            f"{left} more {more} of {subscription.text} follow, one a month. The next is on {day}."
        )
    if subscription.state == states.TRIALING:
        return f"Your trial runs until {day}, then it costs {price}. Cancel before and pay nothing."
    return f"It renews on {day} for {price}. You can cancel at any time."


def thanks_words(order: Order, lines: list[OrderLine]) -> str:
    """What became of what was bought, in a sentence. `claim` of gifts is read already: no query."""
    gifts = [line for line in lines if line.gift]
    if order.subscription_id:
        return "You are in."
    if not gifts:
        return "It is yours." if len(lines) == 1 else "All of it is yours."
    if len(lines) > 1:
        return "Your gifts are ready." if len(gifts) == len(lines) else "All of it is ready."
    (line,) = lines
    gift = getattr(line, "claim", None)
    whose = f"Your gift for {line.is_for}" if line.is_for else "Your gift"
    if gift and gift.email and not gift.sent_at and gift.deliver_at > clock.now():
        return f"{whose} will be sent on {localtime(gift.deliver_at):%-d %B %Y}."
    return f"{whose} is ready."


def is_told_of_attention(order: Order) -> bool:
    """Whether the buyer should know that staff look at the order: a doubt about its tax is theirs."""
    if not order.attention or order.state != states.PAID:
        return False
    pieces = {name: order.evidence.get(name, "") for name in taxes.PIECES}
    doubts = (taxes.contradiction(order.country, pieces), taxes.VAT_ID_UNKNOWN)
    return order.attention not in doubts


def left_text(order: Order) -> str:
    """What the school keeps of an order that was refunded; empty when nothing was."""
    if not order.refunded_minor:
        return ""
    return money.text(order.total_minor - order.refunded_minor, order.currency)


def receipt_facts(order: Order, lines: list[OrderLine]) -> list[dict]:
    """What a receipt says beside lines and total: [{label, values}]. Nothing is worked out anew: no
    query."""
    parts = [step["label"] for step in order.steps if step["step"] in ("instalments", "trial")]
    facts = [
        ("Paid now", parts),
        ("Discount", _discount(order, is_part=bool(parts))),
        *_tax(order, lines),
        ("Billed to", _address(order)),
    ]
    return [{"label": label, "values": values} for label, values in facts if values]


def _discount(order: Order, *, is_part: bool) -> list[str]:
    if not order.discount_minor:
        return []
    text = money.text(-order.discount_minor, order.currency)
    off = "off the whole price" if is_part else "taken off already"
    return [f"{text}, {off}", f"Code {order.coupon_code}"] if order.coupon_code else [text]


def _tax(order: Order, lines: list[OrderLine]) -> list[tuple[str, list[str]]]:
    if order.tax_kind == TaxKind.REVERSE:
        return [("VAT", ["None: reverse charge"])]
    if order.tax_kind != TaxKind.STANDARD:
        return []
    found = []
    for rate in sorted({line.tax_rate for line in lines}):
        amount = sum(line.tax_minor for line in lines if line.tax_rate == rate)
        text = f"{money.text(amount, order.currency)}, included"
        found.append((f"VAT of {percent_text(rate)}", [text]))
    return found


def _address(order: Order) -> list[str]:
    """The lines of the billing address, when more is known than a country."""
    if not order.billing and not order.vat_id:
        return []
    names = ("name", "company", "street", "postal_code", "city", "region")
    said = {name: order.billing.get(name, "") for name in names}
    country = NAMES.get(order.country, order.country)
    return buyer_lines(said | {"country": country, "vat_id": order.vat_id, "email": ""})


def refund_words(order: Order, refund: Refund) -> dict:
    """The context of the refund mail: two queries."""
    parts = refund.lines.select_related("line").order_by("pk")
    return _shared(order) | {
        "items": [
            {
                "title": part.line.title,
                "amount": money.text(part.amount_minor, refund.currency),
                "has_ended": not part.line.left_minor,
            }
            for part in parts
        ],
        "amount": refund.text,
        "reason": refund.reason,
        "credit_note": _document(Invoice.objects.filter(refund=refund).first()),
        "done_at": refund.done_at,
        "method": refund.payment.method,
    }
