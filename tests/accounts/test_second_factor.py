"""Authenticator apps, recovery codes and passkeys; what of them rests in the database."""

import json
from base64 import b64encode

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    SECRET_SESSION_KEY,
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import reverse

from accounts import actions
from accounts.models import User
from engineroom import keyring, outbox, slots
from tests.factories.accounts import PASSWORD, make_provider, make_user

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))


def login(client, person):
    return client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def guarded(person):
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)
    return person


def rows(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - names from below
        return str(cursor.fetchall())


def test_no_secret_can_be_read_from_the_raw_rows(guarded):
    seed = keyring.decrypt(Authenticator.objects.get(type="recovery_codes").data["seed"])
    codes = RecoveryCodes.activate(guarded).generate_codes()
    make_provider(client_secret="the provider's secret")

    factors, providers = rows("mfa_authenticator"), rows("accounts_identityprovider")

    assert SECRET not in factors
    assert seed not in factors
    assert not any(recovery in factors for recovery in codes)
    assert "the provider's secret" not in providers
    assert providers.count("gAAAA") == 1
    assert factors.count("gAAAA") == 2


def test_secrets_move_under_the_newest_key(guarded, settings):
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *old]

    assert sum(slots.gather("engineroom.renew_secrets")) == 2
    once = rows("mfa_authenticator")
    assert sum(slots.gather("engineroom.renew_secrets")) == 0
    assert rows("mfa_authenticator") == once

    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code())


def test_a_person_sets_an_app_up_and_gets_recovery_codes(client, person):
    login(client, person)
    first = client.get(reverse("mfa_activate_totp"))
    assert first.url.startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    page = client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    done = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    codes = client.get(done.url)

    assert secret in page.content.decode()
    assert b"aria-invalid" in wrong.content
    assert done.url == reverse("mfa_view_recovery_codes")
    assert codes.content.decode().count("<li>") >= 10
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.get(reverse("mfa_download_recovery_codes"))["Content-Type"] == "text/plain"


def ask_for_an_app(client, person) -> str:
    """The secret that the page shows while an authenticator app is being set up."""
    login(client, person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = client.session[SECRET_SESSION_KEY]
    assert secret in page
    return secret


def unpacked_sessions() -> str:
    """Every session row as it rests, and the same unpacked as Django packs it."""
    found = list(Session.objects.all())
    return rows("django_session") + str([row.get_decoded() for row in found])


def test_a_secret_that_is_not_confirmed_yet_rests_encrypted_in_the_session(client, person):
    secret = ask_for_an_app(client, person)

    kept = unpacked_sessions()

    assert SECRET_SESSION_KEY in kept
    assert secret not in kept
    assert b64encode(secret.encode()).decode() not in kept
    client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert SECRET_SESSION_KEY not in unpacked_sessions()
    assert TOTP(Authenticator.objects.get(type="totp")).instance.user == person


def test_an_app_that_sets_up_by_the_api_leaves_no_secret_readable_either(client, person):
    def call(method, path, **body):
        given = {"content_type": "application/json", "headers": {"X-Session-Token": token}}
        return getattr(client, method)(f"/api/v1/auth/app/v1/{path}", body or None, **given)

    token = ""
    meta = call("post", "auth/login", email=person.email, password=PASSWORD).json()["meta"]
    token = meta["session_token"]

    call("post", "auth/reauthenticate", password=PASSWORD)
    secret = call("get", "account/authenticators/totp").json()["meta"]["secret"]
    kept = unpacked_sessions()
    done = call("post", "account/authenticators/totp", code=code(secret))

    assert SECRET_SESSION_KEY in kept
    assert secret not in kept
    assert done.status_code == 200


def test_a_pending_secret_whose_key_is_gone_is_made_anew(client, person, settings):
    secret = ask_for_an_app(client, person)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})

    assert answer.status_code == 200
    assert not Authenticator.objects.exists()
    assert client.session[SECRET_SESSION_KEY] != secret


