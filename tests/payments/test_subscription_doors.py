"""Subscriptions by pages, API and admin: whose they are, what the buttons do, what they say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import erase_person
from engineroom import clock, outbox
from engineroom.models import AuditEntry
from payments import periods, states
from payments.actions.dunning import sweep_subscriptions
from payments.actions.people import forget_buyer
from payments.models import Order, OrderKind, Subscription
from payments.queries.subscriptions import export_subscriptions
from tests.factories.accounts import make_user
from tests.factories.subscriptions import make_membership, subscribe
from tests.payments.test_api import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription(gateway, thing):
    return subscribe(make_membership(title="Everything"))


@pytest.fixture
def browser(subscription):
    client = Client()
    client.force_login(subscription.person)
    return client


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def address(subscription, end=""):
    return f"/subscriptions/{subscription.public_id}/{end}"


def test_the_page_says_in_words_how_it_stands(browser, subscription):
    listed, page = browser.get("/subscriptions/"), browser.get(address(subscription))
    day = f"{subscription.period_ends_at:%-d %B %Y}"
    for answer in (listed, page):
        assert f"The next payment, €29.00, is on {day}." in text_of(answer)
    assert Order.objects.get().number in text_of(page)


def test_a_list_of_five_takes_the_queries_of_one(browser, subscription, django_assert_num_queries):
    def count():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as seen:
            browser.get("/subscriptions/")
        return len(seen)

    one = count()
    for _ in range(4):
        subscribe(person=subscription.person)
    assert count() == one


@pytest.mark.parametrize("end", ["", "cancel/", "change/", "card/done/"])
def test_anothers_subscription_does_not_exist(subscription, end):
    client = Client()
    client.force_login(make_user())
    assert client.get(address(subscription, end)).status_code == 404
    assert Client().get(address(subscription, end)).status_code == 302
    program = Program(make_user())
    path = f"subscriptions/{subscription.public_id}"
    assert program.get(path).status_code == 404
    for what in ("cancel", "keep", "change", "card"):
        body = {"offer": "x", "expected_minor": 0}
        assert program.post(f"{path}/{what}", body).status_code == 404
    assert Program().get(path).status_code == 401
    assert Subscription.objects.get().version == subscription.version


def test_canceling_and_keeping_by_the_page(browser, subscription):
    assert "keep your access" in text_of(browser.get(address(subscription, "cancel/")))
    assert browser.post(address(subscription, "cancel/"), {}).status_code == 400
    browser.post(address(subscription, "cancel/"), {"when": "later"})
    subscription.refresh_from_db()
    assert subscription.cancels_at_period_end
    page = text_of(browser.get(address(subscription)))
    assert "It stays open until" in page
    assert "Keep it" in page

    browser.post(address(subscription, "keep/"))
    subscription.refresh_from_db()
    assert not subscription.cancels_at_period_end

    browser.post(address(subscription, "cancel/"), {"when": "now"})
    subscription.refresh_from_db()
    assert subscription.state == states.ENDED
    assert "Subscribe again" in text_of(browser.get(address(subscription)))
    assert browser.get(address(subscription, "cancel/")).status_code == 302


def test_the_change_is_explained_before_it_is_made(browser, subscription):
    large = make_membership(amount_minor=5900, title="Everything and more")
    assert "Everything and more" in text_of(browser.get(address(subscription, "change/")))
    page = browser.get(address(subscription, "change/"), {"to": large.public_id})
    said = text_of(page)
    due = page.context["change"].due_minor
    assert "days of this period are left" in said
    assert "You pay the difference now" in said

    wrong = {"offer": large.public_id, "expected_minor": due + 1}
    assert browser.post(address(subscription, "change/"), wrong).status_code == 409
    assert Subscription.objects.get().offer != large
    right = {"offer": large.public_id, "expected_minor": due}
    assert browser.post(address(subscription, "change/"), right).status_code == 302
    assert Subscription.objects.get().offer == large
    assert Order.objects.get(kind=OrderKind.CHANGE).total_minor == due


def test_a_declined_change_is_said_on_the_page(browser, subscription, gateway):
    large = make_membership(amount_minor=5900)
    gateway.kept[subscription.reference].card = "bad"
    page = browser.get(address(subscription, "change/"), {"to": large.public_id})
    body = {"offer": large.public_id, "expected_minor": page.context["change"].due_minor}
    answer = browser.post(address(subscription, "change/"), body)
    assert answer.status_code == 409
    assert "Not enough funds. Nothing has changed." in text_of(answer)


def test_the_card_is_changed_at_the_gateway(browser, subscription):
    answer = browser.post(address(subscription, "card/"))
    assert "https://fake.test/card/" in answer["Refresh"]
    assert browser.get(address(subscription, "card/done/")).status_code == 302


@pytest.mark.parametrize("end", ["keep/", "card/"])
def test_while_the_gateway_is_down_the_page_says_so(browser, subscription, gateway, end):
    Subscription.objects.update(cancels_at_period_end=True)
    gateway.__class__.is_down = True
    answer = browser.post(address(subscription, end))
    assert answer.status_code == 503
    assert "does not answer" in text_of(answer)


def test_by_the_api(gateway, thing):
    with clock.stopped_at(datetime(2030, 5, 1, tzinfo=UTC)):
        small, large = make_membership(amount_minor=3100), make_membership(amount_minor=6200)
        subscription = subscribe(small)
        program = Program(subscription.person)
        path = f"subscriptions/{subscription.public_id}"
        assert program.get("subscriptions").json()["results"][0]["id"] == subscription.public_id
        assert program.get(path).json()["state"] == "active"

        seen = program.post(f"{path}/change-preview", {"offer": large.public_id}).json()
        assert (seen["due_minor"], seen["unused_days"], seen["days"]) == (3100, 31, 31)
        body = {"offer": large.public_id, "expected_minor": 3100}
        first = program.post(f"{path}/change", body, key="once")
        again = program.post(f"{path}/change", body, key="once")
        assert first.status_code == 200
        assert first.json() == again.json()
        assert first.json()["offer"] == large.public_id
        assert gateway.taken_minor == 6200

        assert program.post(f"{path}/change", body, key=None).status_code == 400
        assert program.post(f"{path}/cancel", {}).json()["cancels_at_period_end"] is True
        assert program.post(f"{path}/keep").json()["cancels_at_period_end"] is False
        assert program.post(f"{path}/card").json()["url"].startswith("https://fake.test/card/")
        ended = program.post(f"{path}/cancel", {"at_period_end": False})
        assert ended.json()["state"] == "ended"
        over = program.post(f"{path}/cancel", {})
        assert (over.status_code, over.json()["code"]) == (409, "subscription_over")


def test_staff_cancel_with_a_reason_and_are_asked_once_more(subscription):
    desk = Client()
    staff = make_user(is_staff=True, is_superuser=True)
    desk.force_login(staff)
    page = reverse("admin:payments_subscription_cancel", args=[subscription.pk])
    said = {"when": "now", "reason": "Asked by phone"}

    asked = text_of(desk.post(page, said))
    subscription.refresh_from_db()
    assert "It ends at once" in asked
    assert subscription.state == states.ACTIVE

    desk.post(page, said | {"confirmed": "1"})
    subscription.refresh_from_db()
    assert subscription.state == states.ENDED
    entry = AuditEntry.objects.get(action="subscription.canceled")
    assert (entry.actor, entry.data["reason"]) == (staff, "Asked by phone")
    for name in ("changelist", "change"):
        arguments = [subscription.pk] if name == "change" else []
        url = reverse(f"admin:payments_subscription_{name}", args=arguments)
        assert desk.get(url).status_code == 200


def test_staff_without_the_permission_may_look_and_not_touch(subscription):
    from django.contrib.auth.models import Permission

    clerk = make_user(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_subscription"))
    desk = Client()
    desk.force_login(clerk)
    page = reverse("admin:payments_subscription_change", args=[subscription.pk])
    assert "Cancel…" not in desk.get(page).content.decode()
    for what in ("cancel", "accept"):
        url = reverse(f"admin:payments_subscription_{what}", args=[subscription.pk])
        assert desk.post(url, {"when": "now", "reason": "x", "confirmed": "1"}).status_code == 403
    assert Subscription.objects.get().is_running


def test_staff_accept_a_charge_that_was_not_as_expected(gateway, thing):
    start = datetime(2030, 5, 1, tzinfo=UTC)
    desk = Client()
    desk.force_login(make_user(is_staff=True, is_superuser=True))
    with clock.stopped_at(start):
        subscription = subscribe()
    gateway.__class__.extra_minor = 100
    with clock.stopped_at(periods.after(start, "month")):
        sweep_subscriptions()
        reference = gateway.kept[subscription.reference].charges[-1].reference
    page = reverse("admin:payments_subscription_accept", args=[subscription.pk])
    with clock.stopped_at(periods.after(start, "month")):
        for _ in range(2):
            desk.post(page, {"reference": reference, "confirmed": "1"})
    subscription.refresh_from_db()
    assert subscription.attention == ""
    assert Order.objects.get(kind=OrderKind.RENEWAL).total_minor == 3000
    assert subscription.period_ends_at == periods.after(start, "month", 2)


def test_the_export_has_it_and_erasing_ends_it_at_the_gateway(subscription, gateway):
    person = subscription.person
    assert export_subscriptions(person)[0]["orders"] == [Order.objects.get().number]
    forget_buyer(person=person)
    outbox.drain()
    subscription.refresh_from_db()
    assert (subscription.person, subscription.method) == (None, "")
    assert subscription.state == states.ENDED
    assert gateway.kept[subscription.reference].status == "ended"
    assert Order.objects.get().total_minor == 2900


def test_erasing_while_the_gateway_is_down_is_tried_again(subscription, gateway):
    gateway.__class__.is_down = True
    erase_person(person=subscription.person, actor=subscription.person)
    outbox.drain()
    gateway.__class__.is_down = False
    with clock.moved_by(timedelta(hours=1)):
        outbox.drain()
    assert gateway.kept[subscription.reference].status == "ended"
