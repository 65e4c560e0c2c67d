"""What stands in front of allauth's doors: exact limits, declared budgets, nothing stored.

allauth brings its own addresses; they are walked once at start and each view gets its fence.
"""

import json
import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from io import BytesIO
from urllib.parse import urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.internal.sessionkit import session_store
from cryptography.exceptions import InvalidSignature
from django.contrib.auth import SESSION_KEY
from django.shortcuts import render
from django.urls import URLPattern, URLResolver
from rest_framework.exceptions import ParseError

from accounts.steady import steady
from engineroom.budgets import budget
from engineroom.parsers import StrictJSONParser
from engineroom.refusals import Invalid
from engineroom.restviews import allowed_methods, options_of
from engineroom.throttles import spend, spend_address

log = logging.getLogger(__name__)
# Hashing a password takes about 50 ms by design, and some doors hash twice.
BUDGET_MS = 400
SAFE = ("GET", "HEAD", "OPTIONS")
MALFORMED = (AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Limit:
    """At most `rate` unsafe calls for each value that `key` reads; by network address without one."""

    group: str
    rate: str
    key: Callable | None = None

    def spend(self, request) -> None:
        if self.key is None:
            spend_address(request, self.group, self.rate)
        elif value := self.key(request):
            spend(request, self.group, key=value, rate=self.rate)


def given_email(request) -> str:
    """The address in the form or JSON body, in lower case."""
    value = request.POST.get("email", "")
    if not value and request.content_type == "application/json":
        try:
            body = json.loads(request.body)
        except ValueError:
            return ""
        value = body.get("email", "") if isinstance(body, dict) else ""
    return value.strip().lower()[:254] if isinstance(value, str) else ""


def given_person(request) -> str:
    """Key of the person who is signed in or on the way to be, by cookie or session token."""
    token = request.headers.get("X-Session-Token", "")
    is_app = request.path.startswith("/api/")
    if is_app and not (token.isascii() and token.isalnum()):
        return ""
    session = session_store(token) if is_app else request.session
    pending = session.get("account_login")
    if isinstance(pending, dict) and pending.get("user_pk"):
        return str(pending["user_pk"])
    return str(session.get(SESSION_KEY, ""))


LOGIN = (Limit("login-address", "30/m"),)
PASSWORD = (Limit("password", "10/5m", given_person), Limit("login-address", "30/m"))
CODES = (Limit("code", "10/5m", given_person), Limit("code-address", "30/m"))
SIGN_UP = (Limit("sign-up", "5/5m", given_email), Limit("sign-up-address", "30/5m"))
RESET = (Limit("reset", "5/5m", given_email), Limit("reset-address", "30/5m"))
NEW_PASSWORD = (Limit("reset-key-address", "30/m"),)
CHANGE = (Limit("change-email", "10/5m", given_person), Limit("change-email-address", "30/5m"))
KEY = (Limit("verify-address", "60/m"),)
REFRESH = (Limit("refresh-address", "60/m"),)
PROVIDER = (Limit("provider-address", "30/m"),)

PAGES = {
    "account_login": LOGIN,
    "account_signup": SIGN_UP,
    "account_reauthenticate": LOGIN,
    "account_reset_password": RESET,
    "account_reset_password_from_key": NEW_PASSWORD,
    "account_change_password": PASSWORD,
    "account_email": CHANGE,
    "account_confirm_email": KEY,
    "mfa_authenticate": CODES,
    "mfa_reauthenticate": CODES,
    "mfa_activate_totp": CODES,
    "mfa_login_webauthn": LOGIN,
    "mfa_reauthenticate_webauthn": LOGIN,
    "socialaccount_signup": SIGN_UP,
    "openid_connect_login": PROVIDER,
    "openid_connect_callback": PROVIDER,
}
API = {
    "account:login": LOGIN,
    "account:signup": SIGN_UP,
    "account:reauthenticate": LOGIN,
    "account:request_password_reset": RESET,
    "account:reset_password": NEW_PASSWORD,
    "account:change_password": PASSWORD,
    "account:manage_email": CHANGE,
    "account:verify_email": KEY,
    "mfa:authenticate": CODES,
    "mfa:reauthenticate": CODES,
    "mfa:manage_totp": CODES,
    "mfa:login_webauthn": LOGIN,
    "mfa:authenticate_webauthn": LOGIN,
    "mfa:reauthenticate_webauthn": LOGIN,
    "socialaccount:provider_token": PROVIDER,
    "socialaccount:provider_signup": SIGN_UP,
    "tokens:refresh": REFRESH,
}


# Making an account takes longer than telling its owner by mail that there is one already.
STEADY = {
    "account_signup",
    "socialaccount_signup",
    "account:signup",
    "socialaccount:provider_signup",
}
# Views of libraries that read an answer without checking its shape first.
FRAGILE = {
    "mfa_add_webauthn",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "mfa_reauthenticate_webauthn",
    "authenticate_webauthn",
    "login_webauthn",
    "manage_webauthn",
    "reauthenticate_webauthn",
    "reset_password",
}
# The school knows no telephone numbers; allauth's addresses for them would only fail.
LEFT_OUT = {"manage_phone", "verify_phone", "resend_phone_verification_code"}


class Unreadable(Invalid):
    code = "unreadable"
    message = "What was sent could not be read."


def fenced(patterns, limits: dict, *, namespace: str = "", finish=None) -> list:
    """The same addresses with a fence around each view. `limits` is by name of the address;
    `finish(request, response)` has the last word on every answer of a program's doors."""
    fenced_patterns = []
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = ":".join(part for part in (namespace, entry.namespace) if part)
            children = fenced(entry.url_patterns, limits, namespace=inner, finish=finish)
            fenced_patterns.append(
                URLResolver(
                    entry.pattern, children, entry.default_kwargs, entry.app_name, entry.namespace
                )
            )
        elif entry.name not in LEFT_OUT:
            name = f"{namespace}:{entry.name}" if namespace else entry.name
            view = _fence(entry.callback, limits.get(name, ()), finish)
            if name in STEADY:
                view = steady(view)
            if entry.name in ("openid_connect_login", "openid_connect_callback"):
                view = _to_provider_and_back(view)
            elif entry.name in FRAGILE:
                view = _for_any_shape(view)
            fenced_patterns.append(URLPattern(entry.pattern, view, entry.default_args, entry.name))
    return fenced_patterns


def _fence(view, limits, finish):
    @wraps(view)
    def behind(request, *args, **kwargs):
        if finish and request.method == "OPTIONS":
            return options_of(allowed_methods(view.view_class))
        if request.method not in SAFE:
            _check_body(request)
            for limit in limits:
                limit.spend(request)
        response = _answer(view, finish, request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response

    return budget(BUDGET_MS)(behind)


def _answer(view, finish, request, *args, **kwargs):
    if finish is None:
        return view(request, *args, **kwargs)
    try:
        response = view(request, *args, **kwargs)
    except ImmediateHttpResponse as answered:
        response = answered.response
    finish(request, response)
    return response


def _check_body(request) -> None:
    """allauth's JSON keeps to the same rules as ours: readable text, numbers that fit."""
    if not request.path.startswith("/api/") or not request.body:
        return
    try:
        StrictJSONParser().parse(BytesIO(request.body), parser_context={"encoding": "utf-8"})
    except ParseError as error:
        raise Unreadable(str(error.detail)) from error


def _for_any_shape(view):
    """A made-up passkey or key is refused as such, not answered with an error of ours."""

    @wraps(view)
    def reading(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except (*MALFORMED, AssertionError, IndexError, InvalidSignature, struct.error) as error:
            log.warning("A library could not read what was sent.", exc_info=error)
            raise Unreadable from error

    return reading


def _to_provider_and_back(view):
    """Leave for the provider by a page, and bear whatever the provider answers.

    The sign-in button posts a form, and Chromium holds redirects after a form post to the policy's
    `form-action 'self'`: a redirect to the provider would be blocked. So the answer is a page of
    our own with the link, and a Refresh header that follows it at once, without script.
    """

    @wraps(view)
    def travelled(request, *args, **kwargs):
        try:
            response = view(request, *args, **kwargs)
        except (*MALFORMED, OSError) as error:
            # A provider that is away, or a document in a shape nobody foresaw, is not our error.
            log.error("A provider's answer could not be used.", exc_info=error)
            return render(request, "socialaccount/authentication_error.html", status=400)
        target = response.get("Location", "")
        if response.status_code == 302 and urlsplit(target).netloc:
            page = render(request, "accounts/onward.html", {"target": target})
            page["Refresh"] = f"0; url={target}"
            page["Cache-Control"] = "private, no-store"
            return page
        return response

    return travelled
