"""Cohorts and teams by their pages: who finds them, what they tell, what they do."""

import csv
import io
import re

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import TeamMember
from engineroom import outbox
from learning.actions.seats import claim_seat, invite_people, renew_link
from learning.models import SeatClaim, SeatPool, WaitingEntry
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.models import Offer
from tests.factories.accounts import make_user
from tests.factories.cohorts import buy_seat, make_cohort, order_seat
from tests.factories.learning import make_course
from tests.factories.payments import pay
from tests.factories.seats import buy_team_seats, make_pool, make_team, owner_of

pytestmark = pytest.mark.django_db


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def key_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def test_the_course_page_lists_coming_cohorts_and_tells_live_counts_to_visitors_only():
    cohort = make_cohort(capacity=7, title="Spring group")
    order_seat(cohort, person=make_user())
    make_cohort(course=cohort.course, is_open=False, title="Hidden group")
    address = cohort.course.get_absolute_url()

    stored, live = Client().get(address), signed_in(make_user()).get(address)

    assert "Spring group" in stored.text
    assert "Hidden group" not in stored.text
    assert "7 seats" in stored.text
    assert "6 of 7" not in stored.text
    assert "6 of 7 seats left" in live.text
    assert stored["Cache-Control"].startswith("public")
    assert "no-store" in live["Cache-Control"]


def test_a_cohorts_page_goes_from_booking_to_the_waiting_list():
    cohort, bea = make_cohort(capacity=1), make_user()
    address = cohort.get_absolute_url()
    page = Client().get(address)
    assert "Book a seat" in page.text
    assert "/buy/offer_" in page.text
    assert page["Cache-Control"] == "private, no-store"

    owner = make_user()
    buy_seat(cohort, person=owner)

    assert "You have a seat" in signed_in(owner).get(address).text
    assert "Join the waiting list" in Client().get(address).text
    assert Client().post(address, {"do": "wait", "email": "nobody"}).status_code == 400
    assert Client().post(address, {"do": "wait", "email": "g@example.com"}).status_code == 302
    client = signed_in(bea)
    client.post(address, {"do": "wait"})
    assert WaitingEntry.objects.count() == 2
    assert "You are on the waiting list" in client.get(address).text
    client.post(address, {"do": "leave"})
    assert WaitingEntry.objects.filter(state="left").count() == 1
    assert client.post(address, {"do": "leave"}).status_code == 409
    assert Client().get("/cohorts/none/").status_code == 404


def test_only_who_runs_a_team_finds_its_pages():
    pool = make_pool()
    for address in (
        pool.team.get_absolute_url(),
        pool.get_absolute_url(),
        f"{pool.get_absolute_url()}upload/",
        f"{pool.get_absolute_url()}people.csv",
    ):
        assert signed_in(make_user()).get(address).status_code == 404, address
        assert Client().get(address).status_code == 302, address
        assert signed_in(owner_of(pool)).get(address).status_code == 200, address


def test_a_team_is_made_named_and_its_roles_are_set():
    ada, bea = make_user(), make_user()
    client = signed_in(ada)
    assert "Make a team" in client.get("/teams/").text
    address = client.post("/teams/", {"name": "North"})["Location"]
    assert client.post("/teams/", {"name": "South"}).status_code == 400
    team = make_team(bea)
    pool = make_pool(team=team)
    claim_seat(key=key_of(renew_link(pool=pool, actor=bea)), person=ada)

    client.post(address, {"do": "rename", "name": "North and east"})
    assert "North and east" in client.get(address).text
    runner = signed_in(bea)
    form = {"do": "role", "person": ada.public_id, "role": "manager"}
    runner.post(team.get_absolute_url(), form)
    assert client.get(team.get_absolute_url()).status_code == 200
    runner.post(team.get_absolute_url(), {"do": "remove", "person": ada.public_id})
    assert client.get(team.get_absolute_url()).status_code == 404


def test_seats_are_given_by_mail_and_by_link_and_taken_back():
    pool = make_pool(seats=2)
    client, address = signed_in(owner_of(pool)), pool.get_absolute_url()

    client.post(address, {"do": "invite", "people": "bea@example.com, bea@example.com"})

    claim = SeatClaim.objects.get()
    assert "bea@example.com" in client.get(address).text
    assert client.post(address, {"do": "invite", "people": "nobody"}).status_code == 400
    too_many = client.post(address, {"do": "invite", "people": "c@example.com d@example.com"})
    assert too_many.status_code == 400
    url = re.search(
        r"https?://[^<\"]+/teams/join/[\w-]+/", client.post(address, {"do": "link"}).text
    )
    join = url[0].partition("/teams/")
    assert signed_in(make_user()).post(f"/teams/{join[2]}").status_code == 302
    assert signed_in(make_user()).post(f"/teams/{join[2]}").status_code == 409
    client.post(address, {"do": "again", "claim": claim.public_id})
    client.post(address, {"do": "take-back", "claim": claim.public_id})
    claim.refresh_from_db()
    assert claim.state == "taken_back"
    assert client.post(address, {"do": "take-back", "claim": "none"}).status_code == 302
    client.post(address, {"do": "close-link"})
    assert Client().get(f"/teams/{join[2]}").status_code == 410


