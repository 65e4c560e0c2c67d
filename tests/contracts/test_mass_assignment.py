"""No call of the API sets more than it says: every body also comes with each field of every model.

A call with and without them must change the same. A new call that is not in the table is red.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from rest_framework.views import APIView

from accounts import actions as people
from accounts.roles import LEARNER, MANAGER
from catalog.models import Solution
from engineroom import clock, outbox
from learning.actions import save_answers, start_attempt, start_course
from learning.actions.cohorts import wait_for_seat
from learning.actions.seats import invite_people, renew_link
from learning.models import Enrollment
from payments import sellables
from payments.actions.drafts import draft_order
from payments.actions.gifts import make_gift_link
from payments.actions.ordering import start_payment
from payments.actions.refunding import refund_lines
from payments.actions.transfers import confirm_transfer
from payments.gateways import simulator
from payments.models import SimulatorPayment
from tests.contracts import smuggling
from tests.contracts.house import hold
from tests.contracts.routes import routes
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.catalog import (
    make_body,
    make_draft,
    make_exercise,
    make_faq,
    make_instructor,
    make_lesson,
    make_module,
    make_project,
    make_question,
    make_topic,
    publish_edition,
)
from tests.factories.cohorts import buy_seat, make_cohort
from tests.factories.gifts import give
from tests.factories.payments import (
    DummySellable,
    make_checkout,
    make_offer,
    make_order,
    make_paid_order,
    make_payment,
)
from tests.factories.seats import make_pool, make_team
from tests.factories.subscriptions import make_membership, make_subscription

VERBS = ("post", "put", "patch", "delete")
JSON = "application/json"


@dataclass(frozen=True)
class Call:
    """`body` names all that the call takes; `also` what it takes too and the body cannot have beside
    the rest; `free` objects whose names are the asker's own. `{…}` is filled in from the school."""

    path: str
    body: dict = field(default_factory=dict)
    by: str = "manager"
    also: tuple = ()
    free: tuple = ()


DETAILS = {
    "title": "T",
    "summary": "S",
    "level": "advanced",
    "language": "de",
    "description": "D",
    "outcomes": ["O"],
    "requirements": ["R"],
}
COURSE = DETAILS | {"is_free": True, "topics": ["t"], "instructors": ["i"]}
ITEM = {"module": "m", "title": "T", "summary": "S", "is_open": False, "position": 7, "source": "x"}
LESSON = ITEM | {"minutes": 3}
EXERCISE = LESSON | {"lesson_key": "read"}
PROJECT = ITEM | {"hours": 4, "rubric": [{"criterion": "C", "points": 5}]}
OPTION = {"key": "a", "text": "A", "is_right": True, "why": "W", "match": ""}
QUESTION = {
    "key": "new",
    "kind": "single",
    "prompt": "P",
    "explanation": "E",
    "answer": {},
    "position": 4,
    "options": [OPTION, OPTION | {"key": "b", "is_right": False}],
}
TOPIC = {"title": "T", "summary": "S", "introduction": "I", "is_published": True, "position": 5}
ANSWER = {"question": "Q", "answer": "A", "position": 3}
INSTRUCTOR = {"name": "N", "bio": "B", "person": "{learner_id}"}
SECTION = {"key": "s", "title": "T", "position": 3, "source": "x"}
C, X, T, E = "courses/c", "courses/c/exercises/quiz", "topics/t", "enrollments/{place}"
ME = {"name": "N", "locale": "de", "time_zone": "Europe/Berlin"}
OFFERS = ("offers", "email")
SUB = "subscriptions/{subscription}"
TEAM, SEATS, ROLE = "teams/{team}", "teams/{team}/seats/{pool}", {"role": "manager"}
COHORT = {
    "title": "T",
    "starts_on": "2031-01-01",
    "ends_on": "2031-02-01",
    "sells_until": "2030-12-01T00:00:00Z",
    "capacity": 9,
    "is_open": False,
}
GIFT = {
    "email": "a@example.com",
    "name": "N",
    "sender": "S",
    "note": "N",
    "deliver_on": "{soon}",
}
ADDRESS = ("company", "name", "street", "postal_code", "city", "region")
BUYER = {
    "email": "g@example.com",
    "billing": {
        **{"name": "N", "company": "C", "street": "S", "postal_code": "1", "city": "C"},
        "region": "R",
    },
    "country": "DE",
    "vat_id": "",
    "in_instalments": False,
}
# Amounts are chosen where the price is open, which is another test's matter.
CHOSEN = ("amount_minor", "gift")
DRAFT = {
    "email": "a@example.com",
    "name": "N",
    "lines": [{"offer": "{offer}", "quantity": 2, "unit_minor": 500}],
    "due_on": "{soon}",
    "team": "{team}",
    "billing": dict.fromkeys(ADDRESS, "B"),
    "country": "DE",
    "vat_id": "DE136695976",
}

