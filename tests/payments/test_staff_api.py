"""Everybody's orders and subscriptions for staff, by the API."""

import pytest
from django.contrib.auth.models import Permission

from engineroom.models import AuditEntry, OutboxEvent
from payments import states
from payments.models import Order, Refund
from tests.factories.accounts import make_user
from tests.factories.payments import make_order, make_paid_order
from tests.factories.subscriptions import make_subscription, sell_in_periods
from tests.payments.test_api import Program

pytestmark = pytest.mark.django_db


def staff(*permissions: str) -> Program:
    person = make_user(is_staff=True)
    person.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    return Program(person)


def test_staff_read_an_order_and_refund_the_line_they_found_there(dummy):
    person = make_user()
    order = make_paid_order(person=person)
    cashier = staff("view_order", "refund_order")

    said = cashier.get(f"orders/{order.number.lower()}").json()
    body = {"lines": [{"line": said["lines"][0]["id"]}], "reason": "asked"}
    answer = cashier.post(f"orders/{order.number}/refunds", body)

    assert (said["number"], said["email"], said["person"]) == (
        order.number,
        person.email,
        person.public_id,
    )
    assert said["lines"][0]["total_minor"] == 4900
    assert said["subscription"] is None
    assert answer.status_code == 201
    assert Refund.objects.get().amount_minor == 4900


def test_the_owner_is_told_no_more_than_before(dummy):
    person = make_user()
    order = make_paid_order(person=person)

    said = Program(person).get(f"orders/{order.number}").json()

    assert not {"email", "person", "attention", "was_guest"} & set(said)


@pytest.mark.parametrize("permissions", [(), ("refund_order", "view_payment", "view_subscription")])
def test_who_may_not_see_orders_sees_none(permissions, dummy):
    order = make_paid_order()
    other = staff(*permissions)

    assert other.get(f"orders/{order.number}").status_code == 404
    assert other.get("all-orders").status_code == 403
    assert other.get("orders").json()["results"] == []


def test_staff_list_everybodys_orders_page_by_page(dummy):
    orders = [make_order(email=f"buyer{at}@example.com") for at in range(3)]
    clerk = staff("view_order")

    first = clerk.get("all-orders?page_size=2").json()
    second = clerk.get(first["next"].partition("/api/v1/")[2]).json()

    found = [row["number"] for row in first["results"] + second["results"]]
    assert found == [order.number for order in reversed(orders)]
    assert second["next"] is None


def test_the_list_is_narrowed_by_state_address_and_number(dummy):
    paid, open_ = make_paid_order(), make_order(email="Guest@Example.com")
    clerk = staff("view_order")

    def found(asked):
        return [row["number"] for row in clerk.get(f"all-orders?{asked}").json()["results"]]

    assert found("state=paid") == [paid.number]
    assert found("email=guest@example.com") == [open_.number]
    assert found(f"number={paid.number.lower()}") == [paid.number]
    assert found(f"number={paid.number}&state=awaiting_payment") == []
    assert found("state=nonsense") == []
    assert clerk.get("all-orders?email=%00").status_code == 400


def test_the_list_costs_the_same_with_one_and_with_five_orders(dummy, django_assert_num_queries):
    clerk = staff("view_order")
    clerk.get("all-orders")
    make_paid_order()
    with django_assert_num_queries(5):
        assert len(clerk.get("all-orders").json()["results"]) == 1
    for _ in range(4):
        make_paid_order(offers=2)
    with django_assert_num_queries(5):
        assert len(clerk.get("all-orders").json()["results"]) == 5
    assert Order.objects.filter(state=states.PAID).count() == 5
    assert not AuditEntry.objects.filter(action__startswith="refund").exists()


def test_staff_cancel_a_subscription_and_say_why(dummy):
    sell_in_periods()
    subscription = make_subscription()
    clerk = staff("view_subscription", "cancel_subscription")
    path = f"subscriptions/{subscription.public_id}"

    shown = clerk.get(path).json()
    answer = clerk.post(f"{path}/cancel", {"at_period_end": False, "reason": "Asked by phone."})

    subscription.refresh_from_db()
    assert shown["state"] == states.ACTIVE
    assert (answer.status_code, answer.json()["state"]) == (200, states.ENDED)
    assert subscription.state == states.ENDED
    entry = AuditEntry.objects.get(action="subscription.canceled")
    assert entry.data["reason"] == "Asked by phone."
    assert entry.actor != subscription.person
    assert OutboxEvent.objects.filter(payload__to=subscription.person.email).exists()


@pytest.mark.parametrize(
    ("permissions", "body", "status"),
    [
        (("cancel_subscription",), {"at_period_end": False}, 400),
        (("cancel_subscription",), {"reason": "  "}, 400),
        (("cancel_subscription",), {"reason": "x" * 301}, 400),
        (("view_subscription", "refund_order"), {"reason": "Asked."}, 404),
        ((), {"reason": "Asked."}, 404),
    ],
)
def test_a_cancelation_without_a_reason_or_a_right_changes_nothing(
    permissions, body, status, dummy
):
    sell_in_periods()
    subscription = make_subscription()

    answer = staff(*permissions).post(f"subscriptions/{subscription.public_id}/cancel", body)

    subscription.refresh_from_db()
    assert answer.status_code == status
    assert (subscription.state, subscription.cancels_at_period_end) == (states.ACTIVE, False)
    assert not AuditEntry.objects.filter(action="subscription.canceled").exists()


@pytest.mark.parametrize("move", ["keep", "change", "change-preview", "card"])
def test_staff_do_nothing_else_with_the_subscription_of_another(move, dummy):
    sell_in_periods()
    subscription = make_subscription()
    clerk = staff("view_subscription", "cancel_subscription")

    answer = clerk.post(f"subscriptions/{subscription.public_id}/{move}", {})

    assert answer.status_code == 404
