"""No input gives a 5xx, and none changes anything it should not."""

import json

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from accounts import actions
from accounts.models import User
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db
APP = "/api/v1/auth/app/v1/"
NASTY = [
    "",
    "\x00",
    "a\x00@example.com",
    "x" * 10_000,
    "é" * 500,
    "'; --",
    "\U0001f600",
    "-1",
    "9" * 40,
]
VALUES = [*NASTY, "\ud800", None, 7, -1, 1e300, True, [], {}, [[]], {"a": {"b": []}}]


def addresses(patterns, prefix="") -> list[str]:
    found = []
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += addresses(entry.url_patterns, path)
        else:
            found.append(path)
    return found


HEADLESS = sorted(path for path in addresses(get_resolver().url_patterns) if "auth/app/" in path)
ALLAUTH_PAGES = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "account_email",
    "mfa_authenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
    "mfa_login_webauthn",
    "mfa_add_webauthn",
    "socialaccount_connections",
    "socialaccount_signup",
    "accounts:home",
    "accounts:sessions",
    "accounts:delete",
]
FIELDS = [
    "email",
    "login",
    "password",
    "password1",
    "password2",
    "oldpassword",
    "name",
    "code",
    "key",
    "credential",
    "account",
    "next",
    "refresh_token",
    "provider",
    "process",
    "token",
    "id",
    "sessions",
    "authenticators",
    "phone",
]


@pytest.fixture(autouse=True)
def no_limits(monkeypatch):
    """The limits have tests of their own; here every input is looked at."""
    monkeypatch.setattr("accounts.fences.Limit.spend", lambda self, request: None)
    monkeypatch.setattr("accounts.passwords.spend", lambda *args, **kwargs: None)


def test_there_are_headless_addresses_to_try():
    assert len(HEADLESS) > 20


UNREADABLE = [b"", b"{", b"\xff\xfe", b"null", b"[]", b"7", b'"x"', b'{"a": NaN}']
METHODS = ("post", "delete", "patch", "put")


def some(things, turn: int, every: int) -> list:
    """Every n-th, beginning elsewhere at each turn: all of them meet many addresses, none meets all."""
    return list(things)[turn % every :: every]


def bodies(turn: int, is_signed_in: bool) -> list[bytes]:
    """An empty document, some that are none, and some whose fields all have the same odd value."""
    values = some(VALUES, turn, 3 if is_signed_in else 6)
    return [
        b"{}",
        *some(UNREADABLE, turn, 4),
        *(json.dumps(dict.fromkeys(FIELDS, value)).encode() for value in values),
    ]


@pytest.mark.parametrize("path", HEADLESS)
def test_headless_addresses_bear_any_body(path):
    person, turn = make_user(), HEADLESS.index(path)
    client = Client()
    meta = client.post(
        APP + "auth/login",
        {"email": person.email, "password": PASSWORD},
        content_type="application/json",
    ).json()["meta"]

    def ask(method, body, session, more=()):
        headers = {"X-Session-Token": session} if session else {}
        answer = client.generic(
            method.upper(), f"/{path}", body, "application/json", headers=headers | dict(more)
        )
        assert answer.status_code < 500, (method, path, body, session, more, answer.content)
        return answer.status_code

    for session in (None, meta["session_token"]):
        for number, method in enumerate(METHODS, turn):
            for body in bodies(number, session is not None):
                if ask(method, body, session) == 405:
                    break  # the method is not answered here: no body is read
        for name in ("X-Email-Verification-Key", "X-Password-Reset-Key"):
            ask("get", b"", session, {name: "é:\x00" * 9}.items())
    for number, session in enumerate(("nonsense", "x" * 5000, "a\x00b"), turn):
        ask("get", b"", session)
        ask(METHODS[number % 4], b"{}", session)
    assert User.objects.filter(pk=person.pk, is_superuser=False).exists()


@pytest.mark.parametrize("name", ALLAUTH_PAGES)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_pages_bear_any_form(name, is_signed_in):
    person = make_user()
    client = Client()
    if is_signed_in:
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    # Who is sent elsewhere before anything is read is sent there whatever the form says.
    is_served = client.get(reverse(name)).status_code != 302
    for number, value in enumerate(NASTY if is_served else NASTY[1:3], ALLAUTH_PAGES.index(name)):
        data = dict.fromkeys(FIELDS, value) | {"action_add": ""}
        answer = client.post(reverse(name), data)
        assert answer.status_code < 500, (name, value)
        if number % 3 == 0:
            assert client.get(reverse(name), data).status_code < 500, (name, value)
    person.refresh_from_db()
    assert person.is_active
    assert person.check_password(PASSWORD)


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "x" * 121])
def test_a_name_that_no_column_can_hold_makes_no_account(client, name):
    answer = client.post(
        APP + "auth/signup",
        {"email": "a@example.com", "password": PASSWORD, "name": name},
        content_type="application/json",
    )

    assert answer.status_code == 400
    assert not User.objects.exists()


def test_malformed_json_is_answered_with_a_problem(client):
    answer = client.post(APP + "auth/login", b"{", content_type="application/json")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unreadable"


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/confirm-email/{key}/",
        "/accounts/password/reset/key/1-{key}/",
        "/accounts/password/reset/key/zzzzzzzzzzzzzzzzzzzz-{key}/",
        "/accounts/link/{key}/",
        "/accounts/oidc/{key}/login/",
        "/accounts/oidc/{key}/login/callback/",
        "/accounts/sessions/{key}/end/",
        "/accounts/devices/{key}/revoke/",
        "/api/v1/devices/{key}",
        "/api/v1/sessions/{key}",
        "/accounts/2fa/webauthn/keys/99999999999999999999999/edit/?{key}",
    ],
)
def test_made_up_keys_in_addresses_are_refused(address):
    person = make_user()
    client = Client()
    client.force_login(person)
    _device, access, _refresh = actions.issue_device(person=person)
    headers = {"Authorization": f"Bearer {access}"} if address.startswith("/api/") else {}
    for key in ("x", "a:b:c", "%00", "é", "x" * 3000, "..", "MQ:1abc:x"):
        for method in ("get", "post", "delete"):
            answer = getattr(client, method)(address.format(key=key), headers=headers)
            assert answer.status_code < 500, (method, address, key)


def test_a_password_of_ten_thousand_letters_is_an_ordinary_password(client):
    long = "ab1" * 3334
    data = {"email": "long@example.com", "password1": long}

    assert client.post(reverse("account_signup"), data).status_code == 302
    assert User.objects.get().check_password(long)


@pytest.mark.parametrize(
    "next_url", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(client, next_url):
    person = make_user()

    answer = client.post(
        reverse("account_login"),
        {"login": person.email, "password": PASSWORD, "next": next_url},
    )

    assert answer.url == "/learn/"
