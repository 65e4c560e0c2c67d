"""Receipts and the list of orders: discount, tax, address, instalments, and whom a gift is for."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engineroom import clock, outbox
from payments import sellables, taxes
from payments.actions.coupons import make_coupon
from payments.actions.details import set_billing, set_coupon
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from tests.factories import gifts
from tests.factories.accounts import make_user
from tests.factories.learning import make_course
from tests.factories.payments import make_checkout, make_offer, make_paid_order, pay
from tests.factories.seats import buy_team_seats
from tests.factories.subscriptions import PeriodicSellable, subscribe, use_fake_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_user()


def seen(person, path: str) -> str:
    """The words of the page."""
    client = Client()
    client.force_login(person)
    page = client.get(path)
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def paid(checkout):
    return pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))


def with_code(person, **fields):
    make_coupon(code="PAPER20", kind="percent", percent=2000)
    checkout = make_checkout(person=person, amount_minor=4900, **fields)
    set_coupon(checkout=checkout, code="PAPER20")
    checkout.refresh_from_db()
    return checkout


def test_a_plain_order_says_nothing_more(person):
    order = make_paid_order(person=person)

    text = seen(person, order.get_absolute_url())

    for word in ("Discount", "VAT", "Billed to", "a gift", "Paid now", "nstalment"):
        assert word not in text


def test_a_discount_is_shown_with_its_code(person):
    order = paid(with_code(person))

    assert "Discount −€9.80, taken off already Code PAPER20" in seen(
        person, order.get_absolute_url()
    )
    assert "€39.20 with PAPER20" in seen(person, "/orders/")


@pytest.mark.parametrize(
    ("country", "vat_id", "tax"),
    [
        ("DE", "", "VAT of 19 % €7.82, included"),
        ("FR", "FR40303265045", "VAT None: reverse charge"),
        ("US", "", None),
    ],
)
def test_tax_and_address_are_shown(person, settings, country, vat_id, tax):
    settings.SELLER_COUNTRY = "DE"
    checkout = make_checkout(person=person, amount_minor=4900)
    billing = {"name": "Bea <Lund>", "street": "Long Road 1", "postal_code": "12345", "city": "X"}
    set_billing(checkout=checkout, billing=billing, country=country, vat_id=vat_id)
    checkout.refresh_from_db()
    order = paid(checkout)

    text = seen(person, order.get_absolute_url())

    name = {"DE": "Germany", "FR": "France", "US": "United States"}[country]
    assert f"Billed to Bea &lt;Lund&gt; Long Road 1 12345 X {name}" in text
    assert ("VAT id FR40303265045" in text) == bool(vat_id)
    assert tax in text if tax else "VAT" not in text


def test_instalments_say_which_this_is_and_what_follows(person, settings):
    use_fake_gateway(settings)
    sellables.register("dummy", PeriodicSellable())
    offer = make_offer(amount_minor=10000, instalments=3)
    subscription = subscribe(person=person, offer=offer, in_instalments=True)
    order = subscription.orders.order_by("pk").first()

    text = seen(person, order.get_absolute_url())

    assert "Paid now Instalment 1 of 3" in text
    assert "2 more instalments of €33.33 follow" in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "a gift for Bea"),
        ({"name": ""}, "a gift for bea@example.com"),
        ({"name": "", "email": ""}, "a gift"),
        ({"name": "<b>Bea"}, "a gift for &lt;b&gt;Bea"),
    ],
)
def test_a_gift_says_whom_it_is_for(person, said, words):
    gift = gifts.give(make_offer(), person=person, **said)

    assert "is open now" not in seen(person, gift.line.order.get_absolute_url())
    for path in (gift.line.order.get_absolute_url(), "/orders/"):
        text = seen(person, path)
        assert words in text
        assert said.get("email") != "" or "a gift for" not in text


def test_a_gift_alone_is_not_yours_but_ready_or_on_its_way(person):
    later = (clock.now() + timedelta(days=30)).date()
    for said, words in (
        ({}, "Your gift for Bea is ready."),
        ({"name": "", "email": ""}, "Your gift is ready."),
        ({"deliver_on": str(later)}, f"Your gift for Bea will be sent on {later:%-d %B %Y}."),
    ):
        gift = gifts.give(make_offer(), person=person, **said)

        text = seen(person, gift.line.order.get_absolute_url())

        assert words in text
        assert "yours" not in text
        assert "Your gifts say where each stands" in text


def test_the_list_takes_as_many_queries_for_many_orders(person):
    def counted():
        client = Client()
        client.force_login(person)
        with CaptureQueriesContext(connection) as taken:
            assert client.get("/orders/").status_code == 200
        return len(taken)

    gifts.give(make_offer(), person=person)
    make_paid_order(person=person)
    few = counted()
    for _ in range(4):
        gifts.give(make_offer(), person=person)
        make_paid_order(person=person, offers=2)

    assert counted() == few


def test_the_mail_about_a_gift_leads_to_the_gifts(person, mailoutbox):
    order = gifts.give(make_offer(title="CSS"), person=person).line.order
    outbox.drain()

    (mail,) = [mail for mail in mailoutbox if order.number in mail.subject]

    assert " (a gift): €49.00" in mail.body
    assert "/gifts/" in mail.body
    assert "Start reading" not in mail.body


def test_what_went_back_stands_below_the_total(person):
    order = make_paid_order(person=person)
    line = order.lines.get()
    refund_lines(order=order, amounts={line.public_id: 1500}, reason="", key="one")

    words = seen(person, f"/orders/{order.number}/")

    assert re.search(r"Total €49\.00 Refunded −€15\.00 Paid in the end €34\.00", words)


@pytest.mark.parametrize(
    ("attention", "is_told"),
    [
        ("The thing could not be given.", True),
        ("Taxed in DE, but the card says US.", False),
        (taxes.VAT_ID_UNKNOWN, False),
    ],
)
def test_a_doubt_about_the_tax_does_not_worry_the_buyer(person, attention, is_told):
    order = make_paid_order(person=person)
    evidence = {"address": "DE", "card": "US"}
    type(order).objects.filter(pk=order.pk).update(
        attention=attention, country="DE", evidence=evidence
    )

    words = seen(person, f"/orders/{order.number}/")

    assert ("needs a person to look at it" in words) is is_told


def test_the_link_to_what_was_bought_says_where_it_leads(person, mailoutbox):
    course = make_paid_order(person=person)
    seats = buy_team_seats(person, make_course())
    outbox.drain()

    assert "Start reading" in seen(person, course.get_absolute_url())
    page = seen(person, seats.get_absolute_url())
    assert "Give out the seats" in page
    assert "Start reading" not in page
    (mail,) = [mail for mail in mailoutbox if seats.number in mail.subject]
    assert "Give out the seats: " in mail.body
