"""R5, R6, R7: webhooks that come late, doubled, shuffled, forged, or about something else."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from uuid import uuid4

from django.db import connections, transaction

from engineroom import clock
from engineroom.models import OutboxEvent
from payments import signing, states
from payments.actions import claims
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import settle_order
from payments.actions.webhooks import process_event, receive_event
from payments.gateways import current, simulator
from payments.gateways.accounts import account
from payments.models import GatewayEvent, LedgerEntry, Order, Payment
from tests.faults.buyers import Buyer, new_course, wrong_with
from tests.faults.promise import Promise, Tally, by_chance, without

DOOR = "/webhooks/simulator/"
KINDS = ("open", "processing", "captured", "failed", "canceled")


def started(offer) -> Payment:
    """A payment of somebody new whose hosted page is open."""
    checkout = open_checkout(offer=offer, person=Buyer.new().person)
    return start_payment(order=place_order(checkout=checkout, has_consented=True))


def event(payment: Payment, status: str, event_id: str = "", **changes) -> bytes:
    said = {
        "reference": payment.reference,
        "key": payment.public_id,
        "order": payment.order.number,
        "status": status,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "method": "Visa ending 4242",
        "reason": "",
    }
    whole = {
        "id": event_id or f"evt_{uuid4().hex}",
        "type": f"payment.{status}",
        "created_at": clock.now().isoformat(),
        "account": account("simulator", "test").public_id,
        "mode": "test",
    }
    whole |= {name: changes.pop(name) for name in list(changes) if name in whole}
    return json.dumps(whole | {"payment": said | changes}).encode()


def post(school, body: bytes, signature: str | None = None, *, tries: int = 20, **headers) -> int:
    """The status of a delivery; a broken connection is tried again, as senders do."""
    signed = simulator.signed(body.decode()) if signature is None else signature
    sent = {"Lectern-Signature": signed, **headers}
    for _ in range(tries):
        try:
            return school.ask("POST", DOOR, body, headers=sent)[0]
        except OSError:
            continue
    return 0


def send_all(school, bodies: list[bytes], senders: int = 8) -> list[int]:
    def one(body):
        try:
            return post(school, body)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(senders) as threads:
        return list(threads.map(one, bodies))


def _settled_once(payment: Payment, course) -> list[str]:
    order = Order.objects.get(pk=payment.order_id)
    wrong = wrong_with(order.number, course)
    entries = LedgerEntry.objects.filter(order=order)
    counts = [entries.filter(ref__startswith=name).count() for name in ("capture:", "sale:")]
    if (order.state, counts) != (states.PAID, [1, 1]):
        wrong.append(f"{order.number}: {order.state}, {counts} times captured and sold")
    return wrong


def run_r5(stage, number, scale) -> Tally:
    """Round 0: ten deliveries each, shuffled. Round 1: every order of five kinds of event."""
    course, offer = new_course()
    chance, tally = by_chance(number), Tally()
    orders = list(permutations(KINDS)) if number == 1 else [KINDS * 2] * 500
    if not stage.is_full:
        orders = orders[:: len(orders) // 12]
    payments = [started(offer) for _ in orders]
    for payment in payments:
        simulator.pay(payment.reference, outcome="success")
    rows = [
        [event(payment, kind, f"evt_{payment.pk}_{kind}") for kind in kinds]
        for payment, kinds in zip(payments, orders, strict=True)
    ]
    if number == 1:
        with ThreadPoolExecutor(8) as threads:
            answers = sum(threads.map(lambda row: send_all(stage.school, row, 1), rows), [])
    else:
        bodies = [body for row in rows for body in row]
        chance.shuffle(bodies)
        answers = send_all(stage.school, bodies)
    tally.attempts = len(answers)
    tally.violations += [f"answered {status}" for status in answers if status != 200]
    for payment in payments:
        tally.violations += _settled_once(payment, course)
    late = [event(payment, kind) for payment in payments[:50] for kind in ("failed", "canceled")]
    send_all(stage.school, late)
    for payment in payments[:50]:
        tally.violations += _settled_once(payment, course)
    return tally


def _believed(payment: Payment, kinds) -> str:
    """How a payment ends when each event is taken at its word."""
    for kind in kinds:
        payment.refresh_from_db()
        reading = current().readings(json.loads(event(payment, kind)))
        settle_order(payment=payment, reading=reading, source="control")
    return Payment.objects.get(pk=payment.pk).state


def control_r5(stage) -> bool:
    """Settle what events say instead of asking the gateway, and let every state go to every other
    (`states.PAYMENT_MOVES`): then the last event decides."""
    _, offer = new_course()
    careful, orders = dict(states.PAYMENT_MOVES), list(permutations(KINDS))[::17]
    states.PAYMENT_MOVES.update(dict.fromkeys(careful, frozenset(careful)))
    try:
        with transaction.atomic():
            ends = {_believed(started(offer), kinds) for kinds in orders}
            transaction.set_rollback(True)
    finally:
        states.PAYMENT_MOVES.update(careful)
    return len(ends) > 1


def forgeries(payment: Payment, chance) -> list[tuple[bytes, str, dict]]:
    """One of each kind: (body, signature, further headers)."""
    body = event(payment, "captured")
    now = int(clock.now().timestamp())
    secret = account("simulator", "test").webhook_secret
    right = signing.sign(body, secret, now)
    at = chance.randrange(len(body))
    flipped = body[:at] + bytes([body[at] ^ (1 << chance.randrange(7))]) + body[at + 1 :]
    mark = right.rpartition("=")[2]
    place = chance.randrange(len(mark))
    other = "0" if mark[place] != "0" else "1"
    broken = right.replace(mark, mark[:place] + other + mark[place + 1 :])
    shape = json.dumps(json.loads(body), indent=1).encode()
    big = body[:-1] + b', "pad": "' + b"x" * 1_000_000 + b'"}'
    return [
        (flipped, right, {}),
        (body, broken, {}),
        (body, right.replace(str(now), str(now + 1)), {}),
        (body, signing.sign(body, "whsec_wrong", now), {}),
        (body, "", {}),
        (body, f"{right},{right}", {}),
        (body, signing.sign(body, secret, now - 301), {}),
        (body, signing.sign(body, secret, now + 400), {}),
        (shape, right, {}),
        (gzip.compress(body), right, {"Content-Encoding": "gzip"}),
        (big, right, {}),
    ]


def run_r6(stage, number, scale) -> Tally:
    _, offer = new_course()
    chance, tally = by_chance(number), Tally()
    payment = started(offer)
    simulator.pay(payment.reference, outcome="success")
    OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC, done_at=None).delete()
    payment.refresh_from_db()
    before = GatewayEvent.objects.count()
    rounds = 91 if stage.is_full else 3
    for body, signature, headers in [
        forged for _ in range(rounds) for forged in forgeries(payment, chance)
    ]:
        status = post(stage.school, body, signature, **headers)
        tally.attempts += 1
        if not 400 <= status < 500:
            tally.violations.append(f"a forgery was answered {status}")
    if GatewayEvent.objects.count() != before:
        tally.violations.append("a forgery was kept in the inbox")
    return tally


def control_r6(stage) -> bool:
    """Without the check of the signature (`signing.check`) anybody's event is kept."""
    _, offer = new_course()

    def forge():
        body = event(started(offer), "captured")
        return receive_event(gateway=current(), body=body, signature="")[1]

    with transaction.atomic():
        is_kept = without((signing, "check"), forge)
        transaction.set_rollback(True)
    return is_kept


