"""What cost nothing beside what was paid: it ends with what it was bought with."""

from datetime import timedelta

import pytest

from engineroom import clock, outbox
from payments import states
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.selfcheck import check_everything
from payments.gateways import simulator
from payments.models import Order, SimulatorPayment
from payments.queries.books import audit_books
from payments.refusals import RefundNotValid
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer, pay

pytestmark = pytest.mark.django_db


def bundle(*keys, free):
    offer = make_offer(keys=keys)
    offer.items.filter(key__in=free).update(weight=0)
    return offer


def bought(*offers) -> tuple[Order, dict]:
    """A paid order, and its lines by what they give."""
    person = make_user()
    for offer in offers:
        checkout = open_checkout(offer=offer, person=person)
    order = pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))
    return order, {line.key: line for line in order.lines.all()}


def refund(order, *lines, key="key", amount=None):
    amounts = {line.public_id: amount for line in lines}
    refund_lines(order=order, amounts=amounts, reason="Back", key=key)
    order.refresh_from_db()


def given(dummy) -> set[str]:
    return {key for _person, key in dummy.owned}


def test_a_free_part_ends_with_the_last_of_what_it_was_bought_with(dummy):
    order, lines = bought(bundle("a", "b", "c", free=["c"]))
    assert (lines["c"].total_minor, given(dummy)) == (0, {"a", "b", "c"})

    refund(order, lines["a"], key="1")
    assert given(dummy) == {"b", "c"}
    refund(order, lines["b"], key="2", amount=1)
    assert given(dummy) == {"b", "c"}
    refund(order, lines["b"], key="3")

    assert given(dummy) == set()
    assert (order.state, dummy.count("withdraw")) == (states.REFUNDED, 3)
    assert not order.lines.filter(withdrawn_at=None).exists()
    assert check_everything() == []
    assert audit_books()["ok"]


def test_all_lines_of_an_order_can_be_refunded_at_once(dummy):
    order, lines = bought(bundle("a", "b", free=["b"]))

    refund(order, *lines.values())

    assert (order.state, given(dummy)) == (states.REFUNDED, set())
    assert [part.line.key for part in order.refunds.get().lines.all()] == ["a"]


def test_a_free_part_stays_while_only_another_offer_is_refunded(dummy):
    order, lines = bought(bundle("a", "b", free=["b"]), make_offer(keys=["c"]))

    refund(order, lines["c"], key="1")
    assert given(dummy) == {"a", "b"}
    refund(order, lines["a"], key="2")

    assert (order.state, given(dummy)) == (states.REFUNDED, set())


def test_a_free_part_alone_has_nothing_to_refund(dummy):
    order, lines = bought(bundle("a", "b", free=["b"]))

    with pytest.raises(RefundNotValid):
        refund(order, lines["b"])
    with pytest.raises(RefundNotValid):
        refund_lines(
            order=order,
            amounts={lines["b"].public_id: None, lines["a"].public_id: 1},
            reason="Back",
            key="part",
        )

    order.refresh_from_db()
    assert (order.state, order.refunds.count(), given(dummy)) == (states.PAID, 0, {"a", "b"})
    refund(order, lines["a"])
    with pytest.raises(RefundNotValid):
        refund(order, lines["b"], key="again")


def test_a_lost_dispute_ends_the_free_parts_as_well(dummy):
    order, _lines = bought(bundle("a", "b", free=["b"]))
    simulator.disputing.open_now(SimulatorPayment.objects.get(token=order.payments.get().reference))
    outbox.drain()
    assert given(dummy) == {"a", "b"}

    with clock.moved_by(timedelta(days=60)):
        simulator.run_due()
        outbox.drain()

    order.refresh_from_db()
    assert (order.state, given(dummy)) == (states.REFUNDED, set())
    assert audit_books()["ok"]
