"""Leaving the school, and what is exported before."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import actions
from accounts.models import Device, SignInLink, User
from accounts.queries import personal_data
from engineroom import slots
from engineroom.models import AuditEntry, OutboxEvent
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client):
    person = make_user(name="Ada")
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return person


def in_another_browser(person) -> Client:
    other = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"})
    other.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return other


def signed_in(client) -> bool:
    return client.get(reverse("accounts:home")).status_code == 200


# --- leaving


def test_a_person_leaves_by_password_and_nothing_personal_stays(client, person):
    email, public_id = person.email, person.public_id
    actions.issue_device(person=person)
    actions.send_sign_in_link(person=person)
    other = in_another_browser(person)
    asked = []
    slots.fill("accounts.erase", asked.append)
    try:
        answer = client.post(reverse("accounts:delete"), {"password": PASSWORD})
    finally:
        slots._slots["accounts.erase"].remove(asked.append)

    person.refresh_from_db()
    assert answer.status_code == 302
    assert [who.pk for who in asked] == [person.pk]
    assert person.email == f"{public_id}@erased.invalid"
    assert (person.name, person.is_active) == ("", False)
    assert person.erased_at is not None
    assert not person.groups.exists()
    assert not Device.objects.exists()
    assert not SignInLink.objects.exists()
    assert not person.emailaddress_set.exists()
    assert not OutboxEvent.objects.filter(payload__to=email).exists()
    assert email not in str(list(AuditEntry.objects.values()))
    assert not signed_in(other)
    assert not signed_in(client)
    assert AuditEntry.objects.filter(action="person.erased", target=public_id).exists()


def test_a_wrong_password_leaves_everything_as_it_is(client, person):
    answer = client.post(reverse("accounts:delete"), {"password": "wrong"})

    person.refresh_from_db()
    assert answer.status_code == 400
    assert b"The password is not right" in answer.content
    assert person.is_active
    assert signed_in(client)


def test_a_person_leaves_by_api_with_the_password(client):
    person = make_user()
    _device, access, _refresh = actions.issue_device(person=person)

    def delete(**body):
        return client.delete(
            "/api/v1/me",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {access}"},
        )

    assert delete().status_code == 400
    assert delete(password="wrong").json()["code"] == "wrong_password"
    assert delete(password=PASSWORD).status_code == 204
    assert delete(password=PASSWORD).status_code == 401
    assert User.objects.get().erased_at


def test_the_only_superuser_cannot_leave(client):
    boss = make_user(is_superuser=True, is_staff=True)
    client.force_login(boss)

    answer = client.post(reverse("accounts:delete"), {"password": PASSWORD})

    boss.refresh_from_db()
    assert b"only account that may do everything" in answer.content
    assert boss.is_active
    assert boss.erased_at is None


def test_the_address_is_free_again_after_leaving(client, person):
    email = person.email
    client.post(reverse("accounts:delete"), {"password": PASSWORD})

    newcomer, created = actions.person_for_email(email=email)

    assert created
    assert newcomer.pk != person.pk


def test_the_export_names_what_the_accounts_hold(person):
    actions.issue_device(person=person, name="Phone")

    [row] = personal_data(person)["rows"]

    assert row["email"] == person.email
    assert row["devices"][0]["name"] == "Phone"
    assert row["sessions"][0]["ip"] == "127.0.0.1"
