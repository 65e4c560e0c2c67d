"""The same story through the API alone: an app that never opens a page of the school."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from catalog.models import Course
from learning.models import Grant
from payments.models import Order, Payment
from tests.factories.accounts import PASSWORD, make_user
from tests.journeys.steps import mail_to, published_exercise, right_answers

pytestmark = pytest.mark.usefixtures("school")
PAID = "backend-development"
AUTH = "/api/v1/auth/app/v1/auth/"


class App:
    """A program with a token: JSON in, JSON out, no cookie kept."""

    def __init__(self):
        self.client = Client()
        self.token = ""

    def call(self, method: str, path: str, body=None, *, status=(200, 201), key="", **headers):
        """The parsed answer; the status must be one of `status`."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        given = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = getattr(self.client, method)(path, headers=headers, **given)
        assert answer.status_code in status, (method, path, answer.status_code, answer.content)
        assert not answer.cookies
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["code"]
        return answer.json() if answer.content else None

    def get(self, path, **options):
        return self.call("get", path, **options)

    def post(self, path, body=None, **options):
        return self.call("post", path, {} if body is None else body, **options)


def signed_in_app(email: str) -> App:
    """An app that has signed a person up, confirmed the address by the mailed key, and signed in."""
    app = App()
    began = app.post(AUTH + "signup", {"email": email, "password": PASSWORD}, status=(401,))
    key = re.search(r"type this key:\s*(\S+)", mail_to(email)[-1].body)[1]
    app.post(
        AUTH + "email/verify",
        {"key": key},
        **{"X-Session-Token": began["meta"]["session_token"]},
    )
    login = app.post(
        AUTH + "login", {"email": email, "password": PASSWORD}, **{"X-Device-Name": "Ada's phone"}
    )
    app.token = login["meta"]["access_token"]
    return app


def app_of(person) -> App:
    app = App()
    login = app.post(AUTH + "login", {"email": person.email, "password": PASSWORD})
    app.token = login["meta"]["access_token"]
    return app


def offer_for(app: App, slug: str) -> dict:
    offers = app.get("/api/v1/offers")["results"]
    return next(offer for offer in offers if any(item["key"] == slug for item in offer["items"]))


def bought(app: App, slug: str, outcome: str = "success") -> str:
    """Checkout, order and payment; returns the order's number."""
    checkout = app.post(
        "/api/v1/checkouts", {"offer": offer_for(app, slug)["id"]}, key=str(uuid4())
    )
    payment = app.post(
        f"/api/v1/checkouts/{checkout['id']}/payments",
        {"consent": True, "expected_minor": checkout["total_minor"]},
        key=str(uuid4()),
    )
    token = payment["redirect_url"].rstrip("/").rpartition("/")[2]
    app.post(f"/api/v1/simulator/payments/{token}", {"outcome": outcome})
    return payment["order"]


def test_an_app_signs_up_buys_reads_answers_and_sees_progress():
    app = signed_in_app("ada@example.com")
    me = app.get("/api/v1/me")
    assert (me["email"], me["is_email_verified"], me["roles"]) == (
        "ada@example.com",
        True,
        ["learner"],
    )
    assert [row["name"] for row in app.get("/api/v1/devices")["results"]][0] == "Ada's phone"

    number = bought(app, PAID)
    order = app.get(f"/api/v1/orders/{number}")
    assert (order["state"], order["total_minor"], order["currency"]) == ("paid", 7900, "EUR")
    assert len(mail_to("ada@example.com", "receipt")) == 1

    place = app.get("/api/v1/enrollments")["results"][0]
    assert (place["course"], place["done"], place["percent"]) == (PAID, 0, 0)
    here = f"/api/v1/enrollments/{place['id']}"
    lesson = app.get(f"{here}/lessons/what-a-backend-does")
    assert len(lesson["html"]) > 3000
    assert lesson["next_key"] == "from-socket-to-database"
    done = app.post(f"{here}/completions", {"key": "what-a-backend-does"}, status=(201,))
    assert (done["done"], done["is_new"]) == (1, True)
    app.post(f"{here}/completions", {"key": "what-a-backend-does"}, status=(200,))

    attempt = app.post(
        "/api/v1/attempts", {"enrollment": place["id"], "exercise": "running-it"}, status=(201,)
    )
    assert attempt["result"] is None
    exercise = published_exercise(PAID, "running-it")
    answers = right_answers(exercise, attempt["questions"])
    tried = f"/api/v1/attempts/{attempt['id']}"
    app.call("put", f"{tried}/answers", {"answers": answers})
    graded = app.post(f"{tried}/submission")
    assert graded["state"] == "graded"
    assert graded["score"] == graded["max_score"] == len(answers) >= 6
    assert all(question["is_right"] for question in graded["result"]["questions"])

    place = app.get(here)
    assert place["done"] == 2
    assert place["percent"] > 0


def test_an_attempt_tells_nothing_of_what_is_right_before_it_is_graded():
    app = app_of(make_user())
    bought(app, PAID)
    place = app.get("/api/v1/enrollments")["results"][0]["id"]
    exercise = published_exercise(PAID, "running-it")

    attempt = app.post("/api/v1/attempts", {"enrollment": place, "exercise": "running-it"})

    said = str(attempt)
    for row in exercise.questions.all():
        assert not row.explanation_html or row.explanation_html not in said
        for option in row.options.all():
            assert not option.why_html or option.why_html not in said
    assert "is_right" not in said
    assert "is_right" not in str(app.get(f"/api/v1/attempts/{attempt['id']}"))


