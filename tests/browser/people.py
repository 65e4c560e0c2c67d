"""People in a browser: signing up, signing in, and a learner with something on every page."""

import time
from dataclasses import dataclass, field
from uuid import uuid4

from tests.browser.school import School

PASSWORD = "correct horse battery staple"
AUTH = "/api/v1/auth/app/v1/auth/"


def new_email(word: str = "reader") -> str:
    return f"{word}{time.monotonic_ns()}@example.com"


def sign_up(page, school: School, email: str = "") -> str:
    """A verified account, signed in; returns its address."""
    email = email or new_email()
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Create account").click()
    page.goto(school.link_in_mail(email, "confirm-email"))
    page.get_by_role("button", name="Confirm").click()
    return email


def sign_in(page, email: str, password: str = PASSWORD) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


@dataclass
class Learner:
    """Somebody with a bought course, results, an open checkout and a payment that waits."""

    email: str
    token: str
    state: dict = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)


class Api:
    """The school's API over HTTP."""

    def __init__(self, request, token: str = ""):
        self.request, self.token = request, token

    def call(self, method: str, path: str, body=None, *, status=(200, 201)) -> dict:
        headers = {"Idempotency-Key": str(uuid4())}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = self.request.fetch(path, method=method, data=body, headers=headers)
        assert answer.status in status, f"{method} {path}: {answer.status} {answer.text()[:300]}"
        return answer.json() if answer.body() else {}

    def get(self, path: str) -> dict:
        return self.call("GET", path)

    def post(self, path: str, body: dict) -> dict:
        return self.call("POST", path, body)

    def offer(self, slug: str) -> str:
        return next(
            offer["id"]
            for offer in self.get("/api/v1/offers?page_size=100")["results"]
            if any(item["key"] == slug for item in offer["items"])
        )

    def order(self, slug: str, **guest) -> dict:
        """An order whose payment waits at the simulator. A guest gives an `email`."""
        checkout = self.post("/api/v1/checkouts", {"offer": self.offer(slug)})
        body = {"consent": True, **guest}
        return self.post(f"/api/v1/checkouts/{checkout['id']}/payments", body)

    def pay(self, payment: dict) -> None:
        token = payment["redirect_url"].rstrip("/").rpartition("/")[2]
        self.post(f"/api/v1/simulator/payments/{token}", {"outcome": "success"})


def any_answers(questions: list[dict]) -> dict:
    """Something for each question; some of it will be right."""
    found = {}
    for question in questions:
        tokens = [option["id"] for option in question["options"]]
        match question["kind"]:
            case "single":
                found[question["key"]] = tokens[0]
            case "matching":
                partner = question["partners"][0]["id"]
                found[question["key"]] = dict.fromkeys(tokens, partner)
            case "text" | "numeric":
                found[question["key"]] = "17.6"
            case _:
                found[question["key"]] = tokens
    return found


def make_learner(context, school: School) -> Learner:
    """Signs up by page, does the rest through the API; `pages` are the addresses to look at."""
    page = context.new_page()
    email = sign_up(page, school)
    request = context.request
    login = request.post(AUTH + "login", data={"email": email, "password": PASSWORD}).json()
    api = Api(request, login["meta"]["access_token"])
    paid = api.order("css-foundations")
    api.pay(paid)
    place = api.get("/api/v1/enrollments")["results"][0]["id"]
    api.post(f"/api/v1/enrollments/{place}/completions", {"key": "rules-and-the-cascade"})
    attempt = api.post("/api/v1/attempts", {"enrollment": place, "exercise": "cascade-and-values"})
    tried = f"/api/v1/attempts/{attempt['id']}"
    api.call("PUT", f"{tried}/answers", {"answers": any_answers(attempt["questions"])})
    api.post(f"{tried}/submission", {})
    waiting = Api(request).order("human-centered-ai", email=new_email("guest"))
    page.goto("/courses/reducing-user-churn/")
    page.get_by_role("link", name="Buy for").first.click()
    course = "/learn/css-foundations"
    learner = Learner(email, api.token, context.storage_state())
    learner.pages = {
        "dashboard": "/learn/",
        "reader": f"{course}/units-color-and-type/",
        "finished lesson": f"{course}/rules-and-the-cascade/",
        "exercise": f"{course}/cascade-and-values/",
        "result": f"{course}/cascade-and-values/results/{attempt['id']}/",
        "project": f"{course}/style-a-plain-site/",
        "no place": "/learn/backend-development/",
        "course of mine": "/courses/css-foundations/",
        "checkout": page.url.removeprefix(school.url),
        "simulator": waiting["redirect_url"].removeprefix(school.url),
        "orders": "/orders/",
        "receipt": f"/orders/{paid['order']}/",
        "account": "/accounts/",
        "security": "/accounts/2fa/",
        "sessions": "/accounts/sessions/",
        "addresses": "/accounts/email/",
        "password": "/accounts/password/change/",
        "leaving": "/accounts/delete/",
    }
    page.close()
    return learner
