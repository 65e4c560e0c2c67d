"""What needs attention is looked after by staff, and comes back when it is found again."""

import pytest
from django.urls import reverse

from engineroom.models import AuditEntry
from payments.actions.attending import look_after
from payments.actions.settling import flag
from tests.factories.accounts import make_user
from tests.factories.payments import make_paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(dummy):
    order = make_paid_order()
    flag(order, "Paid twice.")
    return order


def test_looking_after_takes_the_reason_into_the_audit_trail(order):
    staff = make_user()

    assert look_after(row=order, actor=staff) is True

    order.refresh_from_db()
    entry = AuditEntry.objects.get(action="order.looked_after")
    assert order.attention == ""
    assert (entry.target, entry.actor, entry.data["why"]) == (order.number, staff, "Paid twice.")


def test_what_needs_no_attention_is_left_alone(order):
    look_after(row=order)

    assert look_after(row=order) is False
    assert AuditEntry.objects.filter(action="order.looked_after").count() == 1


def test_the_list_asks_once_more_and_then_does_it(order, client):
    client.force_login(make_user(is_staff=True, roles=["manager"]))
    address = reverse("admin:payments_order_changelist")
    chosen = {"action": "look_after", "_selected_action": [order.pk]}

    page = client.post(address, chosen)
    order.refresh_from_db()
    assert "Paid twice." in page.content.decode()
    assert order.attention

    client.post(address, {**chosen, "confirmed": "1"})
    order.refresh_from_db()
    assert order.attention == ""


def test_who_may_not_refund_is_not_offered_it(order, client):
    client.force_login(make_user(is_staff=True, roles=["instructor"]))

    client.post(
        reverse("admin:payments_order_changelist"),
        {"action": "look_after", "_selected_action": [order.pk], "confirmed": "1"},
    )

    order.refresh_from_db()
    assert order.attention == "Paid twice."
