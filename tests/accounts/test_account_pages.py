"""The account's own pages: profile, sessions and devices, links, leaving."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import actions
from accounts.models import Device, User
from accounts.queries import sessions_of
from engineroom import outbox, slots
from engineroom.models import AuditEntry
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


PAGES = [
    "accounts:home",
    "accounts:sessions",
    "accounts:delete",
    "mfa_index",
    "account_email",
    "account_change_password",
    "socialaccount_connections",
    "mfa_list_webauthn",
    "account_logout",
]


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


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_account_needs_somebody_and_is_stored_by_nobody(client, page):
    stranger = client.get(reverse(page))
    person = make_user()
    client.force_login(person)

    answer = client.get(reverse(page))

    assert stranger.status_code == 302 or page == "account_logout"
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content.count(b"<h1") == 1
    assert b"style=" not in answer.content
    assert b"<script>" not in answer.content


def test_the_profile_is_saved_with_an_audit_entry(client, person):
    data = {"name": "Ada L.", "time_zone": "Europe/Berlin"}

    answer = client.post(reverse("accounts:home"), data)

    person.refresh_from_db()
    assert answer.url == reverse("accounts:home")
    assert (person.name, person.time_zone) == ("Ada L.", "Europe/Berlin")
    entry = AuditEntry.objects.get(action="person.changed_profile")
    assert entry.actor == person
    assert entry.data == {"fields": ["name", "time_zone"]}


@pytest.mark.parametrize(
    "data",
    [
        {"name": "x" * 121, "time_zone": "UTC"},
        {"name": "a\x00b", "time_zone": "UTC"},
        {"name": "Ada", "time_zone": "Mars/Base"},
        {},
    ],
)
def test_a_bad_profile_is_said_beside_the_field_and_changes_nothing(client, person, data):
    answer = client.post(reverse("accounts:home"), data)

    person.refresh_from_db()
    assert answer.status_code == 400
    assert b"<title>Error: Profile" in answer.content
    assert (person.name, person.time_zone) == ("Ada", "UTC")


def test_a_profile_form_sets_no_other_field(client, person):
    client.post(
        reverse("accounts:home"),
        {
            "name": "Ada",
            "time_zone": "UTC",
            "is_staff": "on",
            "is_superuser": "on",
            "email": "x@example.com",
            "groups": "1",
        },
    )

    fresh = User.objects.get(pk=person.pk)
    assert not fresh.is_staff
    assert not fresh.is_superuser
    assert fresh.email == person.email


def test_one_other_place_is_signed_out(client, person):
    other = in_another_browser(person)
    [row] = [row for row in sessions_of(person, client.session.session_key) if not row.is_current]

    page = client.get(reverse("accounts:sessions"))
    client.post(reverse("accounts:end-session", args=[row.id]))

    assert b"Firefox on Linux" in page.content
    assert row.key.encode() not in page.content
    assert not signed_in(other)
    assert signed_in(client)


def test_all_other_places_are_signed_out_at_once(client, person):
    others = [in_another_browser(person) for _ in range(2)]

    client.post(reverse("accounts:sessions"))

    assert not any(signed_in(other) for other in others)
    assert signed_in(client)


def test_nobody_ends_the_session_of_somebody_else(client, person):
    stranger = make_user()
    other = in_another_browser(stranger)
    [row] = sessions_of(stranger)

    answer = client.post(reverse("accounts:end-session", args=[row.id]))

    assert answer.status_code == 404
    assert signed_in(other)


def test_a_device_is_signed_out_by_its_owner_only(client, person):
    own, _a, _r = actions.issue_device(person=person, name="Phone")
    foreign, _a, _r = actions.issue_device(person=make_user())

    assert b"Phone" in client.get(reverse("accounts:sessions")).content
    client.post(reverse("accounts:revoke-device", args=[own.public_id]))
    refused = client.post(reverse("accounts:revoke-device", args=[foreign.public_id]))

    assert refused.status_code == 404
    assert Device.objects.get(pk=own.pk).revoked_at
    assert not Device.objects.get(pk=foreign.pk).revoked_at


def test_pages_cost_the_same_for_one_row_and_for_five(
    client, person, django_assert_max_num_queries
):
    def count(page):
        with django_assert_max_num_queries(9) as seen:
            client.get(reverse(page))
        return len(seen)

    actions.issue_device(person=person)
    before = {page: count(page) for page in PAGES}
    for _ in range(4):
        in_another_browser(person)
        actions.issue_device(person=person)

    assert {page: count(page) for page in PAGES} == before


def test_the_account_shows_what_other_rooms_put_there(client, person):
    def entry(request):
        return {"title": "Orders", "url": "/orders/", "text": "Two of them"}

    slots.fill("accounts.sections", entry)
    try:
        page = client.get(reverse("accounts:home")).content.decode()
    finally:
        slots._slots["accounts.sections"].remove(entry)

    assert '<a href="/orders/"><b>Orders</b></a>' in page
    assert "Two of them" in page


# --- changing the address


def test_an_address_changes_when_the_new_one_is_confirmed(client, person, mailoutbox):
    before = person.email
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": ""})
    person.refresh_from_db()
    assert person.email == before
    outbox.drain()
    link = next(
        line for line in mailoutbox[-1].body.splitlines() if "/accounts/confirm-email/" in line
    )

    client.post(link.removeprefix("http://localhost:8000"))
    outbox.drain()

    person.refresh_from_db()
    assert person.email == "new@example.com"
    assert [row.email for row in person.emailaddress_set.all()] == ["new@example.com"]
    assert mailoutbox[-1].to == [before]
    assert AuditEntry.objects.filter(action="person.changed_email").exists()


def test_an_address_confirmed_by_another_account_meanwhile_is_refused(client, person, mailoutbox):
    before = person.email
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": ""})
    outbox.drain()
    link = next(
        line for line in mailoutbox[-1].body.splitlines() if "/accounts/confirm-email/" in line
    )
    make_user(email="new@example.com")

    answer = client.post(link.removeprefix("http://localhost:8000"))

    person.refresh_from_db()
    assert answer.status_code < 500
    assert person.email == before


# --- passwords


def test_a_reset_by_mail_signs_all_devices_out(client, mailoutbox):
    person = make_user()
    device, _access, _refresh = actions.issue_device(person=person)
    client.post(reverse("account_reset_password"), {"email": person.email})
    outbox.drain()
    link = next(line for line in mailoutbox[-1].body.splitlines() if "/password/reset/key/" in line)

    form = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    saved = client.post(
        form.redirect_chain[-1][0],
        {"password1": "a new long password", "password2": "a new long password"},
    )

    person.refresh_from_db()
    device.refresh_from_db()
    assert saved.url == reverse("account_reset_password_from_key_done")
    assert person.check_password("a new long password")
    assert device.revoked_at
    again = client.get(link.removeprefix("http://localhost:8000"))
    assert b"used before" in again.content


def test_a_changed_password_signs_other_browsers_out(client, person):
    other = in_another_browser(person)
    new = "quite another password"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}

    client.post(reverse("account_change_password"), data)

    assert signed_in(client)
    assert not signed_in(other)
