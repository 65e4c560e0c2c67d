"""The base of the API: idempotency keys, throttles, hostile bodies."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client

from engineroom import clock, sparse
from engineroom.models import IdempotencyKey, SettingValue
from tests.engineroom.sample_urls import Outside

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.engineroom.sample_urls")]


def post(client, path, body, key=None, **headers):
    if key:
        headers["Idempotency-Key"] = key
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(path, data, content_type="application/json", headers=headers)


def test_a_repeated_call_has_one_effect_and_the_same_answer(client):
    first = post(client, "/api/v1/effects", {"name": "a"}, "key-1")
    again = post(client, "/api/v1/effects", {"name": "a"}, "key-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true"
    assert "RateLimit-Remaining" in again
    assert SettingValue.objects.count() == 1


def test_a_call_without_a_key_has_its_effect_each_time(client):
    for _ in range(2):
        post(client, "/api/v1/effects", {"name": "a"})

    assert SettingValue.objects.count() == 2


def test_members_in_another_order_are_the_same_call(client):
    post(client, "/api/v1/effects", '{"name": "a", "count": 2}', "key-1")
    again = post(client, "/api/v1/effects", '{"count":2,"name":"a"}', "key-1")

    assert again.status_code == 201
    assert SettingValue.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/effects", {"name": "b"}),
        ("/api/v1/costly", {"name": "a"}),
        ("/api/v1/effects?x=1", {"name": "a"}),
    ],
)
def test_a_key_used_for_another_call_is_refused(client, path, body):
    post(client, "/api/v1/effects", {"name": "a"}, "key-1")

    other = post(client, path, body, "key-1")

    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"
    assert SettingValue.objects.count() == 1


def test_where_money_moves_the_key_is_required(client):
    answer = post(client, "/api/v1/costly", {"name": "a"})

    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_required"
    assert not SettingValue.objects.exists()


@pytest.mark.parametrize("key", ["with space", "x" * 256, "ümlaut"])
def test_a_malformed_key_is_refused(client, key):
    answer = client.post(
        "/api/v1/effects",
        json.dumps({"name": "a"}),
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY=key,
    )

    assert answer.json()["code"] == "idempotency_key_malformed"
    assert not SettingValue.objects.exists()


@pytest.mark.parametrize("name", ["refuse", "answer-409"])
def test_an_error_changes_nothing_and_is_not_kept(client, name):
    refused = post(client, "/api/v1/effects", {"name": name}, "key-1")

    assert refused.status_code == 409
    assert not SettingValue.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_keys_of_different_addresses_are_independent(client):
    for address in ("10.0.0.1", "10.0.0.2"):
        client.post(
            "/api/v1/effects",
            json.dumps({"name": "a"}),
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
            REMOTE_ADDR=address,
        )

    assert SettingValue.objects.count() == 2


def test_a_process_killed_in_the_call_frees_the_key_when_its_lock_expires(client):
    answer = post(client, "/api/v1/outside", {"name": "a"}, "key-1")
    kept = IdempotencyKey.objects.get()
    # As the killed process would have left it: taken, no answer.
    IdempotencyKey.objects.update(
        state="started", status=None, locked_until=clock.now() + timedelta(seconds=30)
    )
    SettingValue.objects.all().delete()

    busy = post(client, "/api/v1/outside", {"name": "a"}, "key-1")
    with clock.moved_by(timedelta(seconds=31)):
        later = post(client, "/api/v1/outside", {"name": "a"}, "key-1")

    assert (answer.status_code, kept.state) == (201, "done")
    assert (busy.status_code, busy.json()["code"]) == (409, "idempotency_key_busy")
    assert busy["Retry-After"] == "30"
    assert later.status_code == 201
    assert SettingValue.objects.count() == 1


def test_work_that_fails_outside_gives_the_key_back(client, monkeypatch):
    monkeypatch.setattr(Outside, "dies", True)
    with pytest.raises(SystemExit):
        post(client, "/api/v1/outside", {"name": "a"}, "key-1")
    monkeypatch.setattr(Outside, "dies", False)

    again = post(client, "/api/v1/outside", {"name": "a"}, "key-1")

    assert again.status_code == 201


def _twins(path, key, count=8):
    """The same call from many threads at once; returns the answers."""
    barrier, answers = threading.Barrier(count), []

    def call():
        client = Client()
        barrier.wait()
        answers.append(post(client, path, {"name": "a"}, key))
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/effects", "/api/v1/outside"])
def test_twins_at_the_same_moment_have_one_effect(path):
    answers = _twins(path, "twin-key")

    good = [answer for answer in answers if answer.status_code == 201]
    assert good
    assert len({answer.content for answer in good}) == 1
    assert all(answer.status_code in (201, 409) for answer in answers)
    assert SettingValue.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_keys_the_same_twins_have_many_effects():
    """The control: the guard is what makes the difference."""
    answers = _twins("/api/v1/effects", None)

    assert SettingValue.objects.count() == len([a for a in answers if a.status_code == 201]) > 1


HOSTILE = [
    b"{",
    b"\xff\xfe",
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"name": "a", "count": 99999999999999999999999999}',
    b'{"name": "a", "count": ' + b"9" * 5000 + b"}",
    b'{"name": "a", "count": 1e400}',
    b'{"name": "a", "count": NaN}',
    b'{"name": ' + b"[" * 50000 + b"]" * 50000 + b"}",
    b'"text"',
    b"5",
    b"null",
    b"[]",
    b'{"name": {"a": 1}}',
    b'{"name": "' + b"x" * 5000 + b'"}',
    b"",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("key", [None, "key-1"])
def test_a_hostile_body_is_a_clear_error(client, body, key):
    answer = post(client, "/api/v1/effects", body, key)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] in ("parse_error", "invalid")
    assert not SettingValue.objects.exists()


def test_another_media_type_is_refused(client):
    answer = client.post("/api/v1/effects", "a=b", content_type="text/csv")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_above_the_limit_is_refused(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    answer = post(client, "/api/v1/effects", {"name": "x" * 2000}, "key-1")

    assert answer.status_code in (400, 413)
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unknown_method_is_named_as_such(client):
    answer = client.put("/api/v1/effects")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_the_default_answer_to_a_stranger_is_401_with_a_challenge(client):
    answer = client.get("/api/v1/private")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "not_authenticated"
    assert "RateLimit-Limit" in answer


def test_the_limit_is_told_and_kept(client):
    answers = [client.get("/api/v1/narrow") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert int(answers[3]["Retry-After"]) >= 1
    assert answers[3].json()["code"] == "too_many_requests"


def test_made_up_tokens_do_not_escape_the_limit(client):
    answers = [
        client.get("/api/v1/narrow", headers={"Authorization": f"Bearer made-up-{number}"})
        for number in range(4)
    ]

    assert answers[3].status_code == 429


def test_a_read_can_be_asked_again_by_its_etag(client):
    first = client.get("/api/v1/effects")
    again = client.get("/api/v1/effects", headers={"If-None-Match": first["ETag"]})
    SettingValue.objects.create(name="x", value=1)
    changed = client.get("/api/v1/effects", headers={"If-None-Match": first["ETag"]})

    assert first["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


def test_a_lost_counter_store_does_not_shut_the_api(client, settings):
    settings.CACHES = {
        "default": {"BACKEND": "engineroom.counters.CounterCache", "LOCATION": "/proc/none/c.db"}
    }

    assert client.get("/api/v1/effects").status_code == 200


def test_an_app_gets_the_members_it_names(client):
    sample = {"id": 1, "name": "a", "text": "long"}

    assert sparse.pick(sample, sparse.wanted("name, id")) == {"name": "a", "id": 1}
    page = {"next": None, "results": [sample, sample]}
    assert sparse.pick(page, ["id"]) == {"next": None, "results": [{"id": 1}, {"id": 1}]}
    assert client.get("/api/v1/effects?fields=count").json() == {"count": 0}


@pytest.mark.parametrize("query", ["nothing", "", ",", "count,,", "x" * 5000])
def test_a_member_that_is_not_there_is_refused(client, query):
    answer = client.get("/api/v1/effects", {"fields": query})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
