"""Things to sell, people who buy them over HTTP and insist, and what must be true afterwards."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import Barrier
from uuid import uuid4

from django.db import connections

from accounts.actions.devices import issue_device
from learning.queries import access
from payments import states
from payments.actions.offers import price_course
from payments.models import LedgerEntry, Offer, OfferItem, Order, Payment, SimulatorPayment
from payments.queries.books import audit_books
from tests.factories.accounts import make_user
from tests.factories.catalog import make_course

PATIENCE = 60.0
PRICE = 4900
_number = count(1)


def new_course() -> tuple[object, Offer]:
    """A paid course of its own, and its offer."""
    name = f"fault-{uuid4().hex[:12]}"
    course = make_course(slug=name, title=f"Course {name}", is_free=False)
    offer = price_course(slug=name, title=course.title, amount_minor=PRICE, currency="EUR")
    return course, offer


def new_membership() -> Offer:
    """A month of every course."""
    offer = Offer.objects.create(
        title="Membership", amount_minor=PRICE, currency="EUR", period="month"
    )
    OfferItem.objects.create(offer=offer, kind="membership", key="school")
    return offer


@dataclass
class Buyer:
    """A signed-in person with a token for the API."""

    person: object
    token: str

    @classmethod
    def new(cls, **fields):
        person = make_user(email=f"{uuid4().hex}@example.com", **fields)
        return cls(person, issue_device(person=person, name="Fault test")[1])


@dataclass
class Bought:
    """How far a buyer came. `refusal` is the code of the answer that ended it, `worst` the gravest
    status of all answers and `worst_code` what it said."""

    order: str = ""
    state: str = ""
    refusal: str = ""
    worst: int = 0
    worst_code: str = ""
    broken: int = 0
    seconds: float = 0.0


def insist(school, bought: Bought, method, path, body=None, *, token="", until=0.0, key=""):
    """Ask until there is an answer: broken connections, 5xx and busy keys are tried again."""
    while True:
        try:
            status, said = school.ask(method, path, body, token=token, key=key)
        except OSError:
            bought.broken += 1
            status, said = 0, None
        code = said.get("code", "") if isinstance(said, dict) else ""
        if status > bought.worst:
            bought.worst, bought.worst_code = status, code
        if status and status < 500 and code != "idempotency_key_busy":
            return status, said
        if time.monotonic() > until:
            return status, said
        time.sleep(0.2)


def buy(school, buyer: Buyer, offer: Offer, *, pays=True, patience=PATIENCE) -> Bought:
    """The whole way through the API: checkout, payment, the hosted page, the order."""
    bought, started = Bought(), time.monotonic()
    until = started + patience
    key, token = uuid4().hex, buyer.token

    def ask(method, path, body=None, own=""):
        return insist(school, bought, method, path, body, token=token, until=until, key=own)

    status, said = ask("POST", "/api/v1/checkouts", {"offer": offer.public_id}, f"{key}-1")
    if status != 201:
        bought.refusal = (said or {}).get("code", str(status))
        return bought
    path = f"/api/v1/checkouts/{said['id']}/payments"
    status, said = ask("POST", path, {"consent": True}, f"{key}-2")
    if status != 201:
        bought.refusal = (said or {}).get("code", str(status))
        return bought
    bought.order, reference = said["order"], said["redirect_url"].rstrip("/").rpartition("/")[2]
    if not pays:
        return bought
    ask("POST", f"/api/v1/simulator/payments/{reference}", {"outcome": "success"})
    while time.monotonic() < until:
        status, said = ask("GET", f"/api/v1/orders/{bought.order}")
        bought.state = said["state"] if status == 200 else str(status)
        if bought.state in states.SETTLED_ORDERS:
            break
        time.sleep(0.3)
    bought.seconds = time.monotonic() - started
    return bought


def all_at_once(count_: int, work) -> list:
    """`work(number)` in so many threads that start together."""
    barrier = Barrier(count_, timeout=60)

    def one(number):
        try:
            barrier.wait()
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count_) as threads:
        return list(threads.map(one, range(count_)))


def charged(order: str) -> int:
    """What the gateway took for this order, in minor units."""
    rows = SimulatorPayment.objects.filter(order_number=order, state="succeeded")
    return sum(rows.values_list("amount_minor", flat=True))


def wrong_with(order: str, course) -> list[str]:
    """What is not as it must be with an order that was acknowledged as paid."""
    row = Order.objects.select_related("person").filter(number=order).first()
    if row is None:
        return [f"{order}: acknowledged and lost"]
    found = []
    if row.state not in states.SETTLED_ORDERS:
        found.append(f"{order}: {row.state}, not paid")
    if not row.attention and not access.may_open(row.person, course):
        found.append(f"{order}: paid without access")
    if charged(order) != row.total_minor:
        found.append(f"{order}: charged {charged(order)} for {row.total_minor}")
    captured = Payment.objects.filter(order=row, state=states.CAPTURED).count()
    if captured != 1:
        found.append(f"{order}: {captured} payments captured")
    if LedgerEntry.objects.filter(order=row, ref__startswith="capture:").count() != 1:
        found.append(f"{order}: not in the books once")
    return found


def wrong_with_books() -> list[str]:
    return audit_books()["problems"]
