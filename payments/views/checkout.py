"""From the buy link to the gateway and back: at most three pages, none needs JavaScript."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render

from engineroom import slots, throttles
from engineroom.addresses import visitor_country
from engineroom.pages import open_page
from engineroom.refusals import Refusal
from payments import states
from payments.actions.checkouts import UNNAMED_GIFT, open_checkout, remove_line
from payments.actions.evidence import note_network
from payments.actions.filling import fill_in
from payments.actions.giving import set_gift
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.api.guesses import count_guess
from payments.doubling import PaymentOpen, TwiceInOrder
from payments.forms import PayForm
from payments.models import Checkout
from payments.queries.checkouts import last_payment_of, lines_of, live_order_of, quote_of
from payments.queries.offers import offer_by_id
from payments.queries.orders import order_for
from payments.refusals import (
    CheckoutFinished,
    FormSent,
    GatewayUnavailable,
    OtherCurrency,
    PaymentMismatch,
    StandsAlone,
    StillProcessing,
    TooManyLines,
)
from payments.views.shapes import choice_fields, part_words, shape_of
from payments.views.visitors import person_of, remember, remembered, visible_checkout


@open_page(methods=("GET",))
def buy(request, offer_id):
    """A link anybody can follow: puts the offer into this browser's checkout and goes there."""
    throttles.spend_address(request, "buy", "60/m")
    offer = offer_by_id(offer_id) if offer_id.isprintable() else None
    if offer is None:
        raise Http404
    known = remembered(request)
    try:
        checkout = open_checkout(
            offer=offer,
            person=person_of(request),
            guest_id=known[-1] if known else "",
            is_gift=request.GET.get("gift") == "1",
        )
    except (OtherCurrency, StandsAlone, TooManyLines, TwiceInOrder) as refusal:
        if not known:
            raise
        # Shown beside the lines it is about.
        messages.error(request, refusal.message)
        return redirect("payments:checkout", known[-1])
    if checkout.public_id not in known:
        remember(request, checkout)
    return redirect(checkout)


@open_page()
def checkout_page(request, checkout_id):
    """What is bought, what it costs, where the receipt goes, and the one button."""
    checkout = visible_checkout(request, checkout_id)
    order = live_order_of(checkout)
    if checkout.state == Checkout.State.FINISHED or (order and order.state != states.AWAITING):
        return _to_receipt(request, checkout, order)
    lines = lines_of(checkout)
    if request.method == "POST":
        return _pay(request, checkout, order, lines)
    form = PayForm(shape=shape_of(checkout, lines), initial=_initial(checkout, lines))
    return _show(request, checkout, order, lines, form)


def _initial(checkout, lines) -> dict:
    return {
        "email": checkout.email,
        "country": checkout.country,
        "vat_id": checkout.vat_id,
        "coupon": checkout.coupon.code if checkout.coupon else "",
        "pay_in": "parts" if checkout.in_instalments else "once",
        "expected_minor": quote_of(checkout, lines).total_minor,
        **checkout.billing,
    }


def _to_receipt(request, checkout, order):
    if order is None:
        raise Http404
    if checkout.person is None and checkout.public_id not in remembered(request):
        remember(request, checkout)
    return redirect(order)


