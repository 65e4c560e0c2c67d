"""Request ids, logs, roles, refusals, lost databases, the theme, and the headers of every answer."""

import json
import logging

import pytest
from django.db import OperationalError
from django.test import Client

from engineroom import logs, problems
from engineroom.middleware import role_of
from engineroom.models import SettingValue

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.engineroom.sample_urls")]


@pytest.fixture
def patient():
    """A client that gets the error page instead of the error."""
    return Client(raise_request_exception=False)


def test_a_request_gets_an_id_and_keeps_a_good_one(client):
    fresh = client.get("/healthz")
    given = client.get("/healthz", headers={"X-Request-ID": "trace-12345678"})
    forged = client.get("/healthz", headers={"X-Request-ID": "a\tb<script>"})

    assert fresh["X-Request-ID"].startswith("req_")
    assert given["X-Request-ID"] == "trace-12345678"
    assert forged["X-Request-ID"].startswith("req_")
    assert fresh["Server-Timing"].startswith("app;dur=")


class Lines(logging.Handler):
    """Collects the lines as they would be written."""

    def __init__(self):
        super().__init__()
        self.addFilter(logs.RequestIdFilter())
        self.setFormatter(logs.JsonFormatter())
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture
def written():
    handler, logger = Lines(), logging.getLogger("engineroom")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_a_request_is_one_json_line_without_its_query(client, written):
    answer = client.get("/shelf/?q=my-diagnosis&token=abc123")

    [line] = [json.loads(line) for line in written if '"request"' in line]
    assert line["path"] == "/shelf/"
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["request_id"] == answer["X-Request-ID"]
    assert "diagnosis" not in "".join(written)


def test_an_error_is_logged_without_secrets(patient, written):
    patient.get("/lost/")

    text = "".join(written)
    assert "The database does not answer." in text
    assert "OperationalError" in text


@pytest.mark.parametrize(
    "secret",
    [
        "password=hunter2-really",
        "'password': 'hunter2-really'",
        "Authorization: Bearer abcdef.hunter2-really",
        "token=hunter2-really&next=/",
        "csrfmiddlewaretoken=hunter2-really",
        "client_secret: hunter2-really",
        "Cookie: hunter2-really",
    ],
)
def test_secrets_do_not_reach_the_log(written, secret):
    logging.getLogger("engineroom.tests").warning("Failed with %s here", secret)

    assert "hunter2" not in written[0]
    assert "[removed]" in written[0]


def test_cards_addresses_and_capability_ids_do_not_reach_the_log(written):
    logging.getLogger("engineroom.tests").warning(
        "card 4242 4242 4242 4242, order number 1234567890123, ada@example.com, co_%s", "a" * 32
    )

    line = json.loads(written[0])["message"]
    assert "4242" not in line
    assert "ada@" not in line
    assert "1234567890123" in line
    assert line.endswith("co_[removed]")


def test_a_traceback_is_part_of_the_line(written):
    try:
        raise RuntimeError("token=hunter2-really")
    except RuntimeError:
        logging.getLogger("engineroom.tests").exception("It failed.")

    line = json.loads(written[0])
    assert "RuntimeError" in line["exception"]
    assert "hunter2" not in line["exception"]


@pytest.mark.parametrize(
    ("roles", "served", "absent"),
    [
        ({"api"}, ["/api/v1/effects"], ["/shelf/", "/admin/", "/webhooks/x/", "/"]),
        ({"pages"}, ["/shelf/"], ["/api/v1/effects", "/admin/", "/webhooks/x/"]),
        ({"webhooks"}, ["/webhooks/x/"], ["/api/v1/effects", "/shelf/"]),
        ({"admin"}, ["/admin/"], ["/api/v1/effects", "/shelf/"]),
        ({"worker"}, [], ["/api/v1/effects", "/shelf/", "/admin/"]),
    ],
)
def test_a_process_serves_only_its_roles(settings, client, roles, served, absent):
    settings.ROLES = frozenset(roles)

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert [client.get(path).status_code for path in absent] == [404] * len(absent)
    assert 404 not in [client.get(path).status_code for path in served]


def test_roles_follow_the_path():
    assert role_of("/healthz") is None
    assert role_of("/static/css/x.css") is None
    assert role_of("/api/v1/me") == "api"
    assert role_of("/anything/") == "pages"


def test_a_refusal_becomes_a_page_or_a_problem(client):
    page = client.get("/form/")
    problem = client.get("/api/v1/refused")
    slow = client.get("/slow/")

    assert page.status_code == 409
    assert b"The shelf is full." in page.content
    assert problem.json()["code"] == "shelf_full"
    assert problem.json()["request_id"] == problem["X-Request-ID"]
    assert problem["Content-Type"] == "application/problem+json"
    assert (slow.status_code, slow["Retry-After"]) == (429, "7")