CALLS = {
    ("me", "patch"): Call("me", ME, "learner"),
    ("me", "delete"): Call("me", {"password": PASSWORD}, "learner"),
    ("device-detail", "delete"): Call("devices/{device}", by="learner"),
    ("session-list", "delete"): Call("sessions", by="learner"),
    ("token-refresh", "post"): Call("auth/token/refresh", {"refresh_token": "{refresh}"}, "nobody"),
    ("token-revoke", "post"): Call("auth/token/revoke", by="learner"),
    ("course-list", "post"): Call("courses", COURSE | {"slug": "new"}),
    ("course-detail", "patch"): Call(C, COURSE | {"slug": "new"}),
    ("course-detail", "delete"): Call("courses/d"),
    ("course-publication", "post"): Call(f"{C}/publication", {"is_correction": False}),
    ("course-withdrawal", "post"): Call(f"{C}/withdrawal", {"edition": "{edition}", "reason": "R"}),
    ("course-order", "post"): Call(f"{C}/order", {"keys": ["n", "m"]}),
    ("module-list", "post"): Call(
        f"{C}/modules", {"key": "o", "title": "T", "summary": "S", "position": 9}
    ),
    ("module-detail", "delete"): Call(f"{C}/modules/n"),
    ("module-order", "post"): Call(f"{C}/modules/n/order", {"keys": ["even", "odd"]}),
    ("cover-detail", "patch"): Call(f"{C}/cover", {"palette": 2, "motif": 3}),
    ("cover-picture", "delete"): Call(f"{C}/cover/picture"),
    ("course-lesson-list", "post"): Call(f"{C}/lessons", LESSON | {"key": "new"}),
    ("course-exercise-list", "post"): Call(f"{C}/exercises", EXERCISE | {"key": "new"}),
    ("course-project-list", "post"): Call(f"{C}/projects", PROJECT | {"key": "new"}),
    ("lesson-detail", "patch"): Call(f"{C}/lessons/read", LESSON | {"key": "new"}),
    ("lesson-detail", "delete"): Call(f"{C}/lessons/read"),
    ("exercise-detail", "patch"): Call(X, EXERCISE | {"key": "new"}),
    ("exercise-detail", "delete"): Call(X),
    ("project-detail", "patch"): Call(f"{C}/projects/make", PROJECT | {"key": "new"}),
    ("project-detail", "delete"): Call(f"{C}/projects/make"),
    ("question-list", "post"): Call(f"{X}/questions", QUESTION, free=("answer",)),
    ("question-detail", "delete"): Call(f"{X}/questions/q"),
    ("solution-list", "post"): Call(f"{X}/solutions", {"position": 1, "title": "T", "source": "x"}),
    ("solution-detail", "delete"): Call(f"{X}/solutions/1"),
    ("topic-list", "post"): Call("topics", TOPIC | {"slug": "new"}),
    ("topic-detail", "patch"): Call(T, TOPIC | {"slug": "new"}),
    ("topic-detail", "delete"): Call(T),
    ("topic-section-list", "post"): Call(f"{T}/sections", SECTION),
    ("topic-section-detail", "delete"): Call(f"{T}/sections/section-1"),
    ("topic-recommendations", "put"): Call(
        f"{T}/recommendations",
        {"recommendations": [{"kind": "lesson", "course": "c", "key": "read"}]},
    ),
    ("topic-resources", "put"): Call(
        f"{T}/resources", {"resources": [{"title": "T", "url": "https://a.example", "note": "N"}]}
    ),
    ("instructor-list", "post"): Call("instructors", INSTRUCTOR | {"slug": "new"}),
    ("instructor-detail", "patch"): Call("instructors/i", INSTRUCTOR | {"slug": "new"}),
    ("instructor-detail", "delete"): Call("instructors/i"),
    ("faq-list", "post"): Call("faqs", ANSWER | {"topic": "t"}, also=("course",)),
    ("faq-detail", "patch"): Call("faqs/faq_x", ANSWER),
    ("faq-detail", "delete"): Call("faqs/faq_x"),
    ("checkout-list", "post"): Call("checkouts", {"offer": "{offer}"}, "learner", OFFERS),
    ("checkout-detail", "patch"): Call("checkouts/{guest}", BUYER, "nobody", ("coupon",)),
    ("checkout-line-list", "post"): Call(
        "checkouts/{checkout}/lines", {"offer": "{offer}", "quantity": 1}, "learner", CHOSEN
    ),
    ("checkout-line-detail", "patch"): Call(
        "checkouts/{checkout}/lines/{line}", {"quantity": 1, "gift": GIFT}, "learner", CHOSEN
    ),
    ("price-preview-list", "post"): Call(
        "price-previews",
        {"lines": [{"offer": "{offer}", "quantity": 1}], "country": "DE", "in_instalments": False},
        "nobody",
        ("coupon", "vat_id", "amount_minor"),
    ),
    ("checkout-line-detail", "delete"): Call("checkouts/{checkout}/lines/{line}", by="learner"),
    ("checkout-payment-list", "post"): Call(
        "checkouts/{checkout}/payments",
        {"consent": True, "expected_minor": 4900},
        "learner",
        ("email", "gateway"),
    ),
    ("subscription-cancel", "post"): Call(f"{SUB}/cancel", {"at_period_end": True}, "learner"),
    ("subscription-keep", "post"): Call(f"{SUB}/keep", by="learner"),
    ("subscription-card", "post"): Call(f"{SUB}/card", by="learner"),
    ("subscription-change", "post"): Call(
        f"{SUB}/change", {"offer": "{plan}", "expected_minor": 0}, "learner"
    ),
    ("subscription-change-preview", "post"): Call(
        f"{SUB}/change-preview", {"offer": "{plan}"}, "learner"
    ),
    ("order-refund-list", "post"): Call(
        "orders/{order}/refunds",
        {"lines": [{"line": "{order_line}", "amount_minor": 100}], "reason": "R"},
    ),
    ("simulator-payment", "post"): Call(
        "simulator/payments/{payment}", {"outcome": "decline"}, "nobody", ("fault",)
    ),
    ("transfer-receipt", "post"): Call(
        "orders/{transfer}/transfer-receipt",
        {"amount_minor": 4900, "received_on": "{today}", "confirmed": True},
    ),
    ("refund-sent", "post"): Call(
        "orders/{sent_back}/refunds/{refund}/sent", {"sent_on": "{today}", "confirmed": True}
    ),
    ("dispute-answer", "post"): Call(
        "disputes/{dispute}/answer",
        {"confirmed": True, "evidence": {"product": "P"}},
        free=("evidence",),
    ),
    ("clock", "post"): Call("clock", {"by_seconds": 60, "confirmed": True}, also=("to",)),
    ("enrollment-list", "post"): Call("enrollments", {"course": "c"}, "newcomer"),
    ("enrollment-completions", "post"): Call(f"{E}/completions", {"key": "read"}, "learner"),
    ("enrollment-completion", "delete"): Call(f"{E}/completions/read", by="learner"),
    ("attempt-list", "post"): Call(
        "attempts", {"enrollment": "{place}", "exercise": "quiz2"}, "learner"
    ),
    ("attempt-answers", "put"): Call(
        "attempts/{attempt}/answers", {"answers": {"q": "o2"}}, "learner", free=("answers",)
    ),
    ("attempt-submission", "post"): Call("attempts/{attempt}/submission", by="learner"),
    ("submission-list", "post"): Call(
        "submissions",
        {
            "enrollment": "{place}",
            "project": "make",
            "title": "T",
            "text": "x",
            "link": "https://a.example",
            "is_public": False,
        },
        "learner",
    ),
    ("grant-list", "post"): Call(
        "grants",
        {
            "person": "{learner_id}",
            "scope": "course",
            "scope_key": "c",
            "starts_at": "2031-01-01T00:00:00Z",
            "ends_at": "2032-01-01T00:00:00Z",
        },
    ),
    ("grant-detail", "delete"): Call("grants/{grant}"),
    ("cohort-list", "post"): Call("cohorts", COHORT | {"course": "c"}),
    ("cohort-detail", "patch"): Call("cohorts/{cohort}", COHORT),
    ("cohort-waiting", "post"): Call("cohorts/{cohort}/waiting", by="newcomer"),
    ("cohort-waiting", "delete"): Call("cohorts/{cohort}/waiting", by="learner"),
    ("team-list", "post"): Call("teams", {"name": "T"}, "newcomer"),
    ("team-detail", "patch"): Call(TEAM, {"name": "T"}, "learner"),
    ("team-member-detail", "patch"): Call(f"{TEAM}/members/{{member}}", ROLE, "learner"),
    ("team-member-detail", "delete"): Call(f"{TEAM}/members/{{member}}", by="learner"),
    ("team-seat-list", "post"): Call(
        SEATS, {"people": [{"email": "a@example.com", "name": "A"}]}, "learner"
    ),
    ("team-seat-roster-list", "post"): Call(
        f"{SEATS}/lists", {"csv": "a@example.com,A", "dry_run": False}, "learner"
    ),
    ("team-seat-link", "post"): Call(f"{SEATS}/link", by="learner"),
    ("team-seat-link", "delete"): Call(f"{SEATS}/link", by="learner"),
    ("team-seat-detail", "delete"): Call(f"{SEATS}/claims/{{claim}}", by="learner"),
    ("team-seat-mail-list", "post"): Call(f"{SEATS}/claims/{{claim}}/mails", by="learner"),
    ("seat-claim-list", "post"): Call("seat-claims", {"key": "{seat_key}"}, "newcomer"),
    ("gift-detail", "patch"): Call("gifts/{gift}", GIFT, "learner"),
    ("gift-mail-list", "post"): Call("gifts/{gift}/mails", by="learner"),
    ("gift-link", "post"): Call("gifts/{gift}/link", by="learner"),
    ("gift-claim-list", "post"): Call("gift-claims", {"key": "{gift_key}"}, "newcomer"),
    ("invoice-order-list", "post"): Call("invoice-orders", DRAFT),
    ("invoice-order-detail", "delete"): Call("invoice-orders/{draft}"),
    ("invoice-order-sending", "post"): Call("invoice-orders/{draft}/sending"),
    ("app:account:signup", "post"): Call(
        "auth/app/v1/auth/signup",
        {"email": "new@example.com", "password": PASSWORD, "name": "N"},
        "nobody",
    ),
}
# They end sessions of browsers, which are no rows of ours, or remove what is not there.
CHANGE_NO_ROW = {
    # not canceled; a sum to look at; the gateway's page
    *("subscription-keep", "subscription-change-preview", "subscription-card"),
    *("price-preview-list", "clock"),  # a sum to look at; the engine room's row
    "session-list",
    "cover-picture",
    "enrollment-completion",
}
# Ours, and no field to fill: a picture alone is the body, and a session of a browser is named.
WITHOUT_FIELDS = {("cover-picture", "put"), ("session-detail", "delete")}
# allauth's other steps take a proof or an address and change the session's person only by it.
ACCOUNT = (
    *("current_session", "reauthenticate", "confirm_login_code", "login", "verify_email"),
    *("request_password_reset", "reset_password", "resend_email_verification_code"),
    *("change_password", "manage_email"),
)
PROOFS = (
    *(f"app:account:{name}" for name in ACCOUNT),
    *("app:mfa:", "app:socialaccount:", "app:usersessions:", "app:tokens:"),
)


