"""From a stranger to a learner with a finished lesson, by pages alone and without a script."""

import re

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from catalog.models import Course
from engineroom.models import AuditEntry
from learning.models import Completion, Enrollment, Grant
from payments.models import LedgerEntry, Order
from tests.factories.accounts import make_user
from tests.journeys.steps import (
    as_fields,
    buy,
    link_in,
    mail_to,
    published_exercise,
    right_answers,
    shown_questions,
    sign_in,
    sign_up,
)
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.usefixtures("school")
PAID, FREE = "backend-development", "html-foundations"
KINDS = {"single", "multiple", "text", "numeric", "ordering", "matching"}


@pytest.fixture
def visitor():
    return Visitor()


@pytest.fixture
def learner(visitor):
    person = make_user(name="Ada Tester")
    sign_in(visitor, person.email)
    return person


def test_a_stranger_signs_up_buys_reads_answers_and_sees_progress(visitor):
    arrived = sign_up(visitor, "ada@example.com")
    assert arrived.status == 200
    assert "Ada" in visitor.open("/accounts/").html

    course = visitor.open(f"/courses/{PAID}/")
    checkout = course.follow("Buy for €79.00")
    assert checkout.heading == "Check out"
    assert "€79.00" in checkout.text
    till = checkout.press("Pay €79.00", consent="on")
    assert till.heading == "Pay €79.00"
    receipt = till.press("Succeed")
    assert receipt.heading.startswith("Thank you, Ada.")

    order = Order.objects.get()
    assert (order.state, order.total_minor, order.mode) == ("paid", 7900, "test")
    mailed = mail_to("ada@example.com", "receipt")
    assert len(mailed) == 1
    assert order.number in mailed[0].body
    assert "€79.00" in mailed[0].body
    debits = sum(LedgerEntry.objects.filter(order=order).values_list("amount_minor", flat=True))
    assert debits >= 7900

    lesson = visitor.open(link_in(mailed[0], PAID)).follow("Start learning")
    assert lesson.heading == "What a backend does"
    following = lesson.press("Mark as complete")
    assert following.heading == "From socket to database and back"
    assert "1 of 29" in visitor.open("/learn/").text


def test_every_kind_of_question_is_answered_on_the_page_and_graded(visitor, learner):
    buy(visitor, PAID)
    exercise = published_exercise(PAID, "running-it")
    assert {row.kind for row in exercise.questions.all()} == KINDS
    address = f"/learn/{PAID}/running-it/"

    page = visitor.open(address)
    answers = right_answers(exercise, shown_questions(page, exercise))
    fields = as_fields(exercise, answers)
    result = page.press("Check my answers", more=fields)

    assert result.heading.startswith("All ")
    assert "Not right yet" not in result.text
    place = Enrollment.objects.get(person=learner)
    assert place.completions.get().item_kind == Completion.Kind.EXERCISE
    shelf = visitor.open("/learn/")
    total = exercise.questions.count()
    assert f"{total} of {total}" in shelf.text
    assert re.search(r"1 of 29 steps", shelf.text)


def test_a_wrong_and_a_missing_answer_are_told_apart_and_change_no_progress(visitor, learner):
    buy(visitor, PAID)
    address = f"/learn/{PAID}/running-it/"

    unanswered = visitor.open(address).press("Check my answers")

    assert unanswered.status == 400
    assert unanswered.read.headings
    assert "<title>Error: " in unanswered.html
    assert not Completion.objects.exists()


def test_the_page_holds_nothing_of_what_is_right_before_grading(visitor, learner):
    buy(visitor, PAID)
    exercise = published_exercise(PAID, "running-it")

    page = visitor.open(f"/learn/{PAID}/running-it/")

    for row in exercise.questions.all():
        assert row.explanation_html == "" or row.explanation_html not in page.html
        for option in row.options.all():
            assert option.why_html == "" or option.why_html not in page.html
        for answer in row.answer.get("answers", []):
            assert f'value="{answer}"' not in page.html


def test_a_guest_buys_with_an_address_alone_and_comes_in_by_the_mailed_link(visitor):
    receipt = buy(visitor, "css-foundations", email="guest@example.com")
    assert receipt.heading.startswith("Thank you")
    assert "Open the link in the mail" in receipt.text

    phone = Visitor()
    link = link_in(mail_to("guest@example.com")[-1], "/accounts/link/")
    arrived = phone.open(link).press("Sign in")

    assert arrived.status == 200
    assert "CSS foundations" in phone.open("/learn/").text
    lesson = phone.open("/learn/css-foundations/")
    assert lesson.heading == "Rules and the cascade"
    assert phone.open(link).press("Sign in").status != 200


def test_a_guest_finds_the_receipt_again_in_the_same_browser_only(visitor):
    receipt = buy(visitor, "css-foundations", email="guest@example.com")
    number = Order.objects.get().number

    assert receipt.address == f"/orders/{number}/"
    assert visitor.open(f"/orders/{number}/").status == 200
    assert Visitor().open(f"/orders/{number}/").status == 404


