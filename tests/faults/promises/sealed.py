"""R27: paid content stays paid, wherever it is asked for, by everybody who may not have it.

A course of its own is sealed with words that occur nowhere else: in lessons, exercises, questions,
explanations, solutions, projects and pictures. Who paid finds them; then every address there is, of
pages, API, files, feed and sitemaps, is asked by the others, and once more as a cache would ask that
holds what the paying reader was sent.
"""

import http.client
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.test import Client

from accounts.actions.devices import issue_device
from catalog.actions.publishing import publish_edition
from catalog.files import store_file
from catalog.models import Edition, ImageReference, Solution
from engineroom import clock, slots
from learning.actions import give_grant, start_attempt, start_course
from learning.models import Enrollment, Grant
from learning.models.access import GrantQuerySet
from learning.queries import access
from payments.actions.checkouts import open_checkout
from payments.actions.offers import price_course
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_draft,
    make_exercise,
    make_lesson,
    make_project,
    make_question,
)
from tests.faults.buyers import PRICE
from tests.faults.promise import Promise, Tally
from tests.faults.school import CHANCE
from tests.journeys.addresses import course_addresses

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><title>{}</title></svg>'
DAYS_AGO = timedelta(days=2)
# A walk that comes by fewer answers than this has not looked.
LEAST = 30


@dataclass
class Answer:
    status: int
    tag: str
    body: bytes


@dataclass
class Sealed:
    """The course, the words that only payers may read, and the addresses of its closed pictures."""

    edition: Edition
    offer: object
    marks: dict[str, bytes]
    pictures: list[str]


@dataclass
class Asker:
    """Somebody who asks, `ways` being the headers they can do it with; `known` are their own ids."""

    name: str
    ways: list[dict] = field(default_factory=lambda: [{}])
    known: dict[str, str] = field(default_factory=dict)


def _picture(edition, item_key: str, mark: str) -> str:
    file = store_file(f"{item_key}.svg", SVG.format(mark).encode())
    ImageReference.objects.create(
        edition=edition, item_key=item_key, position=1, file=file, alt="A plan."
    )
    return file.get_absolute_url()


def seal() -> Sealed:
    """A published course whose first lesson alone is open."""
    name = f"sealed-{uuid4().hex[:12]}"
    edition = make_draft(slug=name, title=f"Course {name}", is_free=False)
    course, marks = edition.course, {}

    def mark(place: str) -> str:
        marks[place] = f"kept{uuid4().hex}".encode()
        return f"Sealed words {marks[place].decode()}."

    make_lesson(edition, is_open=True)
    lessons = [make_lesson(edition, body=mark(f"lesson {at}")) for at in (1, 2)]
    exercise = make_exercise(edition, questions=0, body=mark("exercise"))
    make_question(
        exercise,
        options=(mark("option"), "Other"),
        prompt=mark("question"),
        explanation_html=f"<p>{mark('explanation')}</p>",
    )
    exercise.question_count = 1
    exercise.save(update_fields=["question_count"])
    Solution.objects.create(exercise=exercise, position=1, body=make_body(mark("solution")))
    project = make_project(edition, body=mark("project"))
    pictures = [
        _picture(edition, item.key, mark(f"picture {at}"))
        for at, item in enumerate((*lessons, exercise, project))
    ]
    publish_edition(course=course, actor=None)
    offer = price_course(slug=name, title=course.title, amount_minor=PRICE, currency="EUR")
    return Sealed(Edition.objects.get(pk=edition.pk), offer, marks, pictures)


def _ways(person) -> list[dict]:
    """As a browser that is signed in, and as a program."""
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    token = issue_device(person=person, name="Walk")[1]
    return [
        {"Cookie": f"{name}={browser.cookies[name].value}"},
        {"Authorization": f"Bearer {token}"},
    ]


def _order(sealed: Sealed, person, *, pays: bool):
    checkout = open_checkout(offer=sealed.offer, person=person)
    order = place_order(checkout=checkout, has_consented=True)
    payment = start_payment(order=order)
    if pays:
        simulator.pay(payment.reference, outcome="success")
        payment.refresh_from_db()
        order = refresh_payment(payment, source="return")
    return order, {"number": order.number, "checkout_id": checkout.public_id}


def _place(sealed: Sealed, person) -> dict[str, str]:
    """The ids of the person's place in the course, and of an attempt that they began."""
    place = Enrollment.objects.get(person=person, course=sealed.edition.course)
    key = sealed.edition.exercises.first().key
    attempt = start_attempt(enrollment=place, exercise_key=key)
    return {"enrollment_id": place.public_id, "attempt_id": attempt.public_id}


def payer(sealed: Sealed) -> Asker:
    person = make_user(email=f"{uuid4().hex}@example.com")
    _, known = _order(sealed, person, pays=True)
    return Asker("a payer", _ways(person), known | _place(sealed, person))


def unpaid(sealed: Sealed) -> Asker:
    """Their order waits for its money."""
    person = make_user(email=f"{uuid4().hex}@example.com")
    _, known = _order(sealed, person, pays=False)
    return Asker("an unpaid buyer", _ways(person), known)


def refunded(sealed: Sealed) -> Asker:
    """They had it all until a moment ago."""
    person = make_user(email=f"{uuid4().hex}@example.com")
    order, known = _order(sealed, person, pays=True)
    known |= _place(sealed, person)
    amounts = {line.public_id: None for line in order.lines.all()}
    refund_lines(order=order, amounts=amounts, reason="A walk.", key=uuid4().hex)
    return Asker("a refunded buyer", _ways(person), known)