def writable() -> set[tuple[str, str]]:
    """(name, verb) of every call under /api/v1/ that can change something."""
    found = set()
    for route in routes():
        if not route.name.startswith("api-v1:"):
            continue
        name = route.name.removeprefix("api-v1:")
        served = {verb for verb in VERBS if hasattr(route.view, verb)}
        if not issubclass(route.view, APIView) and name.startswith(PROOFS):
            continue
        found |= {(name, verb) for verb in served & set(route.view.http_method_names)}
    return found


def grouped(learner, newcomer, course) -> dict:
    """What learner runs or gave, and newcomer may take: a team's seats, a gift, a cohort."""
    pool = make_pool(team=make_team(learner), course=course)
    (claim,) = invite_people(pool=pool, people=[("i@example.com", "")], actor=learner)
    people.join_team(team=pool.team, person=newcomer)
    gift = give(make_offer(), person=learner)
    cohort = make_cohort(capacity=1, course=course)
    buy_seat(cohort, person=make_user())
    wait_for_seat(cohort=cohort, person=learner)
    soon = (clock.now() + timedelta(days=9)).date()
    draft = draft_order(
        email="d@example.com", lines=[(make_offer(), 1, None)], due_on=soon, actor=None
    )
    return {
        "subscription": make_subscription(learner).public_id,
        "plan": make_membership().public_id,
        "team": pool.team.public_id,
        "pool": pool.public_id,
        "claim": claim.public_id,
        "member": newcomer.public_id,
        "seat_key": key_of(renew_link(pool=pool, actor=learner)),
        "gift": gift.public_id,
        "gift_key": key_of(make_gift_link(gift=gift)),
        "cohort": cohort.public_id,
        "draft": draft.number,
        "soon": str(soon),
    }


