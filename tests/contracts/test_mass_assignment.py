"""No call of the API sets more than it says: every body also comes with each field of every model.

A call with and without them must change the same. A new call that is not in the table is red.
"""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from rest_framework.views import APIView

from accounts import actions as people
from accounts.roles import LEARNER, MANAGER
from catalog.models import Solution
from engineroom import clock, outbox
from engineroom.models import SettingValue
from learning.actions import save_answers, start_attempt, start_course
from learning.actions.certificate_rules import set_rule
from learning.actions.certificates import issue_by_hand
from learning.actions.cohorts import wait_for_seat
from learning.actions.seats import invite_people, renew_link
from learning.models import Certificate, Completion, Enrollment
from learning.queries.progress import outline_of
from payments import sellables
from payments.actions.coupons import make_coupon, make_coupon_batch
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
from tests.contracts.smuggled_calls import CALLS, Call
from tests.factories.accounts import make_user
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


# They end sessions of browsers, which are no rows of ours, or remove what is not there.
CHANGE_NO_ROW = {
    # not canceled; a sum to look at; the gateway's page
    *("subscription-keep", "subscription-change-preview", "subscription-card"),
    "price-preview-list",  # a sum to look at
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


def finished(place) -> dict:
    """A rule that the place meets, and its certificate, which runs out soon."""
    for item in outline_of(place).items:
        Completion.objects.create(enrollment=place, item_kind=item.kind, item_key=item.key)
    rule = set_rule(course=place.course, months=2)
    certificate = issue_by_hand(person=place.person, course=place.course)
    soon = clock.now() + timedelta(days=9)
    Certificate.objects.filter(pk=certificate.pk).update(expires_at=soon)
    return {"certificate": certificate.public_id, "rule": rule.public_id}


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
        "coupon": make_coupon(code="OLD", kind="percent", percent=500).public_id,
        "batch": make_coupon_batch(title="B", count=2, kind="percent", percent=500).public_id,
    } | groups
    values |= finished(place)
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
        SettingValue.objects.create(name="smuggled", value=1)
        assert len(school.rows.change()) == 1
    with smuggling.taken_back():
        school.stranger.groups.clear()
        assert len(school.rows.change()) == 1
    body = smuggling.polluted({"a": [{"b": 1}], "answers": {}}, {"x": 2}, free=("answers",))
    assert body == {"x": 2, "a": [{"x": 2, "b": 1}], "answers": {}}