MISMATCHES = (
    {"amount_minor": 1},
    {"currency": "USD"},
    {"account": "account_of_somebody_else"},
    {"order": "0000-0000-0000"},
    {"mode": "live"},
)


def run_r7(stage, number, scale) -> Tally:
    _, offer = new_course()
    tally = Tally()
    for change in MISMATCHES * (10 if stage.is_full else 1):
        payment, name = started(offer), f"evt_{uuid4().hex}"
        status = post(stage.school, event(payment, "captured", name, **change))
        kept = GatewayEvent.objects.filter(event_id=name).first()
        order = Order.objects.get(pk=payment.order_id)
        wrong = []
        if status != 200 or kept is None or not kept.error:
            wrong.append(f"{change}: answered {status}, not told to staff")
        if order.state != states.AWAITING or LedgerEntry.objects.filter(order=order).exists():
            wrong.append(f"{change}: the order is {order.state}")
        if not order.attention:
            wrong.append(f"{change}: the order does not ask for attention")
        tally.add(wrong)
    return tally


def control_r7(stage) -> bool:
    """Without the comparison with our payment (`claims.check_reading`) nobody is told of another
    amount."""
    _, offer = new_course()

    def mismatch():
        body = event(started(offer), "captured", amount_minor=1)
        signature = simulator.signed(body.decode())
        kept, _ = receive_event(gateway=current(), body=body, signature=signature)
        process_event(kept)
        kept.refresh_from_db()
        return kept

    with transaction.atomic():
        kept = without((claims, "check_reading"), mismatch)
        transaction.set_rollback(True)
    return bool(kept.processed_at) and not kept.error


PROMISES = [
    Promise("R5", "Webhooks in any order, any number", run_r5, {"short": 2, "full": 2}, control_r5),
    Promise("R6", "Forged webhooks do nothing", run_r6, {"short": 1, "full": 1}, control_r6),
    Promise("R7", "Mismatches grant nothing", run_r7, {"short": 1, "full": 1}, control_r7),
]