def expired(sealed: Sealed) -> Asker:
    """What was given to them for a day ran out yesterday."""
    person, course = make_user(email=f"{uuid4().hex}@example.com"), sealed.edition.course
    with clock.moved_by(-DAYS_AGO):
        give_grant(
            person=person,
            scope=Grant.Scope.COURSE,
            scope_key=course.public_id,
            ends_at=clock.now() + timedelta(days=1),
        )
        start_course(person=person, course=course)
        known = _place(sealed, person)
    return Asker("somebody whose time is over", _ways(person), known)


def stranger(sealed: Sealed) -> Asker:
    return Asker("a stranger")


OTHERS = (stranger, unpaid, refunded, expired)


def _address() -> str:
    """Each question comes from an address of its own, so that throttles do not play along."""
    return f"10.{'.'.join(str(CHANCE.randrange(1, 255)) for _ in range(3))}"


def _over_http(port: int) -> Callable[[str, dict], Answer]:
    def read(path, headers):
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            wire.request("GET", path, headers=headers | {"X-Forwarded-For": _address()})
            response = wire.getresponse()
            return Answer(response.status, response.headers.get("ETag", ""), response.read())
        finally:
            wire.close()

    return read


def _here(path: str, headers: dict) -> Answer:
    """The same in this process, where guards can be taken off."""
    client = Client(SERVER_NAME="localhost", REMOTE_ADDR=_address(), raise_request_exception=False)
    response = client.get(path, headers=headers)
    body = b"".join(response) if response.streaming else response.content
    return Answer(response.status_code, response.headers.get("ETag", ""), body)


def found_in(sealed: Sealed, answer: Answer) -> list[str]:
    return [place for place, mark in sealed.marks.items() if mark in answer.body]


def addresses(sealed: Sealed, asker: Asker) -> list[str]:
    words = ("Sealed", "Course")
    return [*course_addresses(sealed.edition, asker.known, words), *sealed.pictures]


def read_everything(sealed: Sealed, asker: Asker, read) -> dict[str, list[Answer]]:
    """What is said to them, by address, in each of their ways."""
    paths = addresses(sealed, asker)
    return {path: [read(path, way) for way in asker.ways] for path in paths}


def _fits(path: str, way: dict, is_full: bool) -> bool:
    """The short walk asks pages as a browser, the API as a program, and files as both."""
    if is_full or not way or path.startswith("/files/"):
        return True
    return path.startswith("/api/") != ("Cookie" in way)


def walk(sealed: Sealed, asker: Asker, read, tags: dict[str, set[str]], is_full: bool) -> Tally:
    """Every address in every way, and where the payer was told something, as a cache with that."""
    tally, said = Tally(), 0
    everything = sorted({*addresses(sealed, asker), *tags})
    for path in everything:
        for way in [one for one in asker.ways if _fits(path, one, is_full)]:
            asked = [way, *(way | {"If-None-Match": tag} for tag in sorted(tags.get(path, ())))]
            for headers in asked:
                answer = read(path, headers)
                said += answer.status == 200
                wrong = [f"{asker.name} reads the {place}" for place in found_in(sealed, answer)]
                if answer.status == 304 and "If-None-Match" in headers:
                    wrong.append(f"{asker.name} may keep the payer's answer")
                if answer.status >= 500 or answer.status == 429:
                    wrong.append(f"{asker.name} is answered {answer.status}")
                tally.add([f"{path}: {text}" for text in wrong])
    if said < LEAST:
        tally.violations.append(f"{asker.name} was answered {said} times only")
    return tally


def payers_tags(sealed: Sealed, read) -> tuple[dict[str, set[str]], set[str]]:
    """ETags of the answers in which the payer finds something, by address; and what they find."""
    tags, seen = {}, set()
    for path, answers in read_everything(sealed, payer(sealed), read).items():
        for answer in answers:
            if found := found_in(sealed, answer):
                seen |= set(found)
                tags.setdefault(path, set()).update({answer.tag} - {""})
    return tags, seen


def run(stage, number, scale, others=OTHERS) -> Tally:
    read = _over_http(stage.school.port) if stage.school else _here
    sealed = seal()
    tags, seen = payers_tags(sealed, read)
    tally = Tally()
    # Explanations and solutions are for those who have answered.
    missing = sorted(set(sealed.marks) - seen - {"explanation", "solution"})
    tally.add([f"the payer does not find the {place}" for place in missing])
    for other in others:
        one = walk(sealed, other(sealed), read, tags, stage.is_full)
        tally.add(one.violations, one.attempts)
    return tally


# Whose guard it is, what stands there instead, and who then reads what is not theirs.
GUARDS = (
    (GrantQuerySet, "valid", lambda self: self, expired),
    (GrantQuerySet, "valid", lambda self: self, refunded),
    (access, "require_open", lambda enrollment: enrollment, refunded),
    (slots, "ask", lambda name, *args, default=None, **kwargs: True, unpaid),
)


def is_noticed(sealed: Sealed, owner, name: str, careless, other) -> bool:
    """Whether somebody reads what is sealed while the guard is off."""
    asker, careful = other(sealed), getattr(owner, name)
    keys = sealed.edition.lessons.filter(is_open=False).values_list("key", flat=True)
    paths = [f"/learn/{sealed.edition.course.slug}/{key}/" for key in keys]
    if place := asker.known.get("enrollment_id"):
        paths += [f"/api/v1/enrollments/{place}/lessons/{key}" for key in keys]
    setattr(owner, name, careless)
    try:
        answers = [_here(path, way) for path in [*paths, *sealed.pictures] for way in asker.ways]
    finally:
        setattr(owner, name, careful)
    return any(found_in(sealed, answer) for answer in answers)


def control(stage) -> bool:
    sealed = seal()
    return all(is_noticed(sealed, *guard) for guard in GUARDS)


PROMISES = [
    Promise("R27", "Paid content stays paid", run, {"short": 1, "full": 3}, control),
]
