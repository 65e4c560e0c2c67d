"""The sign-in flows by API refuse as everything else does, and still say how to go on."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from accounts.models import User
from engineroom.models import AuditEntry
from engineroom.openapi import problem_codes
from tests.contracts.routes import routes
from tests.factories.accounts import PASSWORD, make_user
from tests.journeys.addresses import path_of

pytestmark = pytest.mark.django_db
APP = "/api/v1/auth/app/v1/"
MEMBERS = {"type", "title", "status", "code", "detail", "request_id"}


@pytest.fixture
def ask(client):
    def ask(method, path, body=None, session="", content_type="application/json"):
        headers = {"X-Session-Token": session} if session else {}
        given = {} if body is None else {"data": body, "content_type": content_type}
        return getattr(client, method)(APP + path, headers=headers, **given)

    return ask


def problem_of(answer) -> dict:
    """The body, checked to be a whole problem document with a code that is explained."""
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert set(body) >= MEMBERS, body
    assert body["status"] == answer.status_code
    assert body["type"] == f"/developers/problems/#{body['code']}"
    assert body["code"] in {code for code, _, _ in problem_codes()} | {"not_allowed"}
    for error in body.get("errors", []):
        assert set(error) == {"field", "code", "detail"}
    return body


def flows(body) -> set[str]:
    return {flow["id"] for flow in body["data"]["flows"]}


def test_a_wrong_password_names_its_field(ask):
    person = make_user()

    body = problem_of(ask("post", "auth/login", {"email": person.email, "password": "no no no"}))

    assert (body["status"], body["code"]) == (400, "invalid")
    error = body["errors"][0]
    assert (error["field"], error["code"]) == ("password", "email_password_mismatch")
    assert body["detail"] == error["detail"] == "The e-mail address or the password is not right."


def test_every_field_at_fault_is_named(ask):
    body = problem_of(ask("post", "auth/signup", {"email": "nothing"}))

    assert {error["field"] for error in body["errors"]} == {"email", "password"}
    assert body["detail"] == "Some fields need another look."
    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()


def test_nobody_is_told_the_ways_in(ask):
    body = problem_of(ask("get", "auth/session"))

    assert (body["status"], body["code"]) == (401, "not_authenticated")
    assert {"login", "signup"} <= flows(body)
    assert body["meta"]["is_authenticated"] is False


def test_a_sign_up_goes_on_by_what_the_problem_carries(ask):
    began = ask("post", "auth/signup", {"email": "ada@example.com", "password": PASSWORD})

    body = problem_of(began)
    assert (body["status"], body["code"]) == (401, "sign_in_incomplete")
    pending = [flow["id"] for flow in body["data"]["flows"] if flow.get("is_pending")]
    assert pending == ["verify_email"]
    again = ask("get", "auth/session", session=body["meta"]["session_token"])
    assert problem_of(again)["code"] == "sign_in_incomplete"


def test_a_second_factor_is_the_next_step(ask):
    person = make_user()
    TOTP.activate(person, generate_totp_secret())

    began = ask("post", "auth/login", {"email": person.email, "password": PASSWORD})
    body = problem_of(began)
    session = body["meta"]["session_token"]
    wrong = problem_of(ask("post", "auth/2fa/authenticate", {"code": "000000"}, session))

    assert body["code"] == "sign_in_incomplete"
    pending = next(flow for flow in body["data"]["flows"] if flow.get("is_pending"))
    assert pending["types"] == ["totp"]
    assert (wrong["status"], wrong["code"]) == (400, "invalid")
    assert wrong["errors"][0]["field"] == "code"


def test_what_needs_a_fresh_proof_says_so(ask):
    person = make_user()
    login = ask("post", "auth/login", {"email": person.email, "password": PASSWORD}).json()
    session = login["meta"]["session_token"]
    conflict = problem_of(
        ask("post", "auth/login", {"email": person.email, "password": PASSWORD}, session)
    )
    missing = problem_of(ask("get", "account/authenticators/totp", session=session))

    assert (conflict["status"], conflict["code"]) == (409, "step_not_possible")
    # What is there to set up comes beside the 404, and must not be lost.
    assert (missing["status"], missing["code"]) == (404, "not_found")
    assert missing["meta"]["secret"]


def test_an_unknown_session_is_gone(ask):
    body = problem_of(ask("get", "auth/session", session="nonsense"))

    assert (body["status"], body["code"]) == (410, "session_gone")
    assert flows(body)


def test_an_unreadable_body_and_a_foreign_method_are_problems_too(ask):
    assert problem_of(ask("post", "auth/login", b"[]"))["code"] in ("bad_request", "unreadable")
    assert problem_of(ask("post", "auth/login", b"{"))["code"] == "unreadable"
    assert problem_of(ask("get", "auth/login"))["code"] == "method_not_allowed"
    assert ask("get", "auth/login")["Allow"]


def test_a_good_answer_keeps_its_form(ask):
    person = make_user()

    answer = ask("post", "auth/login", {"email": person.email, "password": PASSWORD})

    assert answer["Content-Type"] == "application/json"
    assert set(answer.json()) == {"status", "data", "meta"}
    assert ask("get", "config")["Content-Type"] == "application/json"


def test_no_door_of_the_flows_refuses_in_another_form(client):
    asked = 0
    for route in routes():
        if not route.name.startswith("api-v1:app:"):
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(client, method)(
                path_of(route, lambda *_: "none"), {}, content_type="application/json"
            )
            if answer.status_code >= 400:
                problem_of(answer)
                asked += 1
    assert asked > 60
