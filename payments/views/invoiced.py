"""Paying an order that the school wrote: no checkout, the same gateways."""

from urllib.parse import urlsplit

from django import forms
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render

from engineroom import throttles
from engineroom.pages import private_page
from engineroom.refusals import Refusal
from payments import gateways, money, states
from payments.actions.ordering import start_payment
from payments.actions.settling import refresh_payment
from payments.forms import HiddenKey
from payments.queries.checkouts import last_payment_of
from payments.queries.orders import order_for
from payments.refusals import FormSent, GatewayUnavailable, PaymentMismatch
from payments.views.checkout import _is_ours


class WayForm(HiddenKey):
    """Which gateway, where there are several, and the buyer's word."""

    gateway = forms.ChoiceField(label="Pay by", widget=forms.RadioSelect, required=False)
    consent = forms.BooleanField(
        label="I agree that what I buy opens at once, and I have checked the total.",
        error_messages={"required": "Confirm that you agree before you pay."},
    )

    def __init__(self, *args, choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["gateway"].choices = [(choice.name, choice.label) for choice in choices]
        self.fields["gateway"].initial = choices[0].name


def _order(request, number):
    order = order_for(number, request.user, []) if number.isprintable() else None
    if order is None or order.checkout_id or order.subscription_id:
        raise Http404
    return order


@private_page(budget_ms=500)
def pay(request, number):
    """What is to be paid, until when, and the way to the gateway."""
    order = _order(request, number)
    if order.state != states.AWAITING:
        return redirect(order)
    choices = gateways.choices()
    form = WayForm(request.POST or None, choices=choices)
    refusal = None
    if request.method == "POST" and form.is_valid():
        throttles.spend(request, "pay", key=request.user.public_id, rate="30/m")
        said = form.cleaned_data
        try:
            payment = start_payment(order=order, key=said["form_key"], gateway=said["gateway"])
        except FormSent:
            return redirect("payments:order-pay", order.number)
        except Refusal as caught:
            refusal = caught
            form.add_error(None, caught.message)
        else:
            return _go(order, payment)
    taxes = [step for step in order.steps if step["step"] == "tax"]
    context = {
        "order": order,
        "lines": order.lines.all(),
        "taxes": [
            {"label": step["label"], "text": money.text(step["amount_minor"], order.currency)}
            for step in taxes
        ],
        "form": form,
        "choices": choices,
    }
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "payments/pay_order.html", context, status=status)


def _go(order, payment):
    if not _is_ours(payment.url):
        return redirect("payments:order-leave", order.number)
    parts = urlsplit(payment.url)
    address = parts.path + (f"?{parts.query}" if parts.query else "")
    return HttpResponseRedirect(address, status=303)


@private_page(methods=("GET",))
def leave(request, number):
    """The last page before a gateway elsewhere: a link, and a header that follows it."""
    order = _order(request, number)
    payment = last_payment_of(order)
    if payment is None or payment.state not in states.OPEN_PAYMENTS or not payment.url:
        return redirect("payments:order-pay", order.number)
    context = {"url": payment.url, "host": urlsplit(payment.url).hostname, "order": order}
    response = render(request, "payments/leave.html", context)
    response["Refresh"] = f"0; url={payment.url}"
    return response


@private_page(methods=("GET",), budget_ms=500)
def come_back(request, number):
    """Back from the gateway: ask how it went, then show the order."""
    order = _order(request, number)
    payment = last_payment_of(order)
    if payment and payment.state in states.OPEN_PAYMENTS:
        payment.order = order
        try:
            order = refresh_payment(payment, source="return")
        except (GatewayUnavailable, PaymentMismatch):
            return redirect(order)
    if order.state == states.AWAITING:
        return redirect("payments:order-pay", order.number)
    return redirect(order)
