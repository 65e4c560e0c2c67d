"""Disputes as staff see them, and the evidence that the school has."""

from django.conf import settings
from django.urls import reverse

from engineroom import mail, slots
from payments import money, states
from payments.models import Dispute, Mode, Order, Payment
from payments.queries.receipts import absolute

DAY = "%d %B %Y, %H:%M UTC"


def dispute_by_id(public_id: str) -> Dispute | None:
    """With payment and order: one query."""
    return _whole().filter(public_id=public_id).first() if public_id.isprintable() else None


def _whole():
    return Dispute.objects.select_related("payment__order__person")


def has_open_dispute(order: Order) -> bool:
    """Whether a bank holds money of the order and has not decided: one query."""
    held = Dispute.objects.filter(payment__order=order)
    return held.filter(state__in=[states.OPEN, states.UNDER_REVIEW]).exists()


def disputes_newest_first():
    return _whole().order_by("-pk")


def dispute_words(dispute: Dispute) -> dict:
    """The context of the mail to staff."""
    order = dispute.payment.order
    page = reverse("admin:payments_dispute_change", args=[dispute.pk])
    return {
        "number": order.number,
        "amount": dispute.text,
        "reason": dispute.reason,
        "due_at": dispute.due_at,
        "url": f"{settings.SITE_URL}{page}",
        "is_test": order.mode == Mode.TEST,
    }


def pack_of(dispute: Dispute) -> dict[str, str]:
    """What the school knows that speaks for it, by names of `gateways.evidence`.

    No address of the buyer's machine: the school does not keep any.
    """
    payment = dispute.payment
    order, lines = payment.order, list(payment.order.lines.order_by("pk"))
    person = order.person
    pack = {
        "product": "\n".join(_line_text(line) for line in lines),
        "buyer_name": order.billing.get("name") or getattr(person, "name", ""),
        "buyer_email": order.email,
        "billing_address": "\n".join(str(part) for part in order.billing.values() if part),
        "receipt": _receipt(order, payment, lines),
        "consent": _consent(order),
        "delivery": "\n".join(_delivery(line) for line in lines),
        "access": _access(person, lines),
        "messages": _messages(order),
    }
    return {name: text for name, text in pack.items() if text}


def _line_text(line) -> str:
    about = f" ({absolute(line.url)})" if line.url else ""
    return f"{line.title}{about}: {line.text}"


def _receipt(order: Order, payment: Payment, lines) -> str:
    paid_at = f"{order.paid_at:{DAY}}" if order.paid_at else "not yet"
    rows = [f"Order {order.number} at {settings.SCHOOL_NAME}, paid {paid_at}"]
    rows += [f"{line.title}: {line.text}" for line in lines]
    rows += [f"Total: {order.text}", f"Paid with: {payment.method or 'unknown'}"]
    return "\n".join(rows)


def _consent(order: Order) -> str:
    steps = "; ".join(
        f"{step['label']} {money.text(step['amount_minor'], order.currency)}"
        for step in order.steps
        if "amount_minor" in step
    )
    return (
        f"On {order.placed_at:{DAY}} the buyer ticked: “I agree that what I buy opens at once, and "
        f"I have checked the total.” The total shown was {order.text}. How it came about: {steps}."
    )


def _delivery(line) -> str:
    if not line.delivered_at:
        return f"{line.title}: not delivered yet"
    return f"{line.title}: opened to the buyer on {line.delivered_at:{DAY}}"


def _access(person, lines) -> str:
    """What rooms above know about the use of what was sold: their entries, one a line."""
    if person is None:
        return ""
    things = [(line.kind, line.key) for line in lines]
    said = slots.gather("payments.evidence", person, things)
    return "\n".join(text for texts in said for text in texts)


def _messages(order: Order) -> str:
    if not order.email:
        return ""
    sent = mail.sent_to(order.email, since=order.placed_at)
    return "\n".join(f"{at:{DAY}}: {subject}" for subject, at in sent)
