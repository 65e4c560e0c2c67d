"""The links by which guests sign in."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import actions
from accounts.models import SignInLink
from accounts.refusals import LinkSpent
from engineroom import clock, outbox
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client):
    person = make_user(name="Ada")
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return person


# --- links


def link_of(mailoutbox) -> str:
    outbox.drain()
    text = mailoutbox[-1].body
    return next(line for line in text.splitlines() if "/accounts/link/" in line).removeprefix(
        "http://localhost:8000"
    )


def test_a_guest_gets_an_account_by_address_and_signs_in_by_the_mailed_link(client, mailoutbox):
    person, created = actions.person_for_email(email="Guest@Example.com", name="Gast")
    again, created_again = actions.person_for_email(email="guest@example.com")
    actions.send_sign_in_link(person=person, next_url="/orders/", key="guest-1")
    actions.send_sign_in_link(person=person, next_url="/orders/", key="guest-1")
    link = link_of(mailoutbox)
    assert len(mailoutbox) == 1

    looked = client.get(link)
    used = client.post(link)

    assert (created, created_again) == (True, False)
    assert person == again
    assert not person.has_usable_password()
    assert b"Sign in</button>" in looked.content
    assert used.url == "/orders/"
    assert client.session["_auth_user_id"] == str(person.pk)
    assert person.emailaddress_set.get().verified


def test_a_link_works_once_and_for_a_day(client, mailoutbox):
    person = make_user()
    actions.send_sign_in_link(person=person)
    link = link_of(mailoutbox)
    with clock.moved_by(timedelta(hours=25)):
        late = client.post(link)
    client.post(link)
    client.logout()

    second = client.post(link)

    assert late.status_code == second.status_code == 410
    assert b"does not work any more" in second.content
    assert "_auth_user_id" not in client.session


def test_the_token_of_a_link_rests_as_a_digest_only(mailoutbox):
    actions.send_sign_in_link(person=make_user())
    token = link_of(mailoutbox).rstrip("/").rpartition("/")[2]

    assert token not in str(list(SignInLink.objects.values()))
    with pytest.raises(LinkSpent):
        actions.use_sign_in_link(token=SignInLink.objects.get().digest)


@pytest.mark.parametrize("bad", ["https://evil.example/", "//evil.example/", "javascript:1", ""])
def test_a_link_leads_nowhere_else(bad):
    actions.send_sign_in_link(person=make_user(), next_url=bad)

    assert SignInLink.objects.get().next_path == "/learn/"


@pytest.mark.parametrize("token", ["x", "%00", "é" * 200, "x" * 3000])
def test_a_made_up_link_is_refused(client, token):
    assert client.post(f"/accounts/link/{token}/").status_code in (400, 404, 410)