def bought(settings) -> dict:
    """A transfer that is waited for, one that goes back, and a payment that is disputed."""
    settings.OFFLINE_PAYMENT, settings.OFFLINE_IBAN = True, "DE02120300000000202051"
    today = clock.now().date()
    transfer, sent = (
        start_payment(order=make_order(person=make_user()), gateway="offline") for _ in range(2)
    )
    confirm_transfer(
        payment=sent, amount_minor=4900, received_on=today, is_confirmed=True, actor=None
    )
    line = sent.order.lines.get().public_id
    refund = refund_lines(order=sent.order, amounts={line: None}, reason="R", key="k")
    paid = make_paid_order(person=make_user()).payments.get()
    simulator.disputing.open_now(SimulatorPayment.objects.get(token=paid.reference))
    outbox.drain()
    return {
        "transfer": transfer.order.number,
        "sent_back": sent.order.number,
        "refund": refund.public_id,
        "dispute": paid.disputes.get().public_id,
        "today": str(today),
    }


def key_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


@pytest.fixture
def school(db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    sellables.register("dummy", DummySellable())
    staff = make_user(is_staff=True, roles=[MANAGER])
    learner, newcomer = make_user(roles=[LEARNER]), make_user(roles=[LEARNER])
    people.keep_roles()
    issued = {"manager": staff, "learner": learner, "newcomer": newcomer}
    devices = {role: people.issue_device(person=person) for role, person in issued.items()}
    topic, teacher = make_topic(slug="t", sections=1), make_instructor(slug="i")
    draft = make_draft(slug="c", title="C")
    make_draft(slug="d")
    module = make_module(draft, key="m")
    make_module(draft, key="n")
    make_lesson(draft, key="read", module=module)
    quiz = make_exercise(draft, key="quiz", questions=0, module=module)
    make_question(quiz, key="q")
    Solution.objects.create(exercise=quiz, position=1, body=make_body("Old."))
    make_exercise(draft, key="quiz2", module=module)
    make_project(draft, key="make", module=module)
    for key in ("odd", "even"):
        make_lesson(draft, key=key, module=draft.modules.get(key="n"))
    draft.course.instructors.set([teacher])
    edition = publish_edition(course=draft.course, actor=None)
    draft.course.editions.get(state="draft").lessons.update(summary="New.")
    make_faq(public_id="faq_x", topic=topic)
    draft.course.refresh_from_db()
    place = start_course(person=learner, course=draft.course)
    attempt = start_attempt(enrollment=Enrollment.objects.get(pk=place.pk), exercise_key="quiz")
    save_answers(attempt=attempt, answers={"q": "o1"})
    groups = grouped(learner, newcomer, draft.course) | bought(settings)
    checkout, paid = make_checkout(person=learner), make_paid_order(person=make_user())
    values = {
        "learner_id": learner.public_id,
        "device": devices["learner"][0].public_id,
        "refresh": devices["newcomer"][2],
        "edition": edition.public_id,
        "place": place.public_id,
        "attempt": attempt.public_id,
        "grant": learner.grants.first().public_id,
        "offer": make_offer().public_id,
        "guest": make_checkout().public_id,
        "checkout": checkout.public_id,
        "line": checkout.lines.get().public_id,
        "order": paid.number,
        "order_line": paid.lines.get().public_id,
        "payment": make_payment().reference,
    } | groups
    stranger = make_user(roles=[LEARNER])
    tokens = {role: access for role, (_, access, _) in devices.items()}
    yield SimpleNamespace(values=values, tokens=tokens, stranger=stranger, rows=smuggling.Rows())
    sellables.forget("dummy")


def filled(text: str, values: dict) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def changed(school, verb: str, call: Call, body: dict) -> tuple[int, set[str], bytes]:
    """(status, what it changed, answer) of a call that is then taken back."""
    headers = {"Idempotency-Key": "smuggling"}
    if call.by in school.tokens:
        headers["Authorization"] = f"Bearer {school.tokens[call.by]}"
    path, text = (filled(each, school.values) for each in (call.path, json.dumps(body)))
    with smuggling.taken_back():
        answer = getattr(Client(), verb)(
            f"/api/v1/{path}", text, content_type=JSON, headers=headers
        )
        change = school.rows.change()
    return answer.status_code, change, answer.content


def test_every_writable_call_is_in_the_table():
    hold(
        [f"{call} is not in the table" for call in sorted(writable() - set(CALLS) - WITHOUT_FIELDS)]
    )
    hold([f"{call} is in the table and nowhere else" for call in sorted(set(CALLS) - writable())])


def test_no_call_sets_what_it_does_not_take(school):
    found, extra = [], smuggling.smuggled(school.stranger)
    for (name, verb), call in CALLS.items():
        dirty = smuggling.polluted(call.body, extra, but_not=call.also, free=call.free)
        status, plain, said = changed(school, verb, call, call.body)
        dirty_status, more, _ = changed(school, verb, call, dirty)
        if status >= 400 and status != 401:
            found.append(f"{verb} {name}: the call alone is refused: {status} {said[:300]}")
        elif not plain and name not in CHANGE_NO_ROW:
            found.append(f"{verb} {name}: the call alone changes nothing")
        if dirty_status != status:
            found.append(f"{verb} {name}: {status} alone, {dirty_status} with more")
        found += [f"{verb} {name}: {row[:400]}" for row in sorted(plain ^ more)]

    hold(found)
    assert not school.rows.change()


def test_what_is_smuggled_would_be_noticed(school):
    """The control: a change that a call does not say is found, in whatever table."""
    assert set(smuggling.PRIVILEGES) <= set(smuggling.smuggled(school.stranger))
    person = type(school.stranger).objects.filter(pk=school.stranger.pk)
    for values in ({"is_staff": True}, {"public_id": smuggling.TEXT}, {"is_superuser": True}):
        with smuggling.taken_back():
            person.update(**values)
            assert len(school.rows.change()) == 2
    with smuggling.taken_back():
        school.stranger.groups.clear()
        assert len(school.rows.change()) == 1
    body = smuggling.polluted({"a": [{"b": 1}], "answers": {}}, {"x": 2}, free=("answers",))
    assert body == {"x": 2, "a": [{"x": 2, "b": 1}], "answers": {}}
