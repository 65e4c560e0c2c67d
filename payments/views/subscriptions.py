"""Subscriptions for their owners: how they stand, what is next, and the ways out."""

from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render

from engineroom import clock, throttles
from engineroom.pages import private_page
from engineroom.refusals import Refusal
from payments import money, states
from payments.actions.changing import plan_change
from payments.actions.steering import (
    cancel_subscription,
    card_page,
    change_plan,
    keep_subscription,
)
from payments.actions.subscriptions import refresh_subscription
from payments.models import Subscription
from payments.queries.offers import offer_by_id
from payments.queries.subscriptions import (
    left_to_pay,
    next_amount,
    orders_in,
    plans_for,
    rhythm,
    subscription_of,
    subscriptions_of,
)
from payments.refusals import PlanNotOffered, PriceChanged
from payments.views.addresses import is_ours

SHOWN = 50


class CancelForm(forms.Form):
    """Shape only; the action says what is allowed."""

    when = forms.ChoiceField(
        label="When should it end?",
        choices=[("later", "With the period that is paid"), ("now", "Now")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose when it should end."},
    )


class ChangeForm(forms.Form):
    offer = forms.CharField(max_length=40, widget=forms.HiddenInput)
    expected_minor = forms.IntegerField(min_value=0, max_value=10**15, widget=forms.HiddenInput)


def _mine(request, subscription_id) -> Subscription:
    subscription = subscription_of(request.user, subscription_id)
    if subscription is None:
        raise Http404
    return subscription


def _row(subscription) -> dict:
    return {
        "subscription": subscription,
        "is_instalments": subscription.kind == Subscription.Kind.INSTALMENTS,
        "price": rhythm(subscription),
        "next": money.text(next_amount(subscription), subscription.currency),
        "left": left_to_pay(subscription),
        "is_over": bool(subscription.grace_ends_at and subscription.grace_ends_at <= clock.now()),
        "credit": money.text(subscription.credit_minor, subscription.currency)
        if subscription.credit_minor
        else "",
    }


@private_page(methods=("GET", "HEAD"))
def subscription_list(request):
    """What the person pays for in periods, newest first."""
    rows = [_row(one) for one in subscriptions_of(request.user)[:SHOWN]]
    return render(request, "payments/subscriptions.html", {"rows": rows})


@private_page(methods=("GET", "HEAD"))
def subscription_page(request, subscription_id):
    """One of them in words, with its payments and what can be done."""
    return _show(request, _mine(request, subscription_id))


def _show(request, subscription, refusal=None):
    is_membership = subscription.kind == Subscription.Kind.MEMBERSHIP
    can_change = is_membership and subscription.state in (states.TRIALING, states.ACTIVE)
    context = _row(subscription) | {
        "orders": orders_in(subscription),
        "can_change": can_change and bool(plans_for(subscription)),
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return render(request, "payments/subscription.html", context, status=status)


@private_page(budget_ms=500)
def cancel(request, subscription_id):
    """Asks when, says what that means, then cancels."""
    subscription = _mine(request, subscription_id)
    if not subscription.is_running or subscription.kind != Subscription.Kind.MEMBERSHIP:
        return redirect(subscription)
    form = CancelForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            throttles.spend(request, "subscription", key=subscription.public_id, rate="20/h")
            try:
                cancel_subscription(
                    subscription=subscription,
                    at_period_end=form.cleaned_data["when"] == "later",
                    actor=request.user,
                )
            except Refusal as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
            else:
                return redirect(subscription)
    context = _row(subscription) | {"form": form}
    return render(request, "payments/subscription_cancel.html", context, status=status)


@private_page(methods=("POST",), budget_ms=500)
def keep(request, subscription_id):
    subscription = _mine(request, subscription_id)
    throttles.spend(request, "subscription", key=subscription.public_id, rate="20/h")
    try:
        keep_subscription(subscription=subscription, actor=request.user)
    except Refusal as refusal:
        return _show(request, subscription, refusal)
    messages.success(request, "You keep it. It renews as before.")
    return redirect(subscription)


@private_page(budget_ms=500)
def change(request, subscription_id):
    """The plans to choose from; with one chosen, what it costs and why; then the change."""
    subscription = _mine(request, subscription_id)
    if not subscription.is_running or subscription.kind != Subscription.Kind.MEMBERSHIP:
        return redirect(subscription)
    if request.method == "POST":
        return _change(request, subscription)
    return _plans(request, subscription, request.GET.get("to", ""))


def _plans(request, subscription, chosen: str, refusal=None):
    offer = offer_by_id(chosen) if chosen.isprintable() and chosen else None
    sums = None
    try:
        sums = plan_change(subscription, offer) if offer else None
    except Refusal as refused:
        refusal = refusal or refused
    context = _row(subscription) | {
        "plans": plans_for(subscription),
        "change": sums,
        "later": f"{sums.later.text} a {offer.period}" if sums else "",
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return render(request, "payments/subscription_change.html", context, status=status)


def _change(request, subscription):
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _plans(request, subscription, "", PlanNotOffered("Choose a plan from the list."))
    said = form.cleaned_data
    offer = offer_by_id(said["offer"]) if said["offer"].isprintable() else None
    if offer is None:
        raise Http404
    throttles.spend(request, "subscription", key=subscription.public_id, rate="20/h")
    try:
        change_plan(
            subscription=subscription,
            offer=offer,
            expected_minor=said["expected_minor"],
            actor=request.user,
        )
    except PriceChanged as refusal:
        return _plans(request, subscription, offer.public_id, refusal)
    except Refusal as refusal:
        return _plans(request, subscription, "", refusal)
    messages.success(request, f"Your plan is now {offer.title}.")
    return redirect(subscription)


@private_page(methods=("POST",), budget_ms=500)
def card(request, subscription_id):
    """To the gateway's page for another card; from a page of our own when it lives elsewhere, as
    the policy `form-action 'self'` also binds redirects after a form."""
    subscription = _mine(request, subscription_id)
    throttles.spend(request, "subscription", key=subscription.public_id, rate="20/h")
    try:
        url = card_page(subscription=subscription)
    except Refusal as refusal:
        return _show(request, subscription, refusal)
    if is_ours(url):
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return HttpResponseRedirect(parts.path + query, status=303)
    context = {"url": url, "host": urlsplit(url).hostname, "subscription": subscription}
    response = render(request, "payments/subscription_card.html", context)
    response["Refresh"] = f"0; url={url}"
    return response


@private_page(methods=("GET",), budget_ms=500)
def card_done(request, subscription_id):
    """Back from the gateway's page: what is overdue may be paid now."""
    subscription = _mine(request, subscription_id)
    try:
        refresh_subscription(subscription, source="return")
    except Refusal:
        # The webhook or the sweep will tell.
        messages.info(request, "The new card will show here in a minute.")
    return redirect(subscription)