def test_a_declined_card_costs_nothing_and_the_next_one_pays(visitor, learner):
    declined = buy(visitor, PAID, answer="Decline")
    assert "declined" in declined.text
    assert "<title>Error: " in declined.html
    assert not Grant.objects.filter(person=learner).exists()
    assert "You have no place" in visitor.open(f"/learn/{PAID}/").text

    paid = declined.press("Pay", consent="on").press("Succeed")

    assert paid.heading.startswith("Thank you")
    assert Order.objects.get().state == "paid"
    assert Grant.objects.filter(person=learner).count() == 1
    assert visitor.open(f"/learn/{PAID}/").heading == "What a backend does"


def test_a_confirmation_by_the_bank_leads_through(visitor, learner):
    challenge = buy(visitor, PAID, answer="Ask for 3-D Secure")
    assert challenge.heading == "Confirm it is you"

    assert challenge.press("Confirm the payment").heading.startswith("Thank you")


def test_an_abandoned_payment_is_taken_up_again(visitor, learner):
    left = buy(visitor, PAID, answer="Abandon")
    assert "Nothing has been charged" in left.text
    assert Order.objects.get().state == "awaiting_payment"

    assert left.press("Pay", consent="on").press("Succeed").heading.startswith("Thank you")
    assert Order.objects.count() == 1


def test_a_refund_by_staff_ends_access_with_the_next_request(visitor, learner):
    buy(visitor, PAID)
    lesson = f"/learn/{PAID}/from-socket-to-database/"
    read = visitor.open(lesson)
    assert read.status == 200
    image = next(src for src in picture_addresses(PAID) if src.startswith("/files/"))
    assert visitor.status_of(image) == 200

    office = Visitor()
    staff = make_user(is_staff=True, is_superuser=True)
    sign_in(office, staff.email)
    order = Order.objects.get()
    line = order.lines.get()
    form = office.open(f"/admin/payments/order/{order.pk}/change/").follow("Refund lines")
    asked = form.press("Continue", reason="Changed their mind", more={line.public_id: "79.00"})
    done = asked.press("Refund")
    assert "refunded" in done.text

    order.refresh_from_db()
    assert order.state == "refunded"
    assert visitor.open(lesson).status == 403
    assert visitor.open(f"/learn/{PAID}/running-it/").status == 403
    assert visitor.status_of(image) == 404
    assert AuditEntry.objects.filter(action="order.refunded", actor=staff).count() == 1
    assert len(mail_to(learner.email, "refund")) == 1
    assert "No longer open" in visitor.open("/learn/").text


def picture_addresses(slug: str) -> list[str]:
    """Pictures that stand in closed items of the course only."""
    edition = Course.objects.get(slug=slug).published_edition
    closed = set(edition.lessons.filter(is_open=False).values_list("key", flat=True))
    return [
        row.file.get_absolute_url()
        for row in edition.images.select_related("file")
        if row.file and row.item_key in closed
    ]


def test_a_free_course_is_started_without_paying(visitor, learner):
    start = visitor.open(f"/courses/{FREE}/").follow("Start for free")
    lesson = start.press("Start for free")

    assert lesson.heading == "What a browser reads"
    assert Grant.objects.get(person=learner).source == Grant.Source.FREE
    assert not Order.objects.exists()


def test_a_stranger_who_starts_a_free_course_is_led_through_signing_in(visitor):
    person = make_user()

    entrance = visitor.open(f"/courses/{FREE}/").follow("Start for free")
    start = entrance.press("Sign in", login=person.email, password="correct horse battery")

    assert start.address == f"/learn/{FREE}/"
    assert start.press("Start for free").heading == "What a browser reads"


def test_what_is_owned_is_not_sold_twice(visitor, learner):
    buy(visitor, PAID)

    course = visitor.open(f"/courses/{PAID}/")

    assert "You have this course" in course.text
    assert not any(text.startswith("Buy") for _, text in course.read.links)


@pytest.mark.parametrize(
    ("role", "open_pages", "closed_pages"),
    [
        ("learner", [], ["/admin/", "/admin/payments/order/", "/admin/catalog/course/"]),
        ("instructor", ["/admin/", "/admin/catalog/course/"], ["/admin/payments/order/"]),
        ("support", ["/admin/", "/admin/payments/order/"], ["/admin/payments/offer/add/"]),
        (
            "manager",
            ["/admin/", "/admin/payments/order/", "/admin/catalog/course/"],
            ["/admin/engineroom/auditentry/add/"],
        ),
    ],
)
def test_each_role_opens_its_own_part_of_the_office(visitor, role, open_pages, closed_pages):
    assert Group.objects.filter(name=role).exists()
    person = make_user(roles=[role], is_staff=role != "learner")
    sign_in(visitor, person.email)

    assert User.objects.get(pk=person.pk).groups.get().name == role
    for address in open_pages:
        assert visitor.open(address).status == 200, address
    for address in closed_pages:
        page = visitor.open(address)
        assert page.status in (403, 404) or page.address.startswith("/accounts/login"), address
