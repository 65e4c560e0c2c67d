"""No input whatever gives a 5xx: every route, asked by a stranger, a learner and the staff.

The next address meets the next share of the odd values: a fourth of the queries at lists and two
elsewhere, two or three segments, a sixth of the bodies by POST and two or three by PUT and PATCH,
a fourth of the form values on the pages and two or three in the admin, one method of five.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http.cookies import SimpleCookie
from importlib import import_module
from types import ModuleType

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import path as url
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import issue_device
from accounts.models import Device
from catalog.models import Course, Edition
from learning.actions import give_grant, start_attempt, submit_work
from learning.models import Enrollment, Grant
from payments.models import Checkout, Offer, Order, SimulatorPayment
from tests.contracts.routes import Route
from tests.factories.accounts import make_user
from tests.journeys import hostile
from tests.journeys.addresses import every_path, parameters, path_of
from tests.journeys.steps import buy, sign_in
from tests.journeys.visitor import Reader, Visitor, body_of

pytestmark = pytest.mark.usefixtures("school")
PAID = "css-foundations"


class Asker:
    """Sends requests that leave nothing behind: each in a savepoint, with the same cookies."""

    def __init__(self, role: str, person=None):
        self.role, self.person, self.headers = role, person, {}
        self.client = Client(raise_request_exception=False)
        if person is not None:
            self.client.force_login(person)
            _, access, _ = issue_device(person=person)
            self.headers = {"Authorization": f"Bearer {access}"}
        self.cookies = self.client.cookies.output()
        self.count = 0
        self.offset = ("stranger", "learner", "staff").index(role)  # roles try different things
        self.broken: list[str] = []

    def ask(self, method: str, path: str, *, data=None, content_type=None, headers=None, say=""):
        """The answer; a status from 500 on is noted and so is an exception."""
        self.client.cookies = SimpleCookie()
        self.client.cookies.load(self.cookies.replace("Set-Cookie: ", ""))
        headers = {
            "Idempotency-Key": f"key-{self.count}-{self.role}",
            **(self.headers if path.startswith("/api/") else {}),
            **(headers or {}),
        }
        if self.count % 20 == 0:
            cache.clear()  # the throttles are shown elsewhere; here they would hide what is behind
        self.count += 1
        given = {} if data is None else {"data": data}
        if content_type is not None:
            given["content_type"] = content_type
        with transaction.atomic():
            answer = self.client.generic(method, path, headers=headers, **given)
            body_of(answer)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            cause = getattr(answer, "exc_info", None)
            said = f"{cause[0].__name__}: {cause[1]}"[:160] if cause else ""
            self.broken.append(
                f"{self.role} {method} {path[:120]} {content_type or ''} {say[:80]!r}: "
                f"{answer.status_code} {said}"
            )
        return answer

    def submit(self, path: str, fields: dict):
        return self.ask(
            "POST",
            path,
            data=hostile.encoded(fields),
            content_type="application/x-www-form-urlencoded",
            say=str(fields),
        )


@dataclass
class Cast:
    """Who asks, and the right value of each parameter, so that what is behind a door is reached."""

    learner: object
    staff: object
    known: Callable[[Route, str], str]


@pytest.fixture(scope="module")
def cast(planted, django_db_blocker):
    """Made once for the module, in a transaction that is never kept."""
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True  # actions that must be outermost may run inside it
        block.__enter__()
        learner, staff = make_learner(), make_user(is_staff=True, is_superuser=True)
        found = Cast(learner, staff, values_of(learner))
    yield found
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


@pytest.fixture
def learner(cast, school):
    return cast.learner


@pytest.fixture
def staff(cast, school):
    return cast.staff


@pytest.fixture
def known(cast, school):
    return cast.known


@pytest.fixture(autouse=True)
def no_sidebar(monkeypatch):
    """The admin's list of tables is the same on every page, and half of the time of each."""
    monkeypatch.setattr(site, "get_app_list", lambda request, app_label=None: [])


def make_learner():
    """Somebody who owns one of everything that a person can own."""
    person, visitor = make_user(), Visitor()
    sign_in(visitor, person.email)
    buy(visitor, PAID)
    place = Enrollment.objects.get(person=person)
    start_attempt(enrollment=place, exercise_key="cascade-and-values")
    key = place.edition.projects.first().key
    submit_work(enrollment=place, project_key=key, title="Mine", text="Words")
    other = Course.objects.get(slug="backend-development")
    give_grant(person=person, scope="course", scope_key=other.public_id)
    visitor.open("/courses/human-centered-ai/").follow("Buy for")
    return person