def test_unknown_addresses_say_so_in_the_askers_language(client):
    page, problem = client.get("/nowhere/"), client.get("/api/v1/nowhere")

    assert page.status_code == problem.status_code == 404
    assert b"<h1>This page is not in the book</h1>" in page.content
    assert problem.json()["code"] == "not_found"


def test_a_lost_database_is_said_politely(patient):
    page, problem = patient.get("/lost/"), patient.get("/api/v1/lost")

    assert page.status_code == problem.status_code == 503
    assert page["Retry-After"] == problem["Retry-After"] == "5"
    assert b"cannot be reached" in page.content
    assert problem.json()["code"] == "unavailable"


def test_a_database_lost_below_the_views_is_said_politely_too(patient, monkeypatch, client):
    def lost(self, *args, **kwargs):
        raise OperationalError("unable to open database file")

    patient.cookies["session"] = "x" * 32
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", lost)

    answer = patient.get("/desk/")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


def test_health_needs_no_database_and_readiness_tells(patient, monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", lost)

    assert patient.get("/healthz").status_code == 200
    ready = patient.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"database": "unavailable"})


def test_readiness_tells_the_lag_of_the_queue(client):
    assert client.get("/readyz").json() == {"database": "ok", "outbox_lag_seconds": 0.0}


def test_what_breaks_tells_a_stranger_nothing(patient):
    page, problem = patient.get("/broken/"), patient.get("/api/v1/broken")

    assert page.status_code == problem.status_code == 500
    assert b"secret-in-a-traceback" not in page.content + problem.content
    assert page["X-Request-ID"].encode() in page.content
    assert problem.json()["code"] == "server_error"


@pytest.mark.parametrize("address", ["/shelf/?q=%00", "/shelf/%00", "/api/v1/effects?a=%00b"])
def test_nul_characters_are_refused_at_the_door(patient, address):
    assert patient.get(address).status_code == 400


@pytest.mark.parametrize("address", ["/shelf/%ff%fe", "/%e0%80%80", "/shelf/?q=%ff", "/a" * 2000])
def test_broken_addresses_are_no_fault_of_ours(patient, address):
    assert patient.get(address).status_code < 500


def test_a_foreign_host_is_refused(patient):
    assert patient.get("/shelf/", headers={"Host": "evil.example"}).status_code == 400


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize(
    "path",
    [
        "/shelf/",
        "/desk/",
        "/nowhere/",
        "/form/",
        "/broken/",
        "/lost/",
        "/api/v1/effects",
        "/healthz",
    ],
)
def test_every_answer_carries_the_fixed_policy(patient, path):
    answer = patient.get(path)
    other = patient.get(path)

    policy = answer["Content-Security-Policy"]
    assert policy == other["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "nonce" not in policy
    assert {name: answer[name] for name in HEADERS} == HEADERS


def test_public_pages_set_no_cookie_and_may_be_kept(client):
    answer = client.get("/shelf/")

    assert answer["Cache-Control"] == "public, max-age=60"
    assert not answer.cookies
    assert "ETag" in answer


def test_a_public_page_with_a_session_is_kept_by_nobody(client):
    client.cookies["session"] = "whatever"

    assert client.get("/shelf/")["Cache-Control"] == "private, no-store"


def test_a_private_page_sends_strangers_to_the_sign_in(client):
    answer = client.get("/desk/")

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/desk/"


def test_public_pages_are_read_only_and_say_so(client):
    answer = client.post("/shelf/")

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert b"only answers other kinds of request" in answer.content


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 302),
        ({"Sec-Fetch-Site": "same-origin"}, 302),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, 302),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_the_theme_is_set_from_our_own_pages_only(settings, headers, status):
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/theme/", {"theme": "dark"}, headers=headers)

    assert answer.status_code == status
    assert ("theme" in answer.cookies) is (status == 302)


@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://testserver/shelf/?page=2", "http://testserver/shelf/?page=2"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_theme_form_returns_to_our_own_pages_only(client, referer, target):
    answer = client.post("/theme/", {"theme": "light"}, headers={"Referer": referer})

    assert answer["Location"] == target
    assert answer.cookies["theme"].value == "light"
    assert answer.cookies["theme"]["httponly"]


def test_an_unknown_theme_is_not_stored(client):
    answer = client.post("/theme/", {"theme": "<script>"})

    assert "theme" not in answer.cookies


def test_the_database_refuses_changes_of_the_audit_trail(db):
    from django.db import DatabaseError, transaction

    from engineroom import audit

    entry = audit.record("thing.done", "thing_1", note="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        type(entry).objects.filter(pk=entry.pk).update(action="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        type(entry).objects.filter(pk=entry.pk).delete()
    assert entry.actor_label == "school"


def test_a_problem_names_its_code_and_its_explanation():
    document = problems.problem(409, "shelf_full", "The shelf is full.")

    assert document["type"] == "/developers/problems/#shelf_full"
    assert document["title"] == "Refused"
    assert SettingValue.objects.count() == 0
