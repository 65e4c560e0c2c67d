"""The simulator's hosted pages. They play another company's site and stand in test schools only."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import redirect, render

from engineroom import throttles
from engineroom.pages import open_page
from engineroom.refusals import Refusal
from payments import money
from payments.forms import SimulatorForm
from payments.gateways import simulator

CLOSED = (simulator.State.SUCCEEDED, simulator.State.FAILED, simulator.State.CANCELED)


def _found(find, token):
    found = find(token) if settings.TEST_SCHOOL and token.isprintable() else None
    if found is None:
        raise Http404
    return found


def _back(url: str) -> str:
    return url.removeprefix(settings.SITE_URL)


def _draw(request, template, context, form):
    context |= {"form": form, "cards": simulator.CARDS, "said": getattr(form, "said", "")}
    status = 400 if form.errors or context["said"] else 200
    response = render(request, template, context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


@open_page()
def hosted_page(request, token):
    """Take a test card, or one of the buttons, and send the browser back to the school."""
    payment = _found(simulator.find, token)
    form = SimulatorForm(request.POST if request.POST.get("outcome") == "card" else None)
    if request.method == "POST":
        throttles.spend_address(request, "simulator", "120/m")
        if answer := _act(request, payment, form):
            return answer
    return _show(request, payment, form)


def _act(request, payment, form):
    """A redirect when something happened; None when the form needs another look."""
    outcome, number = request.POST.get("outcome", ""), ""
    if outcome == "card":
        if not form.is_valid():
            return None
        number = form.cleaned_data["card"]
        outcome = simulator.BY_NUMBER[number].plays
    fault = request.POST.get("fault")
    try:
        payment = simulator.pay(payment.token, outcome=outcome, card=number, fault=fault)
    except Refusal as refusal:
        form.said = refusal.message
        return None
    if payment.state == simulator.State.CHALLENGE and outcome != "abandon":
        return redirect("payments:simulator", payment.token)
    return redirect(_back(payment.return_url))


def _show(request, payment, form):
    payment.refresh_from_db()
    subscription = payment.subscription
    context = {
        "payment": payment,
        "amount": money.text(payment.amount_minor, payment.currency),
        "later": subscription and money.text(subscription.amount_minor, subscription.currency),
        "subscription": subscription,
        "is_challenge": payment.state == simulator.State.CHALLENGE,
        "is_processing": payment.state == simulator.State.PROCESSING,
        "is_closed": payment.state in CLOSED or payment.is_over,
        "return_path": _back(payment.return_url),
    }
    return _draw(request, "payments/simulator.html", context, form)


@open_page()
def card_page(request, token):
    """Another card for a subscription; what is overdue is asked of it at once."""
    subscription = _found(simulator.subscribing.find, token)
    form = SimulatorForm(request.POST if request.method == "POST" else None)
    del form.fields["fault"]
    if request.method == "POST":
        throttles.spend_address(request, "simulator", "120/m")
        if form.is_valid():
            card = simulator.BY_NUMBER[form.cleaned_data["card"]]
            subscription = simulator.subscribing.change_card(token, card)
            return redirect(_back(subscription.return_url) or "/")
    context = {
        "subscription": subscription,
        "amount": money.text(subscription.amount_minor, subscription.currency),
        "is_over": subscription.state == "ended",
        "is_late": subscription.state == "past_due",
        "return_path": _back(subscription.return_url) or "/",
    }
    return _draw(request, "payments/simulator_card.html", context, form)
