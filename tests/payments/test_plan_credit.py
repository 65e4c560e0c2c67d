"""Credit in a change of plan comes out of money the school still has, whichever order brought it."""

from datetime import UTC, datetime, timedelta

import pytest

from payments import states
from payments.actions.changing import plan_change
from payments.actions.disputes import settle_dispute
from payments.actions.dunning import sweep_subscriptions
from payments.actions.refunding import refund_lines
from payments.actions.steering import change_plan
from payments.gateways.base import DisputeReading
from payments.models import Order, OrderKind, Subscription
from payments.queries.books import audit_books
from payments.refusals import ChangeNotNow
from tests.factories.subscriptions import at, make_membership, subscribe

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
LATER = START + timedelta(days=10)


def the_one() -> Subscription:
    return Subscription.objects.select_related("person", "offer").get()


def change_to(offer) -> Subscription:
    expected = plan_change(the_one(), offer).due_minor
    return change_plan(subscription=the_one(), offer=offer, expected_minor=expected)


def refund(order: Order, amount_minor: int | None = None) -> None:
    line = order.lines.get()
    refund_lines(order=order, amounts={line.public_id: amount_minor}, reason="Asked.", key="back")


def dispute(order: Order, status: str) -> None:
    payment = order.payments.get()
    reading = DisputeReading(
        reference="dp_1",
        payment=payment.reference,
        status=status,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        mode=payment.mode,
        account="",
    )
    settle_dispute(payment=payment, reading=reading, source="test")


def test_a_refund_of_the_order_before_the_last_change_is_no_credit(gateway, thing):
    first, same, small = (make_membership(amount_minor=minor) for minor in (3100, 3100, 500))
    with at(START):
        subscribe(first)
        change_to(same)
        refund(Order.objects.get(kind=OrderKind.PURCHASE))

        change = plan_change(the_one(), small)

        assert change.credit_minor == 0
        assert change.due_minor == change.proration.rest_minor == 500


def test_what_went_back_before_a_change_is_taken_off_once(gateway, thing):
    """What the buyer paid after the refund is the buyer's, also at the next change."""
    first, large, small = (make_membership(amount_minor=minor) for minor in (3100, 6200, 500))
    with at(START):
        subscribe(first)
        refund(Order.objects.get(kind=OrderKind.PURCHASE))
        change_to(large)
        assert Order.objects.get(kind=OrderKind.CHANGE).total_minor == 6200

        assert plan_change(the_one(), small).credit_minor == 6200 - 500


def test_a_part_that_went_back_lowers_the_credit_by_as_much(gateway, thing):
    first, same, small = (make_membership(amount_minor=minor) for minor in (3100, 3100, 500))
    with at(START):
        subscribe(first)
        change_to(same)
        refund(Order.objects.get(kind=OrderKind.PURCHASE), 1000)

        assert plan_change(the_one(), small).credit_minor == 3100 - 1000 - 500


def test_a_period_paid_with_credit_is_worth_nothing_once_that_money_went_back(gateway, thing):
    large, small, other = (make_membership(amount_minor=minor) for minor in (6200, 1550, 500))
    with at(START):
        subscribe(large)
    with at(LATER):
        change_to(small)
    with at(START.replace(month=4)):
        sweep_subscriptions()
        assert Order.objects.get(kind=OrderKind.RENEWAL).total_minor == 0
        assert plan_change(the_one(), other).proration.credit_minor == 1550
        refund(Order.objects.get(kind=OrderKind.PURCHASE))

        assert plan_change(the_one(), other).proration.credit_minor == 0


def test_a_refund_of_a_period_that_is_over_leaves_the_running_one_its_worth(gateway, thing):
    first, small = make_membership(amount_minor=3100), make_membership(amount_minor=500)
    with at(START):
        subscribe(first)
    with at(START.replace(month=4)):
        sweep_subscriptions()
        refund(Order.objects.get(kind=OrderKind.PURCHASE))

        assert plan_change(the_one(), small).credit_minor == 3100 - 500


def test_nothing_is_changed_while_a_bank_has_the_money(gateway, thing):
    first, small = make_membership(amount_minor=3100), make_membership(amount_minor=500)
    with at(START):
        subscribe(first)
        dispute(Order.objects.get(), "open")
        with pytest.raises(ChangeNotNow, match="bank"):
            plan_change(the_one(), small)
        with pytest.raises(ChangeNotNow):
            change_plan(subscription=the_one(), offer=small, expected_minor=0)
        assert Order.objects.count() == 1

        dispute(Order.objects.get(), "won")
        assert plan_change(the_one(), small).credit_minor == 3100 - 500
        assert change_to(small).offer == small


def test_money_that_a_bank_took_for_good_is_no_credit(gateway, thing):
    first, small = make_membership(amount_minor=3100), make_membership(amount_minor=500)
    with at(START):
        subscribe(first)
        dispute(Order.objects.get(), "open")
        dispute(Order.objects.get(), "lost")

        change = plan_change(the_one(), small)

        assert Order.objects.get().state == states.REFUNDED
        assert (change.credit_minor, change.due_minor) == (0, 500)
        assert audit_books()["ok"], audit_books()["problems"]
