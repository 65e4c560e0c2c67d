"""Cohorts and teams by the API: the same actions as behind the pages."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.actions import issue_device, keep_roles
from engineroom import clock
from learning.models import Cohort, SeatClaim, WaitingEntry
from tests.factories.accounts import make_user
from tests.factories.cohorts import buy_seat, make_cohort
from tests.factories.learning import make_course
from tests.factories.seats import make_pool, owner_of

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


def by_api(person=None) -> Client:
    if person is None:
        return Client()
    _device, token, _refresh = issue_device(person=person, name="Phone")
    return Client(headers={"Authorization": f"Bearer {token}"})


def once(key: str) -> dict:
    return {**JSON, "headers": {"Idempotency-Key": key}}


def test_cohorts_are_read_by_anybody_and_planned_by_staff():
    cohort = make_cohort(capacity=3)
    rows = by_api().get("/api/v1/cohorts", {"course": cohort.course.slug}).json()["results"]
    assert [row["id"] for row in rows] == [cohort.public_id]
    assert rows[0]["seats_left"] == 3
    assert rows[0]["offer"].startswith("offer_")
    assert by_api().get(f"/api/v1/cohorts/{cohort.public_id}").json()["title"] == cohort.title
    assert by_api().get("/api/v1/cohorts/none").status_code == 404
    keep_roles()
    manager = make_user(is_staff=True, roles=["manager"])
    today = clock.now().date()
    said = {
        "course": make_course().slug,
        "title": "Spring",
        "starts_on": str(today),
        "ends_on": str(today + timedelta(days=9)),
        "sells_until": clock.now().isoformat(),
        "capacity": 4,
    }
    assert by_api(make_user()).post("/api/v1/cohorts", said, **JSON).status_code == 403
    made = by_api(manager).post("/api/v1/cohorts", said, **JSON)
    assert made.status_code == 201
    address = f"/api/v1/cohorts/{made.json()['id']}"
    changed = by_api(manager).patch(address, {"capacity": 9}, **JSON)
    assert changed.json()["capacity"] == 9
    bad = by_api(manager).patch(address, {"ends_on": "2001-01-01"}, **JSON)
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_cohort")
    assert Cohort.objects.count() == 2


def test_waiting_is_joined_read_and_left():
    cohort = make_cohort(capacity=1)
    buy_seat(cohort, person=make_user())
    client, address = by_api(make_user()), f"/api/v1/cohorts/{cohort.public_id}/waiting"
    assert client.get(address).status_code == 404

    joined = client.post(address)

    assert (joined.status_code, joined.json()["place"]) == (201, 1)
    assert client.get(address).json()["state"] == "waiting"
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 409
    assert WaitingEntry.objects.get().state == "left"


def test_a_team_is_run_by_the_api():
    pool = make_pool(seats=3)
    client, bea = by_api(owner_of(pool)), make_user()
    team = f"/api/v1/teams/{pool.team.public_id}"
    seats = f"{team}/seats/{pool.public_id}"
    assert client.get("/api/v1/teams").json()["results"][0]["role"] == "owner"
    assert client.get(team).json()["pools"][0]["free"] == 3
    for address in (team, seats):
        assert by_api(bea).get(address).status_code == 404
    assert client.post(seats, {"people": []}, **once("0")).status_code == 400
    missing = client.post(seats, {"people": [{"email": "a@example.com"}]}, **JSON)
    assert missing.json()["code"] == "idempotency_key_required"

    invited = client.post(seats, {"people": [{"email": "a@example.com"}]}, **once("1"))

    assert invited.status_code == 201
    claim = invited.json()[0]["id"]
    assert client.post(f"{seats}/claims/{claim}/mails").status_code == 200
    url = client.post(f"{seats}/link").json()["url"]
    key = {"key": url.rstrip("/").rpartition("/")[2]}
    taken = by_api(bea).post("/api/v1/seat-claims", key, **once("2"))
    assert (taken.status_code, taken.json()["course"]) == (201, pool.course.slug)
    member = f"{team}/members/{bea.public_id}"
    assert client.patch(member, {"role": "manager"}, **JSON).json()["role"] == "manager"
    assert client.delete(member).status_code == 204
    assert client.delete(f"{seats}/claims/{claim}", **once("3")).status_code == 204
    assert client.delete(f"{seats}/link").status_code == 204
    gone = by_api(make_user()).post("/api/v1/seat-claims", key, **once("4"))
    assert (gone.status_code, gone.json()["code"]) == (410, "invitation_gone")
    report = client.get(seats).json()["results"]
    assert [row["state"] for row in report] == ["claimed", "taken_back"]


def test_a_list_is_checked_before_it_is_carried_out():
    pool = make_pool(seats=2)
    client = by_api(owner_of(pool))
    address = f"/api/v1/teams/{pool.team.public_id}/seats/{pool.public_id}/lists"

    checked = client.post(address, {"csv": "a@example.com\nnobody"}, **once("1")).json()

    assert checked["problems"] == [{"line": 2, "text": "“nobody” is no e-mail address."}]
    assert checked["invited"] == 0
    said = {"csv": "a@example.com\nnobody", "dry_run": False}
    refused = client.post(address, said, **once("2"))
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_roster")
    said = {"csv": "a@example.com\nb@example.com\nc@example.com", "dry_run": False}
    assert client.post(address, said, **once("3")).json()["code"] == "no_seats_left"
    assert not SeatClaim.objects.exists()
    said = {"csv": "email,name\na@example.com,A\nb@example.com,B", "dry_run": False}
    done = client.post(address, said, **once("4")).json()
    assert (done["invited"], done["free"]) == (2, 0)