def test_a_list_is_shown_first_and_carried_out_when_confirmed():
    pool = make_pool(seats=3)
    client, address = signed_in(owner_of(pool)), f"{pool.get_absolute_url()}upload/"
    file = SimpleUploadedFile("people.csv", b"email,name\nbea@example.com,Bea\ncleo@example.com\n")

    page = client.post(address, {"file": file})

    assert "Invite 2 people" in page.text
    assert not SeatClaim.objects.exists()
    text = "email,name\nbea@example.com,Bea\ncleo@example.com\n"
    done = client.post(address, {"people": text, "confirmed": "yes"})
    assert done.status_code == 302
    assert SeatClaim.objects.count() == 2
    again = client.post(address, {"people": f"{text}d@example.com\ne@example.com"})
    assert "not enough free seats" in again.text
    bad = client.post(address, {"people": "nobody\nbea@example.com", "confirmed": "yes"})
    assert "Line 1" in bad.text
    broken = SimpleUploadedFile("people.csv", "Zoë".encode("latin-1"))
    assert client.post(address, {"file": broken}).status_code == 400
    assert SeatClaim.objects.count() == 2


def test_the_seat_report_is_a_file_without_formulas():
    pool = make_pool()
    invite_people(pool=pool, people=[("=1@example.com", "=Bea")], actor=owner_of(pool))

    answer = signed_in(owner_of(pool)).get(f"{pool.get_absolute_url()}people.csv")

    assert answer["Content-Type"].startswith("text/csv")
    assert "'=1@example.com,'=Bea,Invited" in answer.text


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "＝1+1"])
def test_a_name_in_the_seat_report_is_masked_as_in_every_other_table(name):
    pool = make_pool()
    invite_people(pool=pool, people=[("bea@example.com", "Bea")], actor=owner_of(pool))
    SeatClaim.objects.update(name=name)

    answer = signed_in(owner_of(pool)).get(f"{pool.get_absolute_url()}people.csv")

    _heading, row = csv.reader(io.StringIO(answer.text, newline=""))
    assert row[1] == f"'{name}"


def test_the_page_behind_a_link_leads_strangers_through_their_mail():
    pool = make_pool()
    address = f"/teams/join/{key_of(renew_link(pool=pool, actor=owner_of(pool)))}/"
    assert "A seat for you" in Client().get(address).text

    answer = Client().post(address, {"email": "new@example.com"})

    assert "We wrote to new@example.com" in answer.text
    outbox.drain()
    assert mail.outbox[-1].to == ["new@example.com"]
    assert Client().post(address, {"email": "nobody"}).status_code == 400
    assert Client().get("/teams/join/none/").status_code == 410


@pytest.mark.parametrize("kind", ["teams", "pool", "course"])
def test_lists_cost_the_same_for_one_and_five(kind):
    counts = []
    for number in (1, 5):
        ada, course = make_user(), make_course()
        team = make_team(ada)
        pools = [make_pool(team=team, seats=20) for _ in range(number)]
        for at in range(number):
            claim_seat(key=key_of(renew_link(pool=pools[0], actor=ada)), person=make_user())
            make_cohort(course=course, title=f"Cohort {at}")
        address = {
            "teams": "/teams/",
            "pool": pools[0].get_absolute_url(),
            "course": course.get_absolute_url(),
        }[kind]
        client = signed_in(ada)
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_the_owner_of_a_team_buys_more_seats_of_the_same_pool(client):
    course, owner = make_course(), make_user()
    buy_team_seats(owner, course, quantity=2)
    pool = SeatPool.objects.get()
    offer = Offer.objects.get()
    runner = make_user()
    TeamMember.objects.create(team=pool.team, person=runner, role=TeamMember.Role.MANAGER)

    client.force_login(runner)
    assert offer.get_absolute_url() not in client.get(pool.get_absolute_url()).text
    client.force_login(owner)
    assert offer.get_absolute_url() in client.get(pool.get_absolute_url()).text

    checkout = open_checkout(offer=offer, person=owner, quantity=3)
    pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))
    pool.refresh_from_db()
    assert (SeatPool.objects.count(), pool.seats) == (1, 5)
