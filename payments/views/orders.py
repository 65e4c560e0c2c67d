"""Orders of a person, and the receipt of one."""

from django.http import Http404
from django.shortcuts import render

from engineroom.pages import open_page, private_page
from engineroom.pagination import key_page
from payments import sellables, states
from payments.queries.invoices import documents_of
from payments.queries.orders import order_for, orders_with_gifts, refunds_of, shown_lines
from payments.queries.receipts import (
    buyer_name,
    is_told_of_attention,
    later_words,
    left_text,
    receipt_facts,
    thanks_words,
)
from payments.queries.transfers import open_transfer_of
from payments.views.visitors import person_of, remembered

PAGE = 20


@private_page(methods=("GET", "HEAD"))
def order_list(request):
    """The person's orders, newest first."""
    page = key_page(
        orders_with_gifts(request.user), ["-pk"], after=request.GET.get("after", ""), size=PAGE
    )
    return render(request, "payments/orders.html", {"page": page})


@open_page(methods=("GET", "HEAD"))
def receipt(request, number):
    """The receipt, for its owner and for the guest whose browser paid it."""
    person = person_of(request)
    order = order_for(number, person, remembered(request)) if number.isprintable() else None
    if order is None:
        raise Http404
    lines = shown_lines(order)
    payments = list(order.payments.all())
    start = next((line for line in lines if _opens_here(line)), None)
    begin = sellables.begin(start.kind) if start else ""
    paid = next((payment for payment in payments if payment.state == states.CAPTURED), None)
    context = {
        "order": order,
        "lines": lines,
        "refunds": refunds_of(order) if order.refunded_minor else [],
        "payment": paid,
        "documents": documents_of(order),
        "name": buyer_name(order) if person else "",
        "is_guest": person is None,
        "has_transfer": order.state == states.AWAITING and open_transfer_of(order) is not None,
        "later": later_words(order),
        "thanks": thanks_words(order, lines),
        "is_gift": bool(lines) and all(line.gift for line in lines),
        "facts": receipt_facts(order, lines),
        "concern": is_told_of_attention(order),
        "left": left_text(order),
        "start": start,
        "begin": begin,
        "is_read": begin == sellables.READ,
    }
    response = render(request, _template(order), context)
    response["X-Robots-Tag"] = "noindex"
    if order.state == states.PROCESSING:
        response["Refresh"] = "5"
    return response


def _opens_here(line) -> bool:
    """A gift opens for whoever claims it."""
    return bool(line.url and not line.withdrawn_at and not line.gift)


def _template(order) -> str:
    return "payments/receipt.html" if order.is_settled else "payments/unpaid.html"
