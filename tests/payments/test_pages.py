"""The till's pages: at most three to a paid order, none needs JavaScript."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from engineroom import outbox
from payments import gateways, states
from payments.actions.canceling import cancel_order
from payments.actions.refunding import refund_lines
from payments.gateways.base import Started
from payments.gateways.simulator import SimulatorGateway
from payments.models import Checkout, Order, Payment, SimulatorPayment
from payments.refusals import AlreadyOwned, GatewayUnavailable
from tests.factories.accounts import make_user
from tests.factories.payments import (
    make_checkout,
    make_offer,
    make_order,
    make_paid_order,
    make_payment,
    pay,
)

pytestmark = pytest.mark.django_db


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def fields_of(page) -> dict:
    text = page.content.decode()
    return {
        name: re.search(rf'name="{name}" value="([^"]*)"', text)[1]
        for name in ("form_key", "expected_minor")
    }


def send(client, checkout, **changes):
    address = checkout.get_absolute_url()
    said = fields_of(client.get(address)) | {"email": "guest@example.com", "consent": "on"}
    said.update(changes)
    return client.post(address, {name: value for name, value in said.items() if value is not None})


def test_a_guest_buys_in_three_pages(dummy):
    client, offer = Client(enforce_csrf_checks=False), make_offer()

    page = client.get(offer.get_absolute_url(), follow=True)
    checkout = Checkout.objects.get()
    hosted = send(client, checkout)
    back = client.post(hosted["Location"], {"outcome": "card", "card": "4242 4242 4242 4242"})
    receipt = client.get(back["Location"], follow=True)
    outbox.drain()

    assert page.status_code == 200
    assert "Pay €49.00" in page.content.decode()
    assert hosted["Location"].startswith("/simulator/")
    order = Order.objects.get()
    assert receipt.redirect_chain[-1][0] == f"/orders/{order.number}/"
    assert "Thank you" in receipt.content.decode()
    assert "Visa ending 4242" in receipt.content.decode()
    assert order.state == states.PAID
    assert dummy.count("deliver") == 1
    assert {message.to[0] for message in mail.outbox} == {"guest@example.com"}
    assert "_auth_user_id" not in client.session


def test_a_receipt_is_for_its_owner_and_the_browser_that_paid_it():
    person = make_user()
    order = make_paid_order(person=person)
    guests = make_paid_order(email="guest@example.com")

    assert signed_in(person).get(order.get_absolute_url()).status_code == 200
    assert signed_in(make_user()).get(order.get_absolute_url()).status_code == 404
    assert Client().get(order.get_absolute_url()).status_code == 404
    assert Client().get(guests.get_absolute_url()).status_code == 404
    assert signed_in(guests.person).get(guests.get_absolute_url()).status_code == 200
    browser = Client()
    browser.get(guests.checkout.get_absolute_url())
    assert browser.get(guests.get_absolute_url()).status_code == 200


def test_a_persons_checkout_is_nobody_elses():
    checkout = make_checkout(person=make_user())

    for client in (Client(), signed_in(make_user())):
        assert client.get(checkout.get_absolute_url()).status_code == 404
        assert client.post(checkout.get_absolute_url(), {"consent": "on"}).status_code == 404
        assert client.get(f"{checkout.get_absolute_url()}return/").status_code == 404
    assert not Order.objects.exists()


def test_a_finished_checkout_only_shows_its_receipt():
    order = make_paid_order(email="guest@example.com")
    client = Client()

    for answer in (
        client.get(order.checkout.get_absolute_url()),
        client.post(order.checkout.get_absolute_url(), {"consent": "on"}),
        client.get(f"{order.checkout.get_absolute_url()}return/"),
    ):
        assert (answer.status_code, answer["Location"]) == (302, order.get_absolute_url())


def test_a_declined_card_says_so_beside_the_card_and_can_be_tried_again():
    person = make_user()
    payment = make_payment(person=person)
    client = signed_in(person)
    client.post(f"/simulator/{payment.reference}/", {"outcome": "card", "card": "4000000000009995"})

    page = client.get(f"{payment.order.checkout.get_absolute_url()}return/", follow=True)
    text = page.content.decode()

    assert "<title>Error: your card was declined." in text
    assert "Your bank declined this card" in text
    assert "Not enough funds." in text
    assert "Visa ending 9995 was declined" in text
    again = send(client, payment.order.checkout)
    assert again.status_code == 303
    assert Payment.objects.count() == 2
    client.post(again["Location"], {"outcome": "success"})
    client.get(f"{payment.order.checkout.get_absolute_url()}return/")
    assert Order.objects.get().state == states.PAID


def test_the_same_form_sent_again_after_a_decline_starts_nothing():
    client, checkout = Client(), make_checkout()
    address = checkout.get_absolute_url()
    said = fields_of(client.get(address)) | {"email": "a@example.com", "consent": "on"}
    client.post(address, said)
    pay(Payment.objects.get(), "decline")

    answer = client.post(address, said)

    assert (answer.status_code, answer["Location"]) == (302, address)
    assert Payment.objects.count() == 1


def test_an_abandoned_payment_can_be_taken_up_again():
    client, checkout = Client(), make_checkout()
    hosted = send(client, checkout)

    back = client.post(hosted["Location"], {"outcome": "abandon"})
    page = client.get(back["Location"], follow=True)

    assert "You left the payment page" in page.content.decode()
    assert send(client, checkout)["Location"] == hosted["Location"]


def test_three_d_secure_shows_a_step_of_its_own():
    payment = make_payment(person=make_user())
    client, address = Client(), f"/simulator/{payment.reference}/"

    step = client.post(address, {"outcome": "card", "card": "4000 0000 0000 3220"}, follow=True)
    assert "Confirm it is you" in step.content.decode()
    done = client.post(address, {"outcome": "success"})
    assert done["Location"].endswith("/return/")
    assert "This payment is finished" in client.get(address).content.decode()
    assert client.post(address, {"outcome": "decline"}).status_code == 400


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "Enter the e-mail address the receipt should go to."),
        ({"email": "nobody"}, "such as name@example.com"),
        ({"email": "a\0b@example.com"}, "Error"),
        ({"consent": None}, "Confirm that you agree"),
        ({"expected_minor": "1"}, "The price has changed to €49.00"),
        ({"expected_minor": "x"}, "Error"),
        ({"expected_minor": "9" * 400}, "Error"),
        ({"form_key": None}, "Error"),
        ({"form_key": "x" * 4000}, "Error"),
    ],
)
def test_a_form_that_cannot_be_taken_says_why_beside_the_field(changes, words):
    client, checkout = Client(), make_checkout()

    page = send(client, checkout, **changes)

    assert 400 <= page.status_code < 500
    assert "<title>Error: " in page.content.decode()
    assert words in page.content.decode()
    assert not Order.objects.exists()


def test_hostile_addresses_are_not_found_and_never_break():
    client = Client()
    for path in (
        "/buy/%00/",
        "/buy/offer_none/",
        "/checkout/%00%ff/",
        f"/checkout/{'x' * 3000}/",
        "/checkout/none/return/",
        "/checkout/none/go/",
        "/orders/%00/",
        "/orders/AAAA-AAAA-AAAA/",
        "/simulator/%00/",
        "/simulator/none/",
    ):
        assert client.get(path).status_code in (400, 404), path
    assert client.head(make_offer().get_absolute_url()).status_code == 405
    person = make_user()
    assert signed_in(person).get("/orders/?after=%00").status_code == 400
    assert signed_in(person).get("/orders/?after=WyJ4Il0").status_code == 400


def test_a_line_can_be_taken_out_again():
    client, checkout = Client(), make_checkout(offers=2)
    line = checkout.lines.first()

    answer = client.post(
        reverse("payments:checkout-remove", args=[checkout.public_id]), {"line": line.public_id}
    )

    assert answer["Location"] == checkout.get_absolute_url()
    assert checkout.lines.count() == 1


def test_the_reason_is_given_when_something_is_owned_or_not_on_sale(dummy):
    person, offer = make_user(), make_offer(keys=["a"])
    dummy.refusal = AlreadyOwned()
    dummy.owned.add((person.pk, "a"))

    owned = signed_in(person).get(offer.get_absolute_url())
    closed = Client().get(make_offer(is_active=False).get_absolute_url())

    assert owned.status_code == closed.status_code == 409
    assert "You already have this." in owned.content.decode()
    assert "not on sale" in closed.content.decode()


def test_an_offer_in_another_currency_is_refused_beside_the_lines():
    client = Client()
    client.get(make_offer().get_absolute_url())

    page = client.get(make_offer(currency="JPY").get_absolute_url(), follow=True)

    assert "another currency" in page.content.decode()
    assert Checkout.objects.get().lines.count() == 1


def test_a_live_school_says_that_it_cannot_sell_and_has_no_simulator(settings):
    payment = make_payment()
    client, checkout = Client(), make_checkout()
    settings.TEST_SCHOOL = False

    page = send(client, checkout)

    assert page.status_code == 409
    assert "cannot take payments yet" in page.content.decode()
    assert client.get(f"/simulator/{payment.reference}/").status_code == 404


class Elsewhere(SimulatorGateway):
    def start(self, intent):
        return Started(reference=intent.key, url="https://pay.example/session?x=1")


class Silent(SimulatorGateway):
    def start(self, intent):
        raise GatewayUnavailable


def test_a_gateway_elsewhere_is_reached_from_a_page_of_our_own(monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Elsewhere)
    client, checkout = Client(), make_checkout()

    answer = send(client, checkout)
    page = client.get(answer["Location"])

    assert answer["Location"] == f"{checkout.get_absolute_url()}go/"
    assert page["Refresh"] == "0; url=https://pay.example/session?x=1"
    assert 'href="https://pay.example/session?x=1"' in page.content.decode()


def test_a_gateway_that_does_not_answer_is_said_and_charged_nothing(monkeypatch):
    monkeypatch.setitem(gateways._makers, "simulator", Silent)
    client, checkout = Client(), make_checkout()

    page = send(client, checkout)

    assert page.status_code == 503
    assert "does not answer" in page.content.decode()
    monkeypatch.setitem(gateways._makers, "simulator", SimulatorGateway)
    assert send(client, checkout).status_code == 303
    assert Payment.objects.count() == SimulatorPayment.objects.count() == 1


def test_orders_that_are_not_paid_say_what_to_do():
    person = make_user()
    client = signed_in(person)
    order = make_order(person=person)

    assert "not paid yet" in client.get(order.get_absolute_url()).content.decode()
    Order.objects.update(state=states.PROCESSING)
    waiting = client.get(order.get_absolute_url())
    assert "being confirmed" in waiting.content.decode()
    assert waiting["Refresh"] == "5"
    Order.objects.update(state=states.AWAITING)
    cancel_order(order=order, reason="x")
    assert "was not paid" in client.get(order.get_absolute_url()).content.decode()


def test_a_refund_stands_on_the_receipt_and_in_the_list():
    person = make_user()
    order = make_paid_order(person=person, offers=2)
    line = order.lines.first()
    refund_lines(order=order, amounts={line.public_id: None}, reason="x", key="k", actor=None)

    receipt = signed_in(person).get(order.get_absolute_url()).content.decode()
    orders = signed_in(person).get("/orders/").content.decode()

    assert "Partially refunded" in receipt
    assert "−€49.00" in receipt
    assert "€49.00 refunded" in orders


def test_orders_are_private_and_page_by_key():
    person = make_user()
    for _ in range(21):
        make_order(person=person)
        Checkout.objects.update(state=Checkout.State.EXPIRED)
    client = signed_in(person)

    first = client.get("/orders/")
    after = re.search(r"\?after=([\w-]+)", first.content.decode())[1]
    second = client.get(f"/orders/?after={after}")

    assert Client().get("/orders/").status_code == 302
    assert len(first.context["page"].rows) == 20
    assert len(second.context["page"].rows) == 1
    assert not signed_in(make_user()).get("/orders/").context["page"].rows


def queries(client, path, count):
    with count() as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.fixture
def count(django_assert_max_num_queries):
    return lambda: django_assert_max_num_queries(12)


def test_pages_cost_the_same_queries_with_one_and_with_five_rows(count):
    one, five = make_user(), make_user()
    few, many = signed_in(one), signed_in(five)
    for person, lines in ((one, 1), (five, 5)):
        for _ in range(lines):
            make_paid_order(person=person, offers=lines)
    small, large = make_checkout(person=one), make_checkout(person=five, offers=5)
    pairs = [
        ("/orders/", "/orders/"),
        (small.get_absolute_url(), large.get_absolute_url()),
        (
            Order.objects.filter(person=one).first().get_absolute_url(),
            Order.objects.filter(person=five).first().get_absolute_url(),
        ),
    ]

    for here, there in pairs:
        assert queries(few, here, count) == queries(many, there, count)


def test_private_pages_are_never_stored():
    person = make_user()
    order = make_paid_order(person=person)
    client = signed_in(person)

    for path in ("/orders/", order.get_absolute_url(), make_checkout().get_absolute_url()):
        answer = client.get(path)
        assert answer["Cache-Control"] == "private, no-store"
