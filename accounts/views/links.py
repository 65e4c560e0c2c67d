"""The mailed link that signs in once."""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.shortcuts import render

from accounts.actions import use_sign_in_link
from accounts.refusals import LinkSpent
from engineroom.pages import open_page
from engineroom.throttles import spend_address


@open_page()
def sign_in_link(request, token):
    """A page with one button, so that mail scanners that open links do not spend it."""
    if request.method != "POST":
        return render(request, "accounts/sign_in_link.html")
    spend_address(request, "link-address", "30/m")
    try:
        link = use_sign_in_link(token=token)
    except LinkSpent as refusal:
        context = {"refusal": refusal}
        return render(request, "accounts/sign_in_link.html", context, status=refusal.status)
    # Whoever has a second factor is still asked for it.
    login = Login(user=link.person, email=link.email, redirect_url=link.next_path)
    return perform_login(request, login)