def test_the_second_step_is_asked_and_a_code_works_once(client, guarded):
    first = login(client, guarded)
    assert first.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    assert b"Second step" in client.get(first.url).content

    right = code()
    client.post(reverse("mfa_authenticate"), {"code": right})
    assert client.session["_auth_user_id"] == str(guarded.pk)

    client.logout()
    login(client, guarded)
    client.post(reverse("mfa_authenticate"), {"code": right})
    assert "_auth_user_id" not in client.session


def test_a_recovery_code_works_once(client, guarded):
    recovery = RecoveryCodes.activate(guarded).get_unused_codes()[0]

    for expected in (True, False):
        client.logout()
        login(client, guarded)
        client.post(reverse("mfa_authenticate"), {"code": recovery})
        assert ("_auth_user_id" in client.session) is expected


def test_codes_of_one_person_have_ten_tries_over_page_and_api(client, guarded):
    path = "/api/v1/auth/app/v1/auth/2fa/authenticate"
    session = client.post(
        "/api/v1/auth/app/v1/auth/login",
        {"email": guarded.email, "password": PASSWORD},
        content_type="application/json",
    ).json()["meta"]["session_token"]
    login(client, guarded)

    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
        client.post(
            path,
            {"code": "000000"},
            content_type="application/json",
            headers={"X-Session-Token": session},
        )
    by_api = client.post(
        path,
        {"code": code()},
        content_type="application/json",
        headers={"X-Session-Token": session},
    )

    assert client.post(reverse("mfa_authenticate"), {"code": code()}).status_code == 429
    assert by_api.status_code == 429
    assert by_api["Content-Type"] == "application/problem+json"
    assert "_auth_user_id" not in client.session


def test_the_api_asks_for_the_second_step_before_it_gives_tokens(client, guarded):
    first = client.post(
        "/api/v1/auth/app/v1/auth/login",
        {"email": guarded.email, "password": PASSWORD},
        content_type="application/json",
    )
    assert first.status_code == 401
    assert "access_token" not in first.json()["meta"]

    second = client.post(
        "/api/v1/auth/app/v1/auth/2fa/authenticate",
        {"code": code()},
        content_type="application/json",
        headers={"X-Session-Token": first.json()["meta"]["session_token"]},
    )

    assert second.status_code == 200
    assert second.json()["meta"]["access_token"]


def test_the_admin_is_closed_to_staff_who_skip_their_second_step(client, guarded):
    User.objects.filter(pk=guarded.pk).update(is_staff=True, is_superuser=True)

    login(client, guarded)
    before = client.get("/admin/")
    client.post(reverse("mfa_authenticate"), {"code": code()})
    after = client.get("/admin/")

    assert before.status_code == 302
    assert after.status_code == 200


def test_a_mailed_link_does_not_go_around_the_second_step(client, guarded, mailoutbox):
    actions.send_sign_in_link(person=guarded)
    link = linked(mailoutbox)

    answer = client.post(link)

    assert answer.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session


def linked(mailoutbox) -> str:

    outbox.drain()
    text = mailoutbox[-1].body
    return next(line for line in text.splitlines() if "/accounts/link/" in line).removeprefix(
        "http://localhost:8000"
    )


def test_passkey_pages_hand_over_their_options_without_a_line_of_inline_script(client, person):
    login(client, person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    page = client.get(reverse("mfa_add_webauthn")).content.decode()

    options = page.split('data-options="')[1].split('"')[0].replace("&quot;", '"')
    public_key = json.loads(options)["publicKey"]
    assert public_key["rp"] == {"id": "localhost", "name": "Lectern"}
    assert "js/passkeys.js" in page
    assert "<script>" not in page
    assert "application/json" not in page


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", "7", '{"id": 1}', "\x00", "x" * 9999]
)
def test_a_made_up_passkey_is_refused(client, person, credential):
    login(client, person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    data = {"name": "Key", "credential": credential}

    assert client.post(reverse("mfa_add_webauthn"), data).status_code < 500
    client.logout()
    assert client.post(reverse("mfa_login_webauthn"), data).status_code < 500
    assert not Authenticator.objects.exists()
