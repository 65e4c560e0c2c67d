"""R8: an Idempotency-Key has one effect, however often and however rudely it is used."""

import time
from contextlib import suppress
from uuid import uuid4

from rest_framework.test import APIClient

from engineroom import idempotency
from engineroom.models import IdempotencyKey
from payments.api.views import orders
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
from tests.faults.promise import Promise, Tally, by_chance, without


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


def _twice(order, line, staff) -> int:
    """Units that one call moves when it comes twice with one key, in this process."""
    client, key, before = APIClient(), uuid4().hex, _refunded(order)
    for _ in range(2):
        client.post(
            _path(order),
            _refund(line),
            format="json",
            headers={
                "Authorization": f"Bearer {staff.token}",
                "Idempotency-Key": key,
                "Host": "localhost",
            },
        )
    return _refunded(order) - before


def control(stage) -> bool:
    """Answer without looking for a kept answer (`idempotency.stored`), without the key's row
    (`idempotency.claim`), and refund without the caller's key (`orders.fingerprint`): the second of
    two equal calls moves money again, which it does not with all three in place."""
    order, line = _paid_order(stage)
    staff = Buyer.new(is_staff=True, is_superuser=True)
    has_held = _twice(order, line, staff) == 1
    careful = idempotency.claim, orders.fingerprint
    idempotency.claim = lambda *_: IdempotencyKey()
    orders.fingerprint = lambda *_: uuid4().hex
    try:
        moved = without((idempotency, "stored"), lambda: _twice(order, line, staff))
    finally:
        idempotency.claim, orders.fingerprint = careful
    return has_held and moved == 2


PROMISES = [Promise("R8", "A key has one effect", run, {"short": 3, "full": 12}, control)]
