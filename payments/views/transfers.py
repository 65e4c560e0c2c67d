"""Where the money of a bank transfer goes, for its buyer."""

from django.http import Http404
from django.shortcuts import redirect, render

from engineroom.pages import open_page
from payments.queries.orders import order_for
from payments.queries.transfers import open_transfer_of, transfer_words
from payments.views.visitors import person_of, remembered


@open_page(methods=("GET", "HEAD"))
def instructions(request, number):
    """For the owner of the order and the guest whose browser placed it."""
    person = person_of(request)
    order = order_for(number, person, remembered(request)) if number.isprintable() else None
    if order is None:
        raise Http404
    transfer = open_transfer_of(order)
    if transfer is None:
        return redirect(order)
    context = transfer_words(order, transfer) | {"order": order, "lines": list(order.lines.all())}
    response = render(request, "payments/transfer.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
