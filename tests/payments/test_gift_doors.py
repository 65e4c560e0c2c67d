"""Gifts by the pages, the API and the admin: the same actions behind each."""

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import issue_device
from engineroom import outbox
from payments.models import Gift
from tests.factories.accounts import make_user
from tests.factories.gifts import give, make_gift
from tests.factories.payments import make_offer

pytestmark = pytest.mark.django_db


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def by_api(person) -> Client:
    _device, token, _refresh = issue_device(person=person, name="Phone")
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_the_page_behind_the_link_says_what_it_is_and_claims_it_once():
    key, bea = make_gift(make_offer()), make_user()
    address = f"/gifts/{key}/"

    stranger = Client().get(address)
    assert "This is for you" in stranger.text or "this is for you" in stranger.text
    assert "Enjoy!" in stranger.text
    assert stranger["Cache-Control"] == "private, no-store"
    assert stranger["Referrer-Policy"] == "no-referrer"
    assert "Claim the gift" in signed_in(bea).get(address).text

    answer = signed_in(bea).post(address, follow=True)

    assert "It is yours" in answer.text
    assert "claimed already" in signed_in(make_user()).get(address).text
    assert signed_in(make_user()).post(address).status_code == 409
    assert "Gifts you got" in signed_in(bea).get("/gifts/").text


def test_without_an_account_a_mail_leads_back_to_the_gift():
    key = make_gift(make_offer())

    answer = Client().post(f"/gifts/{key}/", {"email": "new@example.com"})

    assert "We wrote to new@example.com" in answer.text
    outbox.drain()
    assert mail.outbox[-1].to == ["new@example.com"]
    assert Client().post(f"/gifts/{key}/", {"email": "nobody"}).status_code == 400


def test_a_link_that_opens_nothing_says_so():
    for key in ("none", "x" * 500):
        assert Client().get(f"/gifts/{key}/").status_code == 410
    assert Client().get("/gifts/gift_%00/").status_code in (400, 404, 410)


def test_the_giver_sees_the_state_and_changes_the_address():
    ada = make_user()
    gift = give(make_offer(), person=ada)
    client, address = signed_in(ada), f"/gifts/given/{gift.public_id}/"
    assert gift.line.title in client.get("/gifts/").text
    assert "bea@example.com" in client.get(address).text

    client.post(address, {"email": "cleo@example.com", "name": "Cleo", "sender": "", "note": ""})

    assert Gift.objects.get().email == "cleo@example.com"
    assert client.post(address, {"email": "nobody"}).status_code == 400
    assert client.post(address, {"do": "resend"}).status_code == 302
    assert "/gifts/gift_" in client.post(address, {"do": "link"}).text
    assert signed_in(make_user()).get(address).status_code == 404


def test_the_api_lists_changes_and_claims():
    ada, bea = make_user(), make_user()
    gift = give(make_offer(), person=ada)
    client = by_api(ada)
    assert client.get("/api/v1/gifts").json()["results"][0]["id"] == gift.public_id
    address = f"/api/v1/gifts/{gift.public_id}"
    changed = client.patch(address, {"name": "Cleo"}, content_type="application/json")
    assert (changed.status_code, changed.json()["name"]) == (200, "Cleo")
    assert changed.json()["email"] == "bea@example.com"
    assert client.post(f"{address}/mails").status_code == 200
    url = client.post(f"{address}/link").json()["url"]
    assert by_api(bea).get(address).status_code == 404

    said = {"key": url.rstrip("/").rpartition("/")[2]}
    again = {"content_type": "application/json", "headers": {"Idempotency-Key": "k"}}
    claimed = by_api(bea).post("/api/v1/gift-claims", said, **again)

    assert (claimed.status_code, claimed.json()["title"]) == (201, gift.line.title)
    refused = by_api(make_user()).post("/api/v1/gift-claims", said, **again)
    assert (refused.status_code, refused.json()["code"]) == (409, "gift_taken")
    late = client.patch(address, {"name": "Late"}, content_type="application/json")
    assert (late.status_code, late.json()["code"]) == (410, "gift_gone")


def test_staff_send_a_gift_again_in_the_admin():
    gift = give(make_offer())
    before = Gift.objects.get().key_digest
    staff = make_user(is_staff=True, is_superuser=True)

    said = {"action": "mail_again", "_selected_action": [gift.pk]}
    asked = signed_in(staff).post("/admin/payments/gift/", said)
    assert "Mail the link of these gifts again?" in asked.content.decode()
    assert Gift.objects.get().key_digest == before

    answer = signed_in(staff).post("/admin/payments/gift/", said | {"confirmed": "1"})

    assert answer.status_code == 302
    assert Gift.objects.get().key_digest != before


def test_the_list_of_gifts_costs_the_same_for_one_and_five():
    counts = []
    for number in (1, 5):
        ada = make_user()
        for _ in range(number):
            give(make_offer(), person=ada)
        client = signed_in(ada)
        client.get("/gifts/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/gifts/")
        counts.append(len(seen))

    assert counts[0] == counts[1]