def test_a_payment_sent_twice_with_one_key_is_one_payment():
    app = app_of(make_user())
    offer = offer_for(app, PAID)["id"]
    opening = str(uuid4())
    checkout = app.post("/api/v1/checkouts", {"offer": offer}, key=opening)
    again = app.post("/api/v1/checkouts", {"offer": offer}, key=opening)
    key, body = str(uuid4()), {"consent": True}

    first = app.post(f"/api/v1/checkouts/{checkout['id']}/payments", body, key=key)
    second = app.post(f"/api/v1/checkouts/{checkout['id']}/payments", body, key=key)

    assert again["id"] == checkout["id"]
    assert first == second
    assert Payment.objects.count() == 1


def test_money_does_not_move_without_an_idempotency_key():
    app = app_of(make_user())
    offer = offer_for(app, PAID)["id"]

    refused = app.post("/api/v1/checkouts", {"offer": offer}, status=(400,))

    assert refused["code"] == "idempotency_key_required"
    assert not Order.objects.exists()


def test_a_declined_payment_gives_nothing_and_another_one_does():
    person = make_user()
    app = app_of(person)

    bought(app, PAID, outcome="decline")
    assert not Grant.objects.filter(person=person).exists()
    closed = app.post("/api/v1/enrollments", {"course": PAID}, status=(403, 409))
    assert closed["code"] == "no_grant"

    bought(app, PAID)
    assert app.get("/api/v1/enrollments")["results"][0]["course"] == PAID


def test_a_guest_app_buys_with_an_address():
    app = App()
    offer = offer_for(app, PAID)["id"]
    checkout = app.post(
        "/api/v1/checkouts", {"offer": offer, "email": "guest@example.com"}, key=str(uuid4())
    )
    payment = app.post(
        f"/api/v1/checkouts/{checkout['id']}/payments", {"consent": True}, key=str(uuid4())
    )
    token = payment["redirect_url"].rstrip("/").rpartition("/")[2]

    app.post(f"/api/v1/simulator/payments/{token}", {"outcome": "success"})

    assert app.get(f"/api/v1/checkouts/{checkout['id']}")["order"]["state"] == "paid"
    assert any("/accounts/link/" in one.body for one in mail_to("guest@example.com"))


def test_a_refund_by_staff_ends_access_with_the_next_call():
    app = app_of(make_user())
    number = bought(app, PAID)
    place = app.get("/api/v1/enrollments")["results"][0]["id"]
    lesson = f"/api/v1/enrollments/{place}/lessons/from-socket-to-database"
    assert app.get(lesson)["html"]
    office = app_of(make_user(is_staff=True, roles=["manager"]))
    line = app.get(f"/api/v1/orders/{number}")["lines"][0]["id"]
    body = {"lines": [{"line": line}], "reason": "Changed their mind"}

    app.post(f"/api/v1/orders/{number}/refunds", body, key=str(uuid4()), status=(403, 404))
    assert app.get(lesson)["html"]
    refund = office.post(f"/api/v1/orders/{number}/refunds", body, key=str(uuid4()))

    assert refund["state"] == "done"
    ended = app.get(lesson, status=(403,))
    assert ended["code"] == "access_ended"
    assert "html" not in ended
    assert app.get(f"/api/v1/orders/{number}")["state"] == "refunded"


def test_a_free_course_is_started_and_finished_without_money():
    app = app_of(make_user())
    slug = "html-foundations"

    place = app.post("/api/v1/enrollments", {"course": slug}, status=(201,))
    app.post("/api/v1/enrollments", {"course": slug}, status=(200,))
    keys = Course.objects.get(slug=slug).published_edition.lessons.values_list("key", flat=True)
    for key in keys:
        app.post(f"/api/v1/enrollments/{place['id']}/completions", {"key": key})

    assert app.get(f"/api/v1/enrollments/{place['id']}")["done"] == len(keys)
    assert not Order.objects.exists()


def test_staff_give_and_end_a_grant():
    learner = make_user()
    app, office = app_of(learner), app_of(make_user(is_staff=True, roles=["support"]))

    grant = office.post(
        "/api/v1/grants", {"person": learner.email, "scope": "course", "scope_key": PAID}
    )
    place = app.post("/api/v1/enrollments", {"course": PAID})
    lesson = f"/api/v1/enrollments/{place['id']}/lessons/from-socket-to-database"
    assert app.get(lesson)["html"]
    office.call("delete", f"/api/v1/grants/{grant['id']}", status=(200, 204))

    assert app.get(lesson, status=(403,))["code"] == "access_ended"


def test_one_person_never_reaches_what_is_anothers():
    ada, eve = app_of(make_user()), app_of(make_user())
    number = bought(ada, PAID)
    place = ada.get("/api/v1/enrollments")["results"][0]["id"]
    attempt = ada.post("/api/v1/attempts", {"enrollment": place, "exercise": "running-it"})["id"]

    for path in (
        f"/api/v1/orders/{number}",
        f"/api/v1/enrollments/{place}",
        f"/api/v1/enrollments/{place}/lessons/what-a-backend-does",
        f"/api/v1/attempts/{attempt}",
    ):
        eve.get(path, status=(404,))
    eve.post("/api/v1/attempts", {"enrollment": place, "exercise": "running-it"}, status=(404,))
    eve.post(f"/api/v1/attempts/{attempt}/submission", status=(404,))
