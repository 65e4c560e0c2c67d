"""From nothing to a confirmed account, by page and by API alike."""

import re

import pytest
from django.core import mail as outbox_mail
from django.urls import reverse

from accounts.actions import sign_up
from accounts.events import EmailVerified
from accounts.models import User
from accounts.refusals import EmailTaken
from engineroom import events, outbox
from engineroom.models import AuditEntry, OutboxEvent
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db
APP = "/api/v1/auth/app/v1/"


def mailed() -> list:
    outbox.drain()
    return outbox_mail.outbox


def verification_key(message) -> str:
    return re.search(r"/accounts/confirm-email/([^/\s]+)/", message.body).group(1)


def sign_up_by_page(client, **fields):
    data = {"email": "new@example.com", "password1": PASSWORD, "name": "Ada", **fields}
    return client.post(reverse("account_signup"), data)


def test_a_newcomer_signs_up_confirms_by_the_mail_and_is_signed_in(client):
    heard = []
    events.listen(EmailVerified, heard.append)

    answer = sign_up_by_page(client)
    key = verification_key(mailed()[-1])
    page = client.get(reverse("account_confirm_email", args=[key]))
    confirmed = client.post(reverse("account_confirm_email", args=[key]))

    person = User.objects.get(email="new@example.com")
    assert answer.url == reverse("account_email_verification_sent")
    assert b"Confirm address" in page.content
    assert confirmed.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    assert person.name == "Ada"
    assert person.groups.get().name == "learner"
    assert [event.email for event in heard] == ["new@example.com"]
    entries = AuditEntry.objects.filter(target=person.public_id).values_list("action", flat=True)
    assert {"person.signed_up", "person.verified_email", "person.signed_in"} <= set(entries)


def test_opening_the_link_alone_confirms_nothing(client):
    sign_up_by_page(client)
    key = verification_key(mailed()[-1])

    client.get(reverse("account_confirm_email", args=[key]))

    assert not User.objects.get().emailaddress_set.get().verified


def test_nobody_signs_in_before_the_address_is_confirmed(client):
    sign_up_by_page(client)
    client.logout()

    answer = client.post(
        reverse("account_login"), {"login": "new@example.com", "password": PASSWORD}
    )

    assert answer.url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session


def test_the_mail_has_a_plain_twin_and_comes_through_the_outbox(client):
    sign_up_by_page(client)

    assert OutboxEvent.objects.filter(topic="mail.send", done_at=None).count() == 1
    message = mailed()[-1]
    html = message.alternatives[0][0]
    assert message.to == ["new@example.com"]
    assert "http://localhost:8000/accounts/confirm-email/" in message.body
    assert verification_key(message) in html
    assert "<script" not in html


def test_an_error_stands_beside_its_field_and_changes_nothing(client):
    answer = sign_up_by_page(client, email="no address", password1="short")

    text = answer.content.decode()
    assert "<title>Error: " in text
    assert 'aria-invalid="true"' in text
    assert 'href="#id_email"' in text
    assert not User.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_the_action_refuses_an_address_that_is_taken(client):
    make_user(email="known@example.com")

    with pytest.raises(EmailTaken):
        sign_up(person=User(), email="KNOWN@example.com", password=PASSWORD)

    assert User.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_the_whole_journey_by_api_ends_in_an_access_token(client):
    def post(path, body, **headers):
        return client.post(APP + path, body, content_type="application/json", headers=headers)

    signed_up = post("auth/signup", {"email": "api@example.com", "password": PASSWORD})
    assert signed_up.status_code == 401
    session = signed_up.json()["meta"]["session_token"]

    verified = post(
        "auth/email/verify", {"key": verification_key(mailed()[-1])}, **{"X-Session-Token": session}
    )
    assert verified.status_code == 200
    meta = verified.json()["meta"]
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {meta['access_token']}"})

    assert me.status_code == 200
    assert me.json()["email"] == "api@example.com"
    assert me.json()["is_email_verified"] is True
    assert me.json()["roles"] == ["learner"]
    assert meta["expires_in"] == 3600
    assert not client.cookies


def test_the_key_confirms_without_the_session_and_a_login_gives_the_token(client):
    client.post(
        APP + "auth/signup",
        {"email": "api@example.com", "password": PASSWORD, "name": "Ada"},
        content_type="application/json",
    )

    verified = client.post(
        APP + "auth/email/verify",
        {"key": verification_key(mailed()[-1])},
        content_type="application/json",
    )
    login = client.post(
        APP + "auth/login",
        {"email": "api@example.com", "password": PASSWORD},
        content_type="application/json",
        headers={"X-Device-Name": "Ada's phone"},
    )

    assert verified.status_code == 401  # confirmed, and not signed in
    assert login.status_code == 200
    assert login.json()["data"]["user"]["id"].startswith("person_")
    person = User.objects.get()
    assert person.name == "Ada"
    assert person.devices.get().name == "Ada's phone"
