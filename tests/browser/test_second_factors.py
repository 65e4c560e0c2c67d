"""Signing in with something one has: an authenticator app, a passkey."""

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest

from tests.browser.people import PASSWORD, sign_in, sign_up

pytestmark = pytest.mark.browser


def totp(secret: str, at: float) -> str:
    """RFC 6238 with the usual parameters: SHA-1, 30 seconds, 6 digits."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def test_the_codes_are_those_of_the_standard():
    secret = base64.b32encode(b"12345678901234567890").decode()

    assert totp(secret, 59) == "287082"
    assert totp(secret, 1_111_111_109) == "081804"


def confirm_password(page) -> None:
    """The page that asks again before security settings, when it comes."""
    if "reauthenticate" in page.url:
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Confirm").click()


def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(browser_page, school):
    page = browser_page
    email = sign_up(page, school)
    page.goto("/accounts/2fa/totp/activate/")
    confirm_password(page)
    secret = re.search(r"\b[A-Z2-7]{32}\b", page.get_by_role("main").inner_text())[0]
    page.get_by_label("Code").fill(totp(secret, time.time()))
    page.get_by_role("main").get_by_role("button").first.click()
    assert page.url.endswith("/accounts/2fa/recovery-codes/")
    assert len(re.findall(r"\b[0-9]{8}\b", page.get_by_role("main").inner_text())) == 10

    page.context.clear_cookies()
    sign_in(page, email)
    assert page.url.endswith("/accounts/2fa/authenticate/")
    page.goto("/learn/")
    assert page.url.endswith("/accounts/2fa/authenticate/")
    # A code works once: the next one comes at most 30 seconds later, and one ahead is accepted.
    page.get_by_label("Code").fill(totp(secret, time.time() + 30))
    page.get_by_role("main").get_by_role("button", name="Sign in").first.click()

    page.goto("/learn/")
    assert page.url.endswith("/learn/")


def test_a_passkey_is_added_and_signs_in_alone(chromium, school):
    context = chromium.new_context(base_url=school.url)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_up(page, school)
    page.goto("/accounts/2fa/webauthn/add/")
    confirm_password(page)
    page.get_by_label("Name").fill("Test key")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto("/accounts/2fa/webauthn/")
    assert "Test key" in page.get_by_role("main").inner_text()

    context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/login" not in url)

    page.goto("/learn/")
    assert page.url.endswith("/learn/")
    context.close()
