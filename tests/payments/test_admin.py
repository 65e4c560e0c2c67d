"""Staff at the till: offers by actions, money to look at, refunds asked twice."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from engineroom.models import AuditEntry
from payments import sellables, states
from payments.actions.refunding import refund_lines
from payments.admin.boards import orders_today
from payments.models import LedgerEntry, Offer, Order, Payment, Refund
from tests.factories.accounts import make_user
from tests.factories.payments import (
    DummySellable,
    make_checkout,
    make_offer,
    make_order,
    make_paid_order,
)
from tests.unkept import unkept

pytestmark = pytest.mark.django_db
MODELS = (
    "offer", "order", "payment", "refund", "ledgerentry", "gatewayevent", "gatewayaccount",
    "checkout", "checkoutline", "offeritem", "simulatorpayment", "simulatorrefund",
)  # fmt: skip


@pytest.fixture
def staff():
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def desk(staff):
    client = Client()
    client.force_login(staff)
    return client


def offer_form(**changes):
    form = {
        "title": "HTML foundations",
        "price": "49.00",
        "currency": "EUR",
        "things": "dummy html",
        "tax_class": "standard",
        "is_active": "on",
    }
    return form | changes


def test_an_offer_is_made_and_changed_by_the_actions(desk, staff):
    desk.post(reverse("admin:payments_offer_add"), offer_form())
    offer = Offer.objects.get()
    page = desk.get(reverse("admin:payments_offer_change", args=[offer.pk])).content.decode()
    desk.post(
        reverse("admin:payments_offer_change", args=[offer.pk]),
        offer_form(price="500", currency="JPY", things="dummy html\ndummy css"),
    )

    assert 'value="49.00"' in page
    offer.refresh_from_db()
    assert (offer.amount_minor, offer.currency) == (500, "JPY")
    assert [item.key for item in offer.items.all()] == ["html", "css"]
    entries = AuditEntry.objects.filter(target=offer.public_id).order_by("pk")
    assert [entry.action for entry in entries] == ["offer.made", "offer.changed"]
    assert {entry.actor for entry in entries} == {staff}


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "49,00"},
        {"price": "0"},
        {"price": "49.001"},
        {"price": "9" * 20},
        {"currency": "XXX"},
        {"things": ""},
        {"things": "course"},
        {"things": "unknown thing"},
        {"title": " "},
        {
            "starts_at_0": "2026-01-02",
            "starts_at_1": "00:00",
            "ends_at_0": "2026-01-01",
            "ends_at_1": "00:00",
        },
    ],
)
def test_an_offer_that_cannot_be_is_refused_beside_the_field(desk, changes):
    page = desk.post(reverse("admin:payments_offer_add"), offer_form(**changes))

    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price": "0"}, "price"),
        ({"things": "dummy a\ndummy a"}, "things"),
        ({"list_price": "48.99"}, "list_price"),
        ({"suggested": "60.00"}, "suggested"),
        ({"trial_days": "7"}, "trial_days"),
        ({"instalments": "25"}, "instalments"),
        ({"instalments": "3", "period": "month"}, "instalments"),
        ({"pricing": "open", "period": "month"}, "pricing"),
        ({"most_sold": "0"}, "most_sold"),
        ({"tax_class": "books"}, "tax_class"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_in_words(desk, changes, field):
    page = desk.post(reverse("admin:payments_offer_add"), offer_form(**changes))

    errors = page.context["adminform"].form.errors
    assert list(errors) == [field]
    assert "onstraint" not in str(errors)
    assert not Offer.objects.exists()


def test_offers_are_closed_and_never_deleted(desk):
    offer = make_offer()

    answer = desk.post(reverse("admin:payments_offer_delete", args=[offer.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert Offer.objects.exists()


def test_money_is_read_only(desk):
    order = make_paid_order()
    rows = {
        "order": order.pk,
        "payment": order.payments.get().pk,
        "ledgerentry": LedgerEntry.objects.first().pk,
    }

    for model, pk in rows.items():
        change = reverse(f"admin:payments_{model}_change", args=[pk])
        assert desk.get(change).status_code == 200
        assert desk.post(change, {"total_minor": 1, "amount_minor": 1}).status_code == 403
        delete = reverse(f"admin:payments_{model}_delete", args=[pk])
        assert desk.post(delete, {"post": "yes"}).status_code == 403
        assert desk.get(reverse(f"admin:payments_{model}_add")).status_code == 403
    assert Order.objects.get().total_minor == 4900


@pytest.fixture(scope="module")
def costs(django_db_setup, django_db_blocker):
    """By model: queries of the list with few and with many rows, and the answer to a search."""

    def cost(desk, model):
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(listed(model)).status_code == 200
        return len(captured)

    with unkept(django_db_blocker):
        sellables.register("dummy", DummySellable())
        desk = Client()
        desk.force_login(make_user(is_staff=True, is_superuser=True))
        make_refunded()
        for model in MODELS:
            cost(desk, model)
        few = {model: cost(desk, model) for model in MODELS}
        for _ in range(5):
            make_refunded()
        make_checkout()
        return {
            model: (
                few[model],
                cost(desk, model),
                desk.get(listed(model), {"q": "thing"}).status_code,
            )
            for model in MODELS
        }


def listed(model: str) -> str:
    return reverse(f"admin:payments_{model}_changelist")


@pytest.mark.parametrize("model", MODELS)
def test_lists_open_search_and_cost_the_same_queries_with_many_rows(costs, model):
    few, many, searched = costs[model]

    assert many == few <= 12
    assert searched == 200


def make_refunded():
    order = make_paid_order()
    refund_lines(
        order=order,
        amounts={order.lines.get().public_id: 100},
        reason="x",
        key=order.number,
    )
    return order


def refund_address(order):
    return reverse("admin:payments_order_refund", args=[order.pk])


def test_a_refund_asks_once_more_and_leaves_an_audit_entry(desk, staff, dummy):
    order = make_paid_order(offers=2)
    line, other = order.lines.order_by("pk")
    link = desk.get(reverse("admin:payments_order_change", args=[order.pk])).content.decode()
    first = desk.get(refund_address(order)).content.decode()
    said = {
        "form_key": re.search(r'name="form_key" value="([^"]+)"', first)[1],
        "reason": "Bought twice",
        line.public_id: "49.00",
        other.public_id: "",
    }

    asked = desk.post(refund_address(order), said).content.decode()
    assert not Refund.objects.exists()
    for _ in range(2):
        done = desk.post(refund_address(order), said | {"confirmed": "1"}, follow=True)

    assert refund_address(order) in link
    assert "€49.00 goes back" in asked
    assert "ends at once" in asked
    assert "Bought twice" in asked
    assert "Partially refunded" in done.content.decode()
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.actor) == (4900, staff)
    assert dummy.count("withdraw") == 1
    assert AuditEntry.objects.get(action="order.refunded").data["reason"] == "Bought twice"


@pytest.mark.parametrize("amount", ["", "0", "49.01", "-1", "x", "4.999", "9" * 20])
def test_a_refund_that_cannot_be_says_why(desk, amount):
    order = make_paid_order()
    line = order.lines.get()

    page = desk.post(
        refund_address(order),
        {"form_key": "k", "reason": "x", line.public_id: amount, "confirmed": "1"},
    )

    assert "errorlist" in page.content.decode()
    assert not Refund.objects.exists()


def test_refunds_need_the_permission():
    order = make_paid_order()
    client = Client()
    client.force_login(make_user(is_staff=True))

    answer = client.post(refund_address(order), {"confirmed": "1"})

    assert answer.status_code == 403
    assert Order.objects.get().state == states.PAID


def test_the_board_counts_todays_orders_by_currency(rf, staff, django_assert_num_queries):
    make_paid_order()
    make_paid_order(offers=2)
    make_paid_order(currency="JPY", amount_minor=500)
    make_order()
    Order.objects.filter(currency="JPY").update(attention="Look")
    request = rf.get("/admin/")
    request.user = staff

    with django_assert_num_queries(3):
        board = orders_today(request)

    assert [(row["count"], row["sum"]) for row in board["context"]["rows"]] == [
        (2, "€147.00"),
        (1, "¥500"),
    ]
    assert board["context"]["attention"] == 1
    request.user = make_user(is_staff=True)
    assert orders_today(request) is None


def test_an_order_shows_why_its_total_is_what_it_is(desk):
    order = make_paid_order()

    page = desk.get(reverse("admin:payments_order_change", args=[order.pk])).content.decode()

    assert "Total €49.00" in page
    assert Payment.objects.get().public_id in page
