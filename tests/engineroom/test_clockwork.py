"""The movable clock of a test school: forwards, for all processes, and nobody is signed out."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from accounts.actions.devices import issue_device
from accounts.queries import bearer_of
from engineroom import clock, clockwork, jobs, outbox
from engineroom.clockwork import ClockFixed, MoveNotConfirmed, MoveNotValid, move_clock
from engineroom.models import AuditEntry, OutboxEvent, SettingValue
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def following():
    clock.follow(clockwork.stored_ahead)


def another_process():
    """What a process that knows nothing yet reads."""
    clock.follow(clockwork.stored_ahead)
    return clock.ahead()


def test_a_moved_clock_is_read_by_every_process_and_audited():
    staff = make_user()

    assert move_clock(by=31 * DAY, is_confirmed=True, actor=staff) == 31 * DAY

    assert clock.ahead() == another_process() == 31 * DAY
    assert abs(clock.now() - clock.real() - 31 * DAY) < timedelta(seconds=1)
    entry = AuditEntry.objects.get(action="clock.moved")
    assert (entry.actor, entry.data["by_seconds"]) == (staff, 31 * 86400)
    target = clock.now() + DAY
    move_clock(to=target, is_confirmed=True)
    assert abs(clock.now() - target) < timedelta(seconds=2)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"by": DAY}, MoveNotConfirmed),
        ({"by": -DAY, "is_confirmed": True}, MoveNotValid),
        ({"by": timedelta(0), "is_confirmed": True}, MoveNotValid),
        ({"by": 401 * DAY, "is_confirmed": True}, MoveNotValid),
        ({"is_confirmed": True}, MoveNotValid),
    ],
)
def test_a_move_that_is_not_one_changes_nothing(said, refusal):
    with pytest.raises(refusal):
        move_clock(**said)

    assert another_process() == timedelta(0)
    assert not AuditEntry.objects.filter(action="clock.moved").exists()


def test_the_clock_never_goes_back():
    move_clock(by=2 * DAY, is_confirmed=True)

    with pytest.raises(MoveNotValid):
        move_clock(to=clock.real() + DAY, is_confirmed=True)

    assert another_process() == 2 * DAY


def test_a_live_school_has_a_fixed_clock(settings):
    settings.TEST_SCHOOL = False

    with pytest.raises(ClockFixed):
        move_clock(by=DAY, is_confirmed=True)

    assert not SettingValue.objects.exists()


def test_inside_a_transaction_the_clock_stays_what_it_was_and_never_lies_at_first():
    move_clock(by=DAY, is_confirmed=True)
    clock.follow(clockwork.stored_ahead)
    with transaction.atomic():
        assert clock.ahead() == DAY
        SettingValue.objects.update(value=0)
        clock.forget()
        assert clock.ahead() == DAY


def test_nobody_is_signed_out_and_no_lease_ends(client):
    person = make_user()
    client.force_login(person)
    device, access, _refresh = issue_device(person=person, name="Phone")
    outbox.put("tests.later", {}, delay_seconds=3600)
    OutboxEvent.objects.update(leased_until=clock.real() + timedelta(seconds=60))

    call_command("move_clock", "--days=60", "--no-jobs")

    assert clock.ahead() == 60 * DAY
    assert bearer_of(access)
    assert client.get("/accounts/").status_code == 200
    assert outbox._claim(10) == []  # somebody is still delivering it


def test_the_command_does_what_is_due(monkeypatch):
    seen = []
    monkeypatch.setitem(outbox._consumers, "tests.later", lambda payload, key: seen.append(key))
    outbox.put("tests.later", {}, key="k", delay_seconds=7200)

    call_command("move_clock", "--hours=3")

    assert seen == ["k"]
    with pytest.raises(CommandError):
        call_command("move_clock", "--to=2020-01-01T00:00Z")


def test_a_job_that_fails_holds_up_no_other(monkeypatch):
    seen = []

    def fails():
        raise RuntimeError("poison")

    monkeypatch.setattr(
        jobs, "schedule", [jobs.Job("bad", 1, fails), jobs.Job("good", 1, lambda: seen.append(1))]
    )

    with pytest.raises(CommandError, match="bad"):
        call_command("move_clock", "--days=1")

    assert seen
    assert another_process() == DAY


def test_pages_say_that_the_clock_was_moved(client):
    assert b"was moved" not in client.get("/accounts/login/").content
    move_clock(by=DAY, is_confirmed=True)
    assert b"The clock of this test school was moved" in client.get("/accounts/login/").content


def test_staff_move_it_in_the_admin_and_are_asked_once_more(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    address = "/admin/engineroom/settingvalue/clock/"

    asked = client.post(address, {"count": "31", "unit": "day"})
    assert b"cannot be moved back" in asked.content
    assert another_process() == timedelta(0)
    client.post(address, {"count": "31", "unit": "day", "confirmed": "1"})
    assert another_process() == 31 * DAY


def test_the_api_moves_it_once_per_key(settings):
    staff = make_user(is_staff=True, is_superuser=True)
    _device, access, _refresh = issue_device(person=staff, name="Terminal")
    client = Client(headers={"Authorization": f"Bearer {access}"})

    def post(document, key="k"):
        return client.post(
            "/api/v1/clock",
            document,
            content_type="application/json",
            headers={"Idempotency-Key": key},
        )

    assert post({"by_seconds": 86400}).json()["code"] == "confirmation_required"
    for _ in range(2):
        assert post({"by_seconds": 86400, "confirmed": True}, "k2").status_code == 200
    assert another_process() == DAY
    assert client.get("/api/v1/clock").json()["ahead_seconds"] == 86400
    settings.TEST_SCHOOL = False
    assert client.get("/api/v1/clock").status_code == 404
