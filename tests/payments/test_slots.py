"""What the till tells other rooms, forgets about people, and proves about its books."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.roles import INSTRUCTOR, MANAGER, SUPPORT
from engineroom import clock, slots
from engineroom.models import AuditEntry
from payments import states
from payments.actions.canceling import expire_overdue
from payments.models import Checkout, Offer, OfferItem, Order
from payments.queries.books import audit_books
from payments.refusals import PriceNotYours
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, make_offer, make_order, make_paid_order

pytestmark = pytest.mark.django_db


def price(slug="html", amount_minor=4900, currency="EUR", actor=None):
    slots.ask("catalog.price_course", slug, "HTML foundations", amount_minor, currency, actor)


def test_a_course_gets_one_offer_that_is_changed_and_closed():
    price()
    price()
    assert AuditEntry.objects.count() == 1
    price(amount_minor=5900, currency="GBP")
    offer = Offer.objects.get()
    assert (offer.amount_minor, offer.currency) == (5900, "GBP")
    price(amount_minor=0)
    offer.refresh_from_db()
    assert not offer.is_active
    assert slots.ask("catalog.prices", ["html"]) == {}
    price()
    assert Offer.objects.count() == 1


@pytest.mark.parametrize("before", [0, 5900])
@pytest.mark.parametrize("after", [0, 4900])
@pytest.mark.parametrize("role", [INSTRUCTOR, SUPPORT])
def test_who_may_not_change_offers_sets_no_price(role, before, after):
    price(amount_minor=before)
    writer, rows = make_user(is_staff=True, roles=[role]), list(Offer.objects.values())
    entries = AuditEntry.objects.count()

    if before or after:
        with pytest.raises(PriceNotYours) as said:
            price(amount_minor=after, actor=writer)
        assert (said.value.field, said.value.status) == ("price", 403)
    price(amount_minor=before, actor=writer)  # what is so already is no change

    assert list(Offer.objects.values()) == rows
    assert AuditEntry.objects.count() == entries


def test_a_manager_sets_a_price():
    price(actor=make_user(is_staff=True, roles=[MANAGER]))

    assert Offer.objects.get().amount_minor == 4900


def test_prices_of_courses_take_one_query(django_assert_num_queries):
    for slug in ("html", "css", "python"):
        price(slug)
    bundle = make_offer(amount_minor=100)
    for slug in ("html", "css"):
        OfferItem.objects.create(offer=bundle, kind="course", key=slug)

    with django_assert_num_queries(1):
        prices = slots.ask("catalog.prices", ["html", "css", "none"])

    assert set(prices) == {"html", "css"}
    offer = Offer.objects.get(reference="course:html")
    assert prices["html"] == {
        "amount_minor": 4900,
        "currency": "EUR",
        "text": "€49.00",
        "offer": offer.public_id,
        "url": f"/buy/{offer.public_id}/",
    }


def test_forgetting_a_person_keeps_the_books():
    person = make_user(email="mara@example.com")
    order = make_paid_order(person=person)
    unpaid = make_order(person=person)

    for erase in slots.entries("accounts.erase"):
        if erase.__module__.startswith("payments"):
            erase(person)

    order.refresh_from_db()
    unpaid.refresh_from_db()
    assert (order.email, order.person, order.state) == ("", None, states.PAID)
    assert unpaid.state == states.CANCELED
    assert not Checkout.objects.exclude(email="").exists()
    assert not Checkout.objects.exclude(person=None).exists()
    assert audit_books()["ok"]


def test_an_export_has_every_order():
    person = make_user()
    order = make_paid_order(person=person)
    make_paid_order()

    exports = [entry(person) for entry in slots.entries("accounts.export")]

    rows = next(export["rows"] for export in exports if export["name"] == "orders")
    assert [row["number"] for row in rows] == [order.number]
    assert json.dumps(rows)


def test_verify_books_prints_json_and_says_by_exit_code_whether_they_agree():
    make_paid_order()
    make_paid_order(currency="JPY", amount_minor=500)
    out = StringIO()

    call_command("verify_books", stdout=out)
    report = json.loads(out.getvalue())

    assert report["ok"]
    assert report["currencies"] == {"EUR": 0, "JPY": 0}
    Order.objects.filter(currency="JPY").update(total_minor=501)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_books", stdout=StringIO())
    assert ended.value.code == 1


def test_checkouts_nobody_used_are_swept_after_a_month():
    make_checkout()
    order = make_order()

    with clock.moved_by(timedelta(days=2)):
        expire_overdue()
    assert Checkout.objects.count() == 2
    with clock.moved_by(timedelta(days=32)):
        expire_overdue()

    assert list(Checkout.objects.all()) == [order.checkout]
