"""Refunds made at Stripe itself, and refunds that a bank sends back days later."""

from datetime import timedelta

import pytest

from engineroom import clock
from payments import states
from payments.actions.outside_refunds import note_resent
from payments.actions.refunding import refund_lines
from payments.actions.selfcheck import check_everything, repair_everything
from payments.models import GatewayEvent, Invoice, LedgerEntry, Refund
from payments.queries.books import audit_books
from tests.factories.payments import make_offer
from tests.payments.stripe_stand_in import money
from tests.payments.stripe_stand_in.world import StripeWorld
from tests.payments.test_stripe_journey import bought, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings):
    with StripeWorld(settings) as world:
        yield world


def refunded_there(world, order, **how) -> None:
    intent = world.stripe.memory.tables["payment_intent"]
    money.refund(world.stripe.memory, {"payment_intent": next(iter(intent)), **how})


def came_back(world) -> None:
    (made,) = world.stripe.memory.tables["refund"].values()
    money.refund_fails(world.stripe.memory, made)


def test_a_refund_made_at_the_gateway_is_written_here_too(world, dummy):
    order, _ = bought(world)
    refunded_there(world, order)
    deliver(world, world.events())

    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.state, refund.state, refund.amount_minor) == (
        states.REFUNDED,
        states.DONE,
        order.total_minor,
    )
    assert order.lines.get().withdrawn_at
    assert "was refunded at the gateway, not here" in order.attention
    assert audit_books()["ok"], audit_books()["problems"]
    assert Invoice.objects.filter(kind="credit_note").count() == 1


def test_a_part_refunded_at_the_gateway_leaves_the_access(world, dummy):
    order, _ = bought(world, make_offer(amount_minor=2900))
    refunded_there(world, order, amount="900")
    for _ in range(2):
        deliver(world, world.events())

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.PARTLY_REFUNDED, 900)
    assert not order.lines.get().withdrawn_at
    assert audit_books()["ok"], audit_books()["problems"]


def test_when_the_news_is_lost_the_self_check_finds_and_repairs_it(world, dummy):
    order, _ = bought(world)
    refunded_there(world, order)
    world.events()

    with clock.stopped_at(clock.now() + timedelta(hours=1)):
        (found,) = check_everything()
        repair_everything()
        assert check_everything() == []

    order.refresh_from_db()
    assert (found.kind, found.repair) == ("amount_mismatch", "match_refunds")
    assert order.state == states.REFUNDED


def test_our_own_refund_is_not_taken_for_one_made_there(world, dummy):
    order, _ = bought(world)
    line = order.lines.get().public_id
    refund_lines(order=order, amounts={line: None}, reason="", key="k")
    deliver(world, world.events())

    order.refresh_from_db()
    assert Refund.objects.count() == 1
    assert order.attention == ""
    assert check_everything() == []
    assert not GatewayEvent.objects.filter(processed_at=None).exists()


def test_a_refund_that_comes_back_is_put_before_staff_until_they_sent_it_another_way(world, dummy):
    order, _ = bought(world)
    line = order.lines.get().public_id
    refund = refund_lines(order=order, amounts={line: None}, reason="", key="k")
    came_back(world)
    deliver(world, world.events())

    order.refresh_from_db()
    assert "has come back to the gateway. Send it another way." in order.attention
    (found,) = check_everything()
    assert found.kind == "amount_mismatch"
    assert "Send it another way" in found.detail

    assert note_resent(refund=refund) is True
    assert note_resent(refund=refund) is False
    assert check_everything() == []
    entry = LedgerEntry.objects.get(ref=f"resent:{refund.public_id}")
    assert (entry.debit, entry.credit) == ("test:gateway:stripe", "test:bank")
    assert audit_books()["ok"], audit_books()["problems"]