def values_of(learner):
    place = Enrollment.objects.get(person=learner)
    file = place.edition.images.select_related("file").first().file
    course = place.course
    values = {
        "slug": PAID,
        "key": "cascade-and-values",
        "question_key": "winner",
        "course_id": str(course.pk),
        "edition_id": str(course.published_edition_id),
        "place": "exercises",
        "locale": "de",
        "digest": file.digest,
        "name": file.name,
        "enrollment_id": place.public_id,
        "attempt_id": place.attempts.get().public_id,
        "submission_id": place.submissions.get().public_id,
        "grant_id": Grant.objects.filter(person=learner).first().public_id,
        "offer_id": Offer.objects.first().public_id,
        "checkout_id": Checkout.objects.filter(state="open").get().public_id,
        "number": Order.objects.get().number,
        "order_id": str(Order.objects.get().pk),
        "token": SimulatorPayment.objects.get().token,
        "gateway": "simulator",
        "tag": "buying",
        "app_label": "catalog",
        "content_type_id": "7",
    }
    special = {
        ("catalog:topic-detail", "slug"): "backend-development",
        ("api-v1:topic-detail", "slug"): "backend-development",
        ("catalog:instructor-detail", "slug"): course.instructors.first().slug,
        ("api-v1:instructor-detail", "slug"): course.instructors.first().slug,
        ("catalog:sitemap-part", "name"): "lessons-1",
        ("catalog:preview", "edition_id"): course.published_edition.public_id,
        ("catalog:preview-item", "edition_id"): course.published_edition.public_id,
    }
    for place_name in ("lesson", "project"):
        item = getattr(course.published_edition, f"{place_name}s").last()
        for name in (f"catalog:{place_name}-detail", f"api-v1:{place_name}-detail"):
            special[name, "key"] = item.key
        special[f"api-v1:enrollment-{place_name}", "key"] = item.key
    special["catalog:translated-lesson", "key"] = course.published_edition.lessons.last().key
    rows = lru_cache(None)(pk_of)
    return lambda route, name: (
        special.get((route.name, name)) or values.get(name, rows(route, name) or "x")
    )


def pk_of(route, name: str) -> str:
    """The key of a row of the table that an admin's address is about."""
    if name != "object_id":
        return ""
    _, app, model, *_ = route.pattern.split("/")
    model = next((one for one in apps.get_models() if one._meta.model_name == model), None)
    row = model and model._default_manager.filter(**_own(model)).order_by("pk").first()
    return str(row.pk) if row else "1"


def _own(model) -> dict:
    """Drafts rather than published rows: only they have a form."""
    if model is Edition:
        return {"state": "draft"}
    names = {field.name for field in model._meta.get_fields()}
    return {"edition__state": "draft"} if "edition" in names else {}


@pytest.fixture(params=["stranger", "learner", "staff"])
def asker(request, learner, staff):
    people = {"stranger": None, "learner": learner, "staff": staff}
    return Asker(request.param, people[request.param])


def hold(asker: Asker, least: int) -> None:
    assert asker.count >= least
    assert asker.broken == [], "\n" + "\n".join(sorted(set(asker.broken))[:40])


def served_to(asker: Asker, path: str) -> bool:
    """Whether the role is asked to try the address: the admin's are staff's, the others the people's."""
    return path.startswith("/admin/") is (asker.role == "staff")


def some(things, turn: int, every: int) -> list:
    """Every n-th, beginning elsewhere at each turn: all of them meet many addresses, none meets all."""
    return list(things)[turn % every :: every]


