"""R8: an Idempotency-Key has one effect, however often and however rudely it is used."""

import time
from contextlib import suppress
from uuid import uuid4

from engineroom import idempotency
from payments.models import Order
from tests.faults.buyers import (
    Bought,
    Buyer,
    all_at_once,
    buy,
    insist,
    new_course,
    wrong_with_books,
)
from tests.faults.promise import Promise, Tally, by_chance


def _paid_order(stage):
    _, offer = new_course()
    bought = buy(stage.school, Buyer.new(), offer)
    order = Order.objects.get(number=bought.order)
    return order, order.lines.get().public_id


def _refund(line: str, amount: int = 1) -> dict:
    return {"lines": [{"line": line, "amount_minor": amount}], "reason": "A fault test."}


def _path(order) -> str:
    return f"/api/v1/orders/{order.number}/refunds"


def _refunded(order) -> int:
    return Order.objects.get(pk=order.pk).refunded_minor


def run_parallel(stage, number, scale) -> Tally:
    """So many calls at once with one key move one unit, and are answered alike or told to wait."""
    order, line = _paid_order(stage)
    staff, other = Buyer.new(is_staff=True, is_superuser=True), Buyer.new(is_superuser=True)
    tally, calls = Tally(), 50 if stage.is_full else 10
    for _ in range(10 if stage.is_full else 2):
        before, key = _refunded(order), uuid4().hex

        def press(_, key=key):
            return stage.school.ask("POST", _path(order), _refund(line), token=staff.token, key=key)

        answers = all_at_once(calls, press)
        good = [said["id"] for status, said in answers if status == 201]
        wrong = [f"answered {status}" for status, _ in answers if status not in (201, 409)]
        if len(set(good)) != 1 or _refunded(order) != before + 1:
            wrong.append(f"{len(set(good))} refunds, {_refunded(order) - before} units back")
        last = insist(
            stage.school, Bought(), "POST", _path(order), _refund(line), token=staff.token, key=key
        )
        if last[0] != 201 or _refunded(order) != before + 1:
            wrong.append(f"the key was answered {last[0]} later")
        reused = press_other(stage, order, line, staff, key)
        if reused != 422:
            wrong.append(f"another body with the key was answered {reused}")
        status, _ = stage.school.ask(
            "POST", _path(order), _refund(line), token=other.token, key=key
        )
        if status != 201 or _refunded(order) != before + 2:
            wrong.append("another person's key is not another key")
        tally.add(wrong, calls + 3)
    if idempotency.KEPT.total_seconds() < 24 * 3600:
        tally.violations.append("keys are forgotten within a day")
    return tally


def press_other(stage, order, line, staff, key) -> int:
    body = _refund(line, 2)
    return stage.school.ask("POST", _path(order), body, token=staff.token, key=key)[0]


def run_cut(stage, number, scale) -> Tally:
    """Connections cut at any moment, then tried again with the same key."""
    order, line = _paid_order(stage)
    staff, chance, tally = Buyer.new(is_staff=True, is_superuser=True), by_chance(5), Tally()
    for _ in range(500 if stage.is_full else 15):
        before, key = _refunded(order), uuid4().hex
        with suppress(OSError):
            stage.school.ask(
                "POST",
                _path(order),
                _refund(line),
                token=staff.token,
                key=key,
                cut=chance.uniform(0.001, 0.08),
            )
        _once(stage, order, line, staff, key, before, tally)
    return tally


def _once(stage, order, line, staff, key, before, tally) -> None:
    status, _ = insist(
        stage.school,
        Bought(),
        "POST",
        _path(order),
        _refund(line),
        token=staff.token,
        key=key,
        until=time.monotonic() + 60,
    )
    moved = _refunded(order) - before
    tally.add([] if (status, moved) == (201, 1) else [f"answered {status}, {moved} units back"])


def run_killed(stage, number, scale) -> Tally:
    """The process is killed inside the call, then the call is repeated."""
    order, line = _paid_order(stage)
    staff, tally = Buyer.new(is_staff=True, is_superuser=True), Tally()
    points = ("refund.before_reservation", "refund.before_gateway", "refund.after_gateway")
    for point in points * (4 if stage.is_full else 1):
        before, key = _refunded(order), uuid4().hex
        stage.school.plant(point, "kill")
        try:
            stage.school.ask("POST", _path(order), _refund(line), token=staff.token, key=key)
            tally.violations.append(f"nobody died at {point}")
        except OSError:
            pass
        _once(stage, order, line, staff, key, before, tally)
    stage.school.clear()
    tally.violations += wrong_with_books()
    return tally


def run(stage, number, scale) -> Tally:
    return (run_cut, run_killed, run_parallel)[min(number, 2)](stage, number, scale)


def control(stage) -> bool:
    """The same calls without a shared key move money each time."""
    order, line = _paid_order(stage)
    staff, before = Buyer.new(is_staff=True, is_superuser=True), _refunded(order)

    def press(_):
        return stage.school.ask(
            "POST", _path(order), _refund(line), token=staff.token, key=uuid4().hex
        )

    all_at_once(5, press)
    return _refunded(order) - before > 1


PROMISES = [Promise("R8", "A key has one effect", run, {"short": 3, "full": 12}, control)]
