"""A paid course's text and pictures, asked for at every address there is by everybody who may not."""

import html
import json
import re

import pytest
from django.utils.html import strip_tags

from catalog.models import Course
from learning.models import Attempt, Enrollment
from payments.models import Checkout, Order
from tests.factories.accounts import make_user
from tests.journeys.addresses import course_addresses
from tests.journeys.steps import buy, sign_in
from tests.journeys.test_by_api import app_of
from tests.journeys.visitor import Visitor, body_of

pytestmark = pytest.mark.usefixtures("school")
PAID = "css-foundations"
SENTENCE = re.compile(r"[A-Z][^.!?]{60,300}[.!?]")


def words(text: str) -> str:
    return " ".join(html.unescape(strip_tags(text)).split())


def values_in(node) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in values_in(value)]
    if isinstance(node, list):
        return [text for value in node for text in values_in(value)]
    return [node] if isinstance(node, str) else []


def said(response) -> str:
    """Everything an answer says, as plain words; of JSON every text in it."""
    text = body_of(response).decode(errors="replace")
    if "json" in response.get("Content-Type", ""):
        text = "\n".join(values_in(json.loads(text)))
    data = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    linked = "\n".join(one for block in data for one in values_in(json.loads(block)))
    return words(text) + words(linked)


@pytest.fixture
def edition(school):
    return Course.objects.get(slug=PAID).published_edition


@pytest.fixture
def sentences(edition):
    """Sentences of closed items, by item; none of them stands in an open text of the course too."""
    found, is_open = {}, [words(edition.description.html)]
    for manager in (edition.lessons, edition.exercises, edition.projects):
        for item in manager.select_related("body"):
            text = words(item.body.html) if item.body else ""
            if item.is_open:
                is_open.append(text)
            elif text:
                found[item.key] = SENTENCE.findall(text)
    for exercise in edition.exercises.prefetch_related("questions__options"):
        found[exercise.key] = [
            words(text)
            for row in exercise.questions.all()
            for text in (
                row.prompt_html,
                row.explanation_html,
                *(o.why_html for o in row.options.all()),
            )
            if len(words(text)) > 60
        ]
    shown = "\n".join(is_open)
    return {key: [one for one in said if one not in shown] for key, said in found.items()}


@pytest.fixture
def pictures(edition):
    closed = {
        item.key
        for manager in (edition.lessons, edition.exercises, edition.projects)
        for item in manager.filter(is_open=False)
    }
    rows = list(edition.images.select_related("file"))
    is_open = {row.file_id for row in rows if row.item_key not in closed}
    return {
        row.file.get_absolute_url()
        for row in rows
        if row.file and row.item_key in closed and row.file_id not in is_open
    }


def walk(get, edition, sentences, pictures, known=None, only="/") -> int:
    """Ask every address that begins with `only`; returns how many answers were 200."""
    secret = {one for said in sentences.values() for one in said}
    opened = 0
    for path in course_addresses(edition, known or {}, ("cascade", "box")):
        if not path.startswith(only):
            continue
        response = get(path)
        assert response.status_code < 500, path
        opened += response.status_code == 200
        text = said(response)
        leaked = [one for one in secret if one in text]
        assert leaked == [], f"{path} says {leaked[:2]}"
    for picture in pictures:
        response = get(picture)
        body_of(response)
        assert response.status_code == 404, picture
    return opened


def test_the_walk_would_find_them(edition, sentences, pictures):
    """The same sentences and pictures are there for somebody who paid."""
    visitor, person = Visitor(), make_user()
    sign_in(visitor, person.email)
    buy(visitor, PAID)

    assert sum(len(said) for said in sentences.values()) > 100
    assert len(pictures) >= 2
    for lesson in edition.lessons.filter(is_open=False):
        text = words(visitor.open(f"/learn/{PAID}/{lesson.key}/").html)
        assert all(one in text for one in sentences[lesson.key])
    assert all(visitor.status_of(picture) == 200 for picture in pictures)


def test_a_stranger_gets_none_of_it(edition, sentences, pictures):
    assert walk(Visitor().client.get, edition, sentences, pictures) > 30


def test_a_person_without_a_grant_gets_none_of_it(edition, sentences, pictures):
    visitor, person = Visitor(), make_user()
    sign_in(visitor, person.email)
    app = app_of(person)

    def by_token(path):
        return app.client.get(path, headers={"Authorization": f"Bearer {app.token}"})

    assert walk(visitor.client.get, edition, sentences, pictures) > 30
    assert walk(by_token, edition, sentences, pictures, only="/api/") > 10


def test_a_person_who_was_refunded_gets_none_of_it(edition, sentences, pictures):
    visitor, person, staff = Visitor(), make_user(), make_user(is_staff=True, roles=["manager"])
    sign_in(visitor, person.email)
    buy(visitor, PAID)
    app, office = app_of(person), app_of(staff)
    order, place = Order.objects.get(), Enrollment.objects.get()
    exercise = edition.exercises.first().key
    app.post("/api/v1/attempts", {"enrollment": place.public_id, "exercise": exercise})
    body = {"lines": [{"line": order.lines.get().public_id}], "reason": "asked"}
    office.post(f"/api/v1/orders/{order.number}/refunds", body, key="refund-once")
    known = {
        "enrollment_id": place.public_id,
        "attempt_id": Attempt.objects.get().public_id,
        "number": order.number,
        "checkout_id": Checkout.objects.get().public_id,
    }

    def by_token(path):
        return app.client.get(path, headers={"Authorization": f"Bearer {app.token}"})

    assert walk(visitor.client.get, edition, sentences, pictures, known) > 30
    assert walk(by_token, edition, sentences, pictures, known, only="/api/") > 10
