"""Bearer tokens of devices: issued, refreshed once, revoked, and stored only as digests."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts import actions
from accounts.models import Device
from accounts.refusals import TokenRefused, TokenReused
from engineroom import clock, outbox
from engineroom.models import AuditEntry
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db
APP = "/api/v1/auth/app/v1/"


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


def refresh(client, token):
    return client.post(
        "/api/v1/auth/token/refresh", {"refresh_token": token}, content_type="application/json"
    )


@pytest.fixture
def person():
    return make_user(name="Ada")


def test_tokens_rest_as_digests_only(person):
    _device, access, refresh_token = actions.issue_device(person=person, name="Phone")

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_device")
        raw = str(cursor.fetchall())
    assert access not in raw
    assert refresh_token not in raw


def test_an_access_token_lasts_an_hour(client, person):
    _device, access, _refresh = actions.issue_device(person=person)

    with clock.moved_by(timedelta(minutes=59)):
        assert client.get("/api/v1/me", headers=bearer(access)).status_code == 200
    with clock.moved_by(timedelta(minutes=61)):
        late = client.get("/api/v1/me", headers=bearer(access))

    assert late.status_code == 401
    assert late["WWW-Authenticate"] == "Bearer"
    assert late["Content-Type"] == "application/problem+json"


def test_a_refresh_token_is_spent_for_a_new_pair(client, person):
    device, access, first = actions.issue_device(person=person)

    answer = refresh(client, first)

    body = answer.json()
    assert answer.status_code == 200
    assert body["device_id"] == device.public_id
    assert body["refresh_token"] != first
    assert client.get("/api/v1/me", headers=bearer(access)).status_code == 401
    assert client.get("/api/v1/me", headers=bearer(body["access_token"])).status_code == 200


def test_a_spent_refresh_token_that_comes_back_signs_the_device_out(client, person):
    _device, _access, first = actions.issue_device(person=person)
    second = refresh(client, first).json()
    third = refresh(client, second["refresh_token"]).json()

    reused = refresh(client, first)

    assert reused.status_code == 401
    assert reused.json()["code"] == "token_reused"
    assert client.get("/api/v1/me", headers=bearer(third["access_token"])).status_code == 401
    assert refresh(client, third["refresh_token"]).status_code == 401
    assert Device.objects.get().revoked_at is not None
    assert AuditEntry.objects.filter(action="device.revoked").count() == 1


def test_allauths_own_refresh_address_does_the_same(client, person):
    _device, _access, first = actions.issue_device(person=person)

    def post():
        return client.post(
            APP + "tokens/refresh", {"refresh_token": first}, content_type="application/json"
        )

    assert post().json()["data"]["access_token"]
    assert post().status_code == 400
    assert Device.objects.get().revoked_at is not None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\x00", "é" * 300, "x" * 5000])
def test_an_unknown_refresh_token_is_refused_and_changes_nothing(client, person, token):
    actions.issue_device(person=person)

    answer = refresh(client, token)

    assert answer.status_code in (400, 401)
    assert Device.objects.get().revoked_at is None


def test_a_refresh_token_ends_after_sixty_days(person):
    _device, _access, token = actions.issue_device(person=person)

    with clock.moved_by(timedelta(days=61)), pytest.raises(TokenRefused) as refusal:
        actions.refresh_device(refresh_token=token)

    assert not isinstance(refusal.value, TokenReused)


def test_somebody_whose_account_is_closed_has_no_token_any_more(client, person):
    _device, access, token = actions.issue_device(person=person)
    staff = make_user(is_superuser=True)

    actions.set_active(person=person, is_active=False, actor=staff)

    assert client.get("/api/v1/me", headers=bearer(access)).status_code == 401
    assert refresh(client, token).status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a b", "Bearer \xff", "Basic eDp5", "nonsense"]
)
def test_a_malformed_header_is_answered_with_401(client, header):
    assert client.get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def test_the_list_shows_own_devices_and_one_is_signed_out(client, person):
    _device, access, _refresh = actions.issue_device(person=person, name="Phone")
    other, other_access, _ = actions.issue_device(person=person, name="Laptop")
    foreign, _a, _r = actions.issue_device(person=make_user())

    listed = client.get("/api/v1/devices", headers=bearer(access)).json()["results"]
    gone = client.delete(f"/api/v1/devices/{other.public_id}", headers=bearer(access))
    refused = client.delete(f"/api/v1/devices/{foreign.public_id}", headers=bearer(access))

    assert {row["name"] for row in listed} == {"Phone", "Laptop"}
    assert [row["name"] for row in listed if row["is_current"]] == ["Phone"]
    assert (gone.status_code, refused.status_code) == (204, 404)
    assert client.get("/api/v1/me", headers=bearer(other_access)).status_code == 401
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_a_device_signs_itself_out(client, person):
    _device, access, _refresh = actions.issue_device(person=person)

    assert client.post("/api/v1/auth/token/revoke", headers=bearer(access)).status_code == 204
    assert client.get("/api/v1/me", headers=bearer(access)).status_code == 401


def test_signing_a_device_out_ends_the_session_it_came_from(client, person):
    meta = client.post(
        APP + "auth/login",
        {"email": person.email, "password": PASSWORD},
        content_type="application/json",
    ).json()["meta"]

    client.post("/api/v1/auth/token/revoke", headers=bearer(meta["access_token"]))
    later = client.get(APP + "auth/session", headers={"X-Session-Token": meta["session_token"]})

    assert later.status_code == 410


def test_the_profile_changes_by_api_and_refuses_what_it_does_not_know(client, person):
    _device, access, _refresh = actions.issue_device(person=person)

    def patch(**body):
        return client.patch(
            "/api/v1/me", body, content_type="application/json", headers=bearer(access)
        )

    good = patch(name="Ada L.", time_zone="Europe/Berlin", locale="de", is_superuser=True)
    bad = patch(time_zone="Mars/Base")

    person.refresh_from_db()
    assert good.json()["name"] == "Ada L."
    assert (person.time_zone, person.locale, person.is_superuser) == ("Europe/Berlin", "de", False)
    assert bad.status_code == 400
    assert bad.json()["errors"][0]["field"] == "time_zone"
    assert patch(name="x" * 121).status_code == 400
    assert patch(name="a\x00b").status_code == 400
    assert patch(locale="<b>").status_code == 400


def test_lists_cost_the_same_for_one_device_and_for_five(client, person, django_assert_num_queries):
    _device, access, _refresh = actions.issue_device(person=person)
    with django_assert_num_queries(2):
        client.get("/api/v1/devices", headers=bearer(access))
    for _ in range(4):
        actions.issue_device(person=person)

    with django_assert_num_queries(2):
        client.get("/api/v1/devices", headers=bearer(access))


def test_an_idempotency_key_never_stores_tokens(client, person):
    _device, _access, token = actions.issue_device(person=person)

    client.post(
        "/api/v1/auth/token/refresh",
        {"refresh_token": token},
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )

    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM engineroom_idempotencykey")
        assert cursor.fetchone()[0] == 0


NEW = "quite another password"


class App:
    """A program that signs in by the API and keeps the tokens it was given last."""

    def __init__(self, client, person, password=PASSWORD):
        self.client, self.session, self.access, self.refresh = client, "", "", ""
        self.auth("auth/login", email=person.email, password=password)

    def auth(self, path, **body):
        headers = {"X-Session-Token": self.session} if self.session else {}
        answer = self.client.post(
            APP + path, body, content_type="application/json", headers=headers
        )
        meta = answer.json().get("meta", {})
        self.session = meta.get("session_token", self.session)
        self.access = meta.get("access_token", self.access)
        self.refresh = meta.get("refresh_token", self.refresh)
        return answer

    def change_password(self, old, new):
        return self.auth("account/password/change", current_password=old, new_password=new)

    @property
    def is_in(self) -> bool:
        return self.client.get("/api/v1/me", headers=bearer(self.access)).status_code == 200

    def renew(self) -> bool:
        answer = refresh(self.client, self.refresh)
        if answer.status_code == 200:
            self.access, self.refresh = (
                answer.json()[f"{kind}_token"] for kind in ("access", "refresh")
            )
        return answer.status_code == 200


def test_a_password_changed_in_an_app_signs_out_every_other_device(client, person):
    here, there = App(client, person), App(client, person)
    assert here.is_in
    assert there.is_in

    assert here.change_password(PASSWORD, NEW).status_code == 200

    assert here.is_in
    assert here.renew()
    assert here.is_in
    assert not there.is_in
    assert not there.renew()
    assert there.auth("account/password/change", new_password="x" * 12).status_code in (401, 410)


def test_the_device_stays_through_a_second_change(client, person):
    here, there = App(client, person), App(client, person)
    here.change_password(PASSWORD, NEW)

    assert here.change_password(NEW, "a third long password").status_code == 200

    assert here.is_in
    assert here.renew()
    assert not there.is_in
    assert Device.objects.filter(person=person, revoked_at=None).count() == 1


def test_a_password_reset_by_the_api_signs_out_every_device(client, person, mailoutbox):
    apps = [App(client, person), App(client, person)]
    client.post(
        APP + "auth/password/request", {"email": person.email}, content_type="application/json"
    )
    outbox.drain()
    link = next(line for line in mailoutbox[-1].body.splitlines() if "/password/reset/key/" in line)

    client.post(
        APP + "auth/password/reset",
        {"key": link.rstrip("/").rpartition("/")[2], "password": NEW},
        content_type="application/json",
    )

    person.refresh_from_db()
    assert person.check_password(NEW)
    assert not any(app.is_in or app.renew() for app in apps)
    assert App(client, person, NEW).is_in


def test_a_password_refused_signs_nobody_out(client, person):
    here, there = App(client, person), App(client, person)

    assert here.change_password("not the password", NEW).status_code == 400

    assert here.is_in
    assert there.is_in
    assert here.renew()
    assert there.renew()
