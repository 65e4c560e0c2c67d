"""The simulator's hosted page. It plays another company's site and stands in test schools only."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import redirect, render

from engineroom import throttles
from engineroom.pages import open_page
from engineroom.refusals import Refusal
from payments import money
from payments.forms import SimulatorForm
from payments.gateways import simulator

TEST_CARDS = [
    ("4242 4242 4242 4242", "is accepted"),
    ("4000 0000 0000 3220", "asks for a confirmation (3-D Secure)"),
    ("4000 0000 0000 9995", "is declined: not enough funds"),
    ("4000 0000 0000 0002", "is declined without a reason"),
]
CLOSED = (simulator.State.SUCCEEDED, simulator.State.FAILED, simulator.State.CANCELED)


@open_page()
def hosted_page(request, token):
    """Take a test card, or one of the buttons, and send the browser back to the school."""
    payment = simulator.find(token) if settings.TEST_SCHOOL and token.isprintable() else None
    if payment is None:
        raise Http404
    by_card = request.POST.get("outcome") == "card"
    form = SimulatorForm(request.POST if by_card else None)
    if request.method == "POST":
        throttles.spend_address(request, "simulator", "120/m")
        if answer := _act(request, payment, form):
            return answer
    return _show(request, payment, form)


def _act(request, payment, form):
    """A redirect when something happened; None when the form needs another look."""
    outcome = request.POST.get("outcome", "")
    card = ""
    if outcome == "card":
        if not form.is_valid():
            return None
        card = form.cleaned_data["card"].replace(" ", "").replace("-", "")
        if card not in simulator.CARDS:
            form.add_error("card", "Use one of the test cards listed on this page.")
            return None
        outcome = simulator.CARDS[card][0]
    try:
        payment = simulator.pay(payment.token, outcome=outcome, card=card)
    except Refusal as refusal:
        form.said = refusal.message
        return None
    if payment.state == simulator.State.CHALLENGE and outcome != "abandon":
        return redirect("payments:simulator", payment.token)
    return redirect(payment.return_url.removeprefix(settings.SITE_URL))


def _show(request, payment, form):
    payment.refresh_from_db()
    context = {
        "payment": payment,
        "amount": money.text(payment.amount_minor, payment.currency),
        "form": form,
        "cards": TEST_CARDS,
        "is_challenge": payment.state == simulator.State.CHALLENGE,
        "is_closed": payment.state in CLOSED,
        "said": getattr(form, "said", ""),
        "return_path": payment.return_url.removeprefix(settings.SITE_URL),
    }
    status = 400 if form.errors or context["said"] else 200
    response = render(request, "payments/simulator.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
