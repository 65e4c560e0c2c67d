"""The short form of the fault tests, in one process: what is a kill there is an exception here that
nothing catches, and what is many processes there is many threads."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from engineroom import clock, faultpoints, outbox
from payments import sellables, states
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.reconciling import reconcile_payments
from payments.actions.refunding import refund_lines
from payments.actions.settling import refresh_payment
from payments.actions.subscriptions import refresh_subscription
from payments.actions.webhooks import process_event, receive_event
from payments.gateways import current, simulator
from payments.models import LedgerEntry, Order, Payment, Refund, SimulatorPayment, SimulatorRefund
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.payments import DummySellable, make_offer, make_paid_order
from tests.factories.subscriptions import PeriodicSellable, subscribe, use_fake_gateway
from tests.faults import points, promises
from tests.faults.promise import Stage
from tests.faults.promises import books, jumps, news, previews, prices, races, sealed

STAGE = Stage(db="any", scale="short")


def of(*prefixes: str) -> list[str]:
    return [point for point in points.POINTS if point.startswith(prefixes)]


class Died(BaseException):
    """As a killed process: nobody's `except Exception` catches it."""


@pytest.fixture
def dummy():
    thing = DummySellable()
    sellables.register("dummy", thing)
    yield thing
    sellables.forget("dummy")


@pytest.fixture
def dying():
    """Arms one point to end the process the first time it is passed."""

    def arm(point):
        def die():
            faultpoints.disarm()
            raise Died(point)

        faultpoints.arm(point, die)

    yield arm
    faultpoints.disarm()


def test_every_fault_point_exists_once_and_is_documented():
    found = points.in_code()

    assert sorted(found) == sorted(set(found)), "a point stands in the code twice"
    assert sorted(found) == sorted(points.in_docs())
    assert len(found) >= 12


def test_a_point_does_nothing_until_it_is_armed():
    faultpoints.faultpoint("checkout.before_order")

    assert not faultpoints._armed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "point", [p for p in points.POINTS if p.split(".")[0] in ("checkout", "return", "settle")]
)
def test_a_buyer_whose_request_dies_and_who_asks_again_is_charged_once(point, dying, dummy):
    person, offer = make_user(), make_offer(keys=[f"at-{point}"])
    dying(point)
    for _ in range(2):
        try:
            checkout = open_checkout(offer=offer, person=person)
            order = place_order(checkout=checkout, has_consented=True)
            payment = start_payment(order=order)
            if simulator.find(payment.reference).state == "open":
                simulator.pay(payment.reference, outcome="success")
            refresh_payment(payment, source="return")
            break
        except Died:
            assert not connection.in_atomic_block
    order = Order.objects.get(state=states.PAID)

    assert SimulatorPayment.objects.filter(state="succeeded").count() == 1
    assert Payment.objects.filter(state=states.CAPTURED).count() == 1
    assert LedgerEntry.objects.filter(order=order, ref__startswith="capture:").count() == 1
    assert audit_books()["ok"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", of("webhook."))
def test_a_webhook_that_dies_is_made_up_for(point, dying, dummy):
    checkout = open_checkout(offer=make_offer(), person=make_user())
    payment = start_payment(order=place_order(checkout=checkout, has_consented=True))
    simulator.pay(payment.reference, outcome="success")
    body = news.event(payment, "captured")
    dying(point)
    with pytest.raises(Died):
        process_event(
            receive_event(gateway=current(), body=body, signature=simulator.signed(body.decode()))[
                0
            ]
        )
    faultpoints.disarm()

    with clock.moved_by(timedelta(minutes=1)):
        reconcile_payments()

    assert Order.objects.get().state == states.PAID
    assert audit_books()["ok"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", of("refund."))
def test_a_refund_that_dies_goes_back_once(point, dying, dummy):
    order = make_paid_order()
    amounts = {order.lines.get().public_id: None}
    dying(point)
    with pytest.raises(Died):
        refund_lines(order=order, amounts=amounts, reason="Test", key="one")
    faultpoints.disarm()

    refund_lines(order=order, amounts=amounts, reason="Test", key="one")
    with clock.moved_by(timedelta(minutes=1)):
        outbox.drain()

    assert Refund.objects.get().state == states.DONE
    assert SimulatorRefund.objects.get().amount_minor == order.total_minor
    assert audit_books()["ok"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", of("renewal."))
def test_a_renewal_that_dies_is_charged_once_and_made_up_for(point, dying, settings):
    gateway = use_fake_gateway(settings)
    sellables.register("dummy", PeriodicSellable())
    start = datetime(2027, 1, 31, 10, 0, tzinfo=UTC)
    with clock.stopped_at(start):
        subscription = subscribe()
    with clock.stopped_at(start + timedelta(days=29)):
        dying(point)
        with pytest.raises(Died):
            refresh_subscription(subscription, source="test")
        for _ in range(2):
            refresh_subscription(subscription, source="test")
    sellables.forget("dummy")

    orders = Order.objects.filter(subscription=subscription, state=states.PAID)
    assert sum(orders.values_list("total_minor", flat=True)) == gateway.taken_minor
    assert orders.count() == 2
    assert audit_books()["ok"]


def test_no_unit_is_invented_in_500_carts():
    assert prices.run(STAGE, 1, "short", carts=500).violations == []
    assert prices.control(STAGE)


@pytest.mark.django_db(transaction=True)
def test_the_books_balance_after_operations_by_chance():
    assert books.play(7, 40).violations == []
    assert books.control(STAGE)


@pytest.mark.django_db(transaction=True)
def test_the_preview_is_what_is_charged():
    assert previews.play(3, 10).violations == []
    assert previews.control(STAGE)


@pytest.mark.django_db(transaction=True)
def test_clock_jumps_charge_nobody_twice():
    assert jumps.run(STAGE, 0, "short").violations == []
    assert jumps.control(STAGE)


@pytest.mark.django_db(transaction=True)
def test_whose_time_is_over_reads_nothing_any_more():
    """The others who may not read are walked through in the journeys."""
    assert sealed.run(STAGE, 0, "short", others=[sealed.expired]).violations == []
    assert sealed.control(STAGE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "control", [news.control_r5, news.control_r6, news.control_r7, races.control_invoices]
)
def test_without_its_guard_a_promise_is_broken(control):
    assert control(STAGE)
    assert audit_books()["ok"]


def test_every_promise_has_rounds_at_both_scales():
    for promise in promises.ALL:
        assert promise.rounds["short"] >= 1, promise.name
        assert promise.rounds["full"] >= promise.rounds["short"], promise.name