def _show(request, checkout, order, lines, form, refusal=None, status=200):
    quote = quote_of(checkout, lines)
    payment = last_payment_of(order) if order else None
    things = [(part["kind"], part["key"]) for line in lines for part in line.parts]
    art = slots.ask("payments.line_art", things, default={})
    rows = [_row(line, art) for line in lines]
    context = {
        "checkout": checkout,
        "rows": rows,
        "quote": quote,
        "form": form,
        "refusal": refusal,
        "open_order": _open_order(request, refusal),
        "declined": payment if payment and payment.state == states.FAILED else None,
        "left_open": bool(payment and payment.state == states.STARTED and payment.url),
        "shape": form.shape,
        "choices": [choice_fields(form, line) for line in lines],
        "schedule": part_words(quote) if checkout.in_instalments else [],
        "is_over": not checkout.is_open,
    }
    response = render(request, "payments/checkout.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _open_order(request, refusal):
    """The order that a refusal is about, where this visitor may see it."""
    if not isinstance(refusal, PaymentOpen):
        return None
    return order_for(refusal.order_number, person_of(request), remembered(request))


def _row(line, art) -> dict:
    """A line for the summary, with the picture of the first of its parts that has one."""
    shown = [part for part in line.parts if (part["kind"], part["key"]) in art]
    if not shown:
        return {"line": line, "art": "", "kind": ""}
    kind, key = shown[0]["kind"], shown[0]["key"]
    return {"line": line, "art": art[kind, key], "kind": kind}


def _pay(request, checkout, order, lines):
    throttles.spend_address(request, "pay", "60/m")
    act = request.POST.get("act", "pay")[:60]
    form = PayForm(_answers(request, act), shape=shape_of(checkout, lines), is_final=act == "pay")
    if not form.is_valid():
        return _show(request, checkout, order, lines, _again(form, checkout, lines), status=400)
    said = form.cleaned_data
    if checkout.person is None and act == "pay":
        throttles.spend(request, "pay-email", key=said["email"].lower(), rate="20/h")
    try:
        count_guess(request, checkout, said["coupon"])
        fill_in(checkout=checkout, **form.details())
        if act != "pay":
            return _updated(request, checkout, act, form)
        note_network(checkout=checkout, country=visitor_country(request))
        order = place_order(
            checkout=checkout,
            has_consented=said["consent"],
            email=said.get("email", ""),
            expected_minor=said["expected_minor"],
        )
        payment = start_payment(order=order, key=said["form_key"], gateway=said["gateway"])
    except (CheckoutFinished, StillProcessing) as refusal:
        if found := live_order_of(checkout):
            return _to_receipt(request, checkout, found)
        return _refuse(request, checkout, order, lines, form, refusal)
    except FormSent:
        return redirect(checkout)
    except Refusal as refusal:
        return _refuse(request, checkout, live_order_of(checkout), lines, form, refusal)
    return _go(checkout, payment)


def _answers(request, act: str):
    """What was sent; the button that takes the coupon out empties its field."""
    if act != "no-coupon":
        return request.POST
    answers = request.POST.copy()
    answers["coupon"] = ""
    return answers


def _updated(request, checkout, act, form):
    """Another button than the last one: what was said is kept, the page shows the new price."""
    name, _, line_id = act.partition("-")
    if name in ("gift", "own") and line_id != "coupon":
        gift = dict(UNNAMED_GIFT) if name == "gift" else None
        set_gift(checkout=checkout, line_id=line_id, gift=gift)
        return redirect(checkout)
    checkout.refresh_from_db()
    lines = lines_of(checkout)
    fresh = PayForm(
        form.data,
        shape=shape_of(checkout, lines),
        is_final=False,
        initial=_initial(checkout, lines),
    )
    fresh.is_valid()
    return _show(request, checkout, live_order_of(checkout), lines, _again(fresh, checkout, lines))


def _again(form, checkout, lines):
    """The form as it was sent, with a fresh key and the total of now."""
    form.data = form.data.copy()
    form.data["form_key"] = form.fields["form_key"].initial
    form.data["expected_minor"] = quote_of(checkout, lines).total_minor
    return form


def _refuse(request, checkout, order, lines, form, refusal):
    checkout.refresh_from_db()
    lines = lines_of(checkout)
    beside = refusal.field if refusal.field in form.fields else None
    form.add_error(beside, refusal.message)
    form = _again(form, checkout, lines)
    return _show(request, checkout, order, lines, form, refusal, refusal.status)


def _is_ours(url: str) -> bool:
    here = urlsplit(settings.SITE_URL)
    there = urlsplit(url)
    return (there.scheme, there.netloc) == (here.scheme, here.netloc)


def _go(checkout, payment):
    """To the hosted page. The policy `form-action 'self'` also binds redirects after a form, so
    that a gateway elsewhere is reached from a page of our own."""
    if _is_ours(payment.url):
        parts = urlsplit(payment.url)
        return HttpResponseRedirect(
            parts.path + (f"?{parts.query}" if parts.query else ""), status=303
        )
    return redirect("payments:checkout-leave", checkout.public_id)


@open_page(methods=("GET",))
def leave(request, checkout_id):
    """The last page before the gateway's: a link, and a header that follows it by itself."""
    checkout = visible_checkout(request, checkout_id)
    order = live_order_of(checkout)
    payment = last_payment_of(order) if order else None
    if payment is None or payment.state not in states.OPEN_PAYMENTS or not payment.url:
        return redirect(checkout)
    context = {"url": payment.url, "host": urlsplit(payment.url).hostname, "order": order}
    response = render(request, "payments/leave.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Refresh"] = f"0; url={payment.url}"
    return response


@open_page(methods=("POST",))
def remove(request, checkout_id):
    """Take a line out of the checkout."""
    checkout = visible_checkout(request, checkout_id)
    remove_line(checkout=checkout, line_id=request.POST.get("line", "")[:40])
    return redirect(checkout)


@open_page(methods=("GET",), budget_ms=500)
def come_back(request, checkout_id):
    """The buyer returns from the gateway: ask how it went, settle it, show what came of it."""
    checkout = visible_checkout(request, checkout_id)
    order = live_order_of(checkout)
    if order is None:
        return redirect(checkout)
    payment = last_payment_of(order)
    if payment and payment.state in states.OPEN_PAYMENTS:
        payment.order = order
        try:
            order = refresh_payment(payment, source="return")
        except (GatewayUnavailable, PaymentMismatch):
            # The webhook or the reconciler will tell; the checkout shows where it stands.
            return redirect(checkout)
    if order.state == states.AWAITING:
        return redirect(checkout)
    return _to_receipt(request, checkout, order)