def test_odd_methods_queries_and_segments(asker, known):
    for turn, (route, path) in enumerate(every_path(known), asker.offset):
        if not served_to(asker, path) or (is_like_others(route) and turn % 4):
            continue
        for method in some(("OPTIONS", "HEAD", "TRACE", "BREW", "PUT"), turn, 5):
            asker.ask(method, path)
        every = 4 if is_list(route) else len(hostile.QUERIES) // 2
        for query in some(hostile.QUERIES, turn, every):
            asker.ask("GET", f"{path}?{query}")
        for number, name in enumerate(parameters(route), turn):
            for segment in some(hostile.SEGMENTS, number, len(hostile.SEGMENTS) // 2):
                bad = path_of(
                    route, lambda at, one, n=name, s=segment: s if one == n else known(at, one)
                )
                asker.ask("POST" if number % 3 == 2 else "GET", bad)
    hold(asker, 250)


def is_like_others(route) -> bool:
    """Whether Django's own view answers, the same for all tables."""
    return route.name.endswith(("_history", "_delete"))


def is_list(route) -> bool:
    return route.name.endswith(("-list", "_changelist", ":home", "my-learning", "login"))


@pytest.mark.parametrize("role", ["stranger", "learner", "staff"])
def test_odd_bodies_to_every_route_of_the_api(role, known, learner, staff):
    asker = Asker(role, {"learner": learner, "staff": staff}.get(role))
    bodies = hostile.bodies()
    for turn, (route, path) in enumerate(every_path(known), asker.offset):
        if not path.startswith("/api/"):
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            if isinstance(route.view, type) and not hasattr(route.view, method.lower()):
                continue
            first = asker.ask(method, path, data=b"{}", content_type="application/json")
            if first.status_code in (401, 403, 404, 405):
                continue
            # No document at all is what a view's own code forgets first: each meets it.
            meant = [(b"null", "application/json")] if method in ("POST", "PUT", "PATCH") else []
            for body, kind in meant + some(bodies, turn, 6 if method == "POST" else 19):
                asker.ask(method, path, data=body, content_type=kind, say=repr(body[:60]))
        if turn % 3:
            continue
        odd = {"Authorization": "Bearer \xff\x00", "Idempotency-Key": "\xe9" * 300}
        asker.ask("POST", path, data=b"{}", content_type="application/json", headers=odd)
        asker.ask("GET", path, headers={"Accept": "application/xml, \xff"})
    hold(asker, 150)


def test_odd_answers_to_every_form(asker, known):
    for turn, (route, path) in enumerate(every_path(known), asker.offset):
        if path.startswith("/api/") or not served_to(asker, path):
            continue
        if (is_like_others(route) or route.name.endswith("_changelist")) and turn % 6:
            continue
        page = asker.ask("GET", path)
        forms = Reader(page.content.decode()).forms if not page.streaming else []
        own = [form for form in forms if form.method == "post" and form.action in ("", path)]
        for form in own:
            fill(asker, path, form, turn)
        if path.startswith("/admin/") and turn % 5:
            continue
        if not own:
            asker.submit(path, dict.fromkeys(hostile.NAMES, "a\0b"))
            asker.ask("POST", path, data=b"{", content_type="application/json")
        kind = ("multipart/form-data", "multipart/form-data; boundary=x", "text/plain")[turn % 3]
        body = b"--x\r\nContent-Disposition: form-data"
        asker.ask("POST", path, data=body, content_type=kind)
    hold(asker, 200)


def fill(asker: Asker, path: str, form, turn: int) -> None:
    """Every field with the same odd value; what makes the form a form stays, or does not."""
    names = form.names - {"csrfmiddlewaretoken"}
    kept = {
        name: value
        for name, value in form.fields
        if name.endswith(("_FORMS", "-id")) or name == "form_key"
    }
    buttons = {button.name: button.value for button in form.buttons if button.name}
    count = len(hostile.FORM_VALUES)
    if not (is_admin := path.startswith("/admin/")) or turn % 2:
        for value in some(hostile.FORM_VALUES, turn, count // 2 if is_admin else 4):
            asker.submit(path, {**dict.fromkeys(names, value), **kept, **buttons})
    for value in some(hostile.FORM_VALUES, turn, count):
        asker.submit(path, dict.fromkeys([*names, *kept], value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(answers=st.dictionaries(st.sampled_from(["winner", "clamp", "order", "zero", "x"]), JSON))
def test_answers_of_any_shape_are_graded_or_refused(learner, answers):
    asker = Asker("learner", learner)
    attempt = Enrollment.objects.get(person=learner).attempts.get().public_id

    answer = asker.ask(
        "PUT",
        f"/api/v1/attempts/{attempt}/answers",
        data=json.dumps({"answers": answers}).encode("utf-8", "replace"),
        content_type="application/json",
    )

    assert answer.status_code in (200, 400), answer.content
    assert asker.broken == []


def test_a_view_that_raises_is_found(settings, learner):
    """The control: what the walks call sound is asked by somebody who would have noticed."""
    planted = ModuleType("planted")
    planted.urlpatterns = [
        url("raises/", lambda request: request.GET["q"].encode("ascii") and HttpResponse("Fine")),
        *import_module(settings.ROOT_URLCONF).urlpatterns,
    ]
    settings.ROOT_URLCONF = planted
    asker = Asker("learner", learner)

    for query in hostile.QUERIES:
        if "q=" in query:
            asker.ask("GET", f"/raises/?{query}")

    assert asker.broken
    assert all("UnicodeEncodeError" in said for said in asker.broken)


def test_nothing_was_changed_by_any_of_it(learner, staff, known):
    """The savepoints of this module hold: what a hostile call did is gone before the next."""
    before = Device.objects.count()
    asker = Asker("staff", staff)

    asker.ask("DELETE", f"/api/v1/devices/{Device.objects.get(person=staff).public_id}")

    assert Device.objects.filter(revoked_at=None).count() == before + 1
