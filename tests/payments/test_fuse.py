"""A gateway that sleeps holds up those who pay, and nobody else."""

import threading
from contextlib import suppress

import pytest

from payments.actions.ordering import start_payment
from payments.gateways import fuse, simulator
from payments.refusals import GatewayUnavailable
from tests.factories.payments import make_order
from tests.factories.subscriptions import use_fake_gateway


@pytest.fixture
def wire():
    return fuse.Fuse()


def fail(wire) -> bool:
    """Whether a call was made, and failed."""
    made = []

    def ask():
        with wire.call():
            made.append("asked")
            raise GatewayUnavailable

    with pytest.raises(GatewayUnavailable):
        ask()
    return bool(made)


def test_three_failures_in_a_row_spare_the_others_the_wait(wire):
    assert [fail(wire) for _ in range(5)] == [True, True, True, False, False]


def test_a_call_that_works_forgets_the_failures_before_it(wire):
    for _ in range(3):
        fail(wire)
        fail(wire)
        with wire.call():
            pass

    assert fail(wire)


def test_a_refusal_of_the_gateway_is_an_answer(wire):
    for _ in range(5):
        with suppress(ValueError), wire.call():
            raise ValueError("declined")

    assert fail(wire)


def test_after_a_rest_one_call_tries_and_the_others_wait_for_what_it_says(wire, monkeypatch):
    monkeypatch.setattr(fuse, "REST_SECONDS", 0.0)
    for _ in range(3):
        fail(wire)
    with wire.call():
        assert not fail(wire)

    assert fail(wire)


def asleep(wire, count: int):
    """So many calls that do not come back until the event is set: (event, threads)."""
    wakes, entered = threading.Event(), threading.Barrier(count + 1, timeout=10)

    def wait():
        with wire.call():
            entered.wait()
            wakes.wait(10)

    threads = [threading.Thread(target=wait) for _ in range(count)]
    for thread in threads:
        thread.start()
    entered.wait()
    return wakes, threads


@pytest.mark.parametrize(("slow_seconds", "is_made"), [(-1.0, False), (60.0, True)])
def test_half_of_the_threads_wait_for_a_slow_gateway_and_no_more(
    wire, settings, monkeypatch, slow_seconds, is_made
):
    settings.WEB_THREADS = 4
    monkeypatch.setattr(fuse, "SLOW_SECONDS", slow_seconds)
    wakes, threads = asleep(wire, 2)

    assert fail(wire) is is_made

    wakes.set()
    for thread in threads:
        thread.join()


@pytest.mark.django_db
def test_checkouts_stop_asking_a_gateway_that_is_down_and_ask_again_when_it_is_back(
    settings, monkeypatch
):
    gateway = use_fake_gateway(settings)
    order = make_order()
    type(gateway).is_down = True
    for _ in range(5):
        with pytest.raises(GatewayUnavailable):
            start_payment(order=order)

    assert gateway.calls.count("start") == fuse.MOST_FAILURES

    type(gateway).is_down = False
    monkeypatch.setattr(fuse.of("fake"), "_rests_until", 0.0)

    assert start_payment(order=order).url


def test_a_gateway_in_the_schools_own_database_needs_no_fuse(settings):
    """The simulator on a busy SQLite waits for the database, and is not called away for it."""
    inside, outside = simulator.SimulatorGateway(), simulator.SimulatorGateway()
    outside.is_outside = True
    for _ in range(fuse.MOST_FAILURES):
        with pytest.raises(GatewayUnavailable), fuse.around(outside):
            raise GatewayUnavailable

    with fuse.around(inside):
        pass
    with pytest.raises(GatewayUnavailable), fuse.around(outside):
        pass
