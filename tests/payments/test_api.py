"""The till for programs: the same actions, problem documents, one effect per key."""

import json
from itertools import count

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.actions import issue_device
from engineroom import outbox
from engineroom.models import AuditEntry
from payments import states
from payments.models import Checkout, Order, Payment, Refund
from payments.refusals import AlreadyOwned
from tests.factories.accounts import make_user
from tests.factories.payments import make_checkout, make_offer, make_order, make_paid_order

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/"
_key = count(1)


class Program:
    """A client of the API, signed in when a person is given."""

    def __init__(self, person=None):
        self.client = Client()
        self.headers = {}
        if person is not None:
            _device, access, _refresh = issue_device(person=person, name="test")
            self.headers = {"Authorization": f"Bearer {access}"}

    def call(self, method, path, body=None, key="", **headers):
        if key is not None and method != "get":
            headers["Idempotency-Key"] = key or f"key-{next(_key)}"
        data = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method.upper(),
            ROOT + path,
            data,
            content_type="application/json",
            headers=self.headers | headers,
        )

    def get(self, path):
        return self.call("get", path)

    def post(self, path, body=None, **how):
        return self.call("post", path, body, **how)


def test_a_person_buys_through_the_api_alone(dummy):
    program = Program(make_user())
    offer = make_offer()

    listed = program.get("offers").json()["results"]
    checkout = program.post("checkouts", {"offer": listed[0]["id"]}).json()
    started = program.post(f"checkouts/{checkout['id']}/payments", {"consent": True})
    token = started.json()["redirect_url"].rstrip("/").rpartition("/")[2]
    answered = program.post(f"simulator/payments/{token}", {"outcome": "success"})
    outbox.drain()

    assert listed[0]["id"] == offer.public_id
    assert checkout["total_minor"] == 4900
    assert started.status_code == 201
    assert answered.json()["state"] == "succeeded"
    orders = program.get("orders").json()["results"]
    assert [(order["number"], order["state"]) for order in orders] == [
        (started.json()["order"], states.PAID)
    ]
    one = program.get(f"orders/{started.json()['order']}").json()
    assert one["lines"][0]["total_minor"] == 4900
    assert one["steps"][-1]["step"] == "total"
    assert program.get(f"checkouts/{checkout['id']}").json()["state"] == "finished"
    assert dummy.count("deliver") == 1


def test_a_guest_buys_by_the_unguessable_id():
    program, offer, more = Program(), make_offer(), make_offer()

    made = program.post("checkouts", {"offers": [offer.public_id]})
    path = f"checkouts/{made.json()['id']}"
    filled = program.post(f"{path}/lines", {"offer": more.public_id}).json()
    removed = program.call("delete", f"{path}/lines/{filled['lines'][0]['id']}").json()
    named = program.call("patch", path, {"email": "guest@example.com"}).json()
    started = program.post(f"{path}/payments", {"consent": True, "expected_minor": 4900}).json()
    token = started["redirect_url"].rstrip("/").rpartition("/")[2]
    program.post(f"simulator/payments/{token}", {"outcome": "3ds"})
    middle = program.get(path).json()
    program.post(f"simulator/payments/{token}", {"outcome": "success"})
    done = program.get(path).json()

    assert made["Location"] == f"/api/v1/{path}"
    assert (len(filled["lines"]), len(removed["lines"])) == (2, 1)
    assert named["email"] == "guest@example.com"
    assert middle["order"]["state"] == states.AWAITING
    assert done["order"]["state"] == states.PAID
    assert done["order"]["number"] == started["order"]


def test_the_same_key_has_one_effect_and_another_body_is_refused():
    program, offer = Program(make_user()), make_offer()
    body = {"offer": offer.public_id}

    first = program.post("checkouts", body, key="one")
    again = program.post("checkouts", body, key="one")
    other = program.post("checkouts", {"offer": make_offer().public_id}, key="one")
    path = f"checkouts/{first.json()['id']}/payments"
    pays = [program.post(path, {"consent": True}, key="pay").content for _ in range(3)]

    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert len(set(pays)) == 1
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("path", ["checkouts", "checkouts/x/payments", "orders/x/refunds"])
def test_calls_that_move_money_need_a_key(path):
    answer = Program(make_cashier()).post(path, {}, key=None)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


def test_refusals_are_problem_documents_with_a_stable_code(dummy):
    person = make_user()
    program = Program(person)
    dummy.refusal = AlreadyOwned()
    dummy.owned.add((person.pk, "a"))
    checkout = make_checkout()
    closed = make_offer(is_active=False)
    pay = f"checkouts/{checkout.public_id}/payments"
    cases = [
        (
            program.post("checkouts", {"offer": make_offer(keys=["a"]).public_id}),
            409,
            "already_owned",
        ),
        (program.post("checkouts", {"offer": closed.public_id}), 409, "offer_closed"),
        (program.post("checkouts", {"offer": "none"}), 404, "not_found"),
        (program.post("checkouts", {}), 400, "invalid"),
        (program.post("checkouts", {"offers": "x"}), 400, "invalid"),
        (program.post("checkouts", [1]), 400, "invalid"),
        (program.post(pay, {"consent": True}), 400, "email_required"),
        (program.post(pay, {"consent": False, "email": "a@example.com"}), 400, "consent_required"),
        (program.post(pay, {"consent": True, "email": "a"}), 400, "email_not_valid"),
        (
            program.post(pay, {"consent": True, "email": "a@example.com", "expected_minor": 1}),
            409,
            "price_changed",
        ),
        (program.post(f"checkouts/{checkout.public_id}/lines", {"offer": 5}), 404, "not_found"),
        (program.call("delete", f"checkouts/{checkout.public_id}/lines/x"), 404, "line_missing"),
        (
            program.call("patch", f"checkouts/{checkout.public_id}", {"email": "a\0"}),
            400,
            "parse_error",
        ),
        (program.post("simulator/payments/none", {"outcome": "success"}), 404, "not_found"),
    ]

    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer["Content-Type"] == "application/problem+json"
    assert not Order.objects.exists()


def test_foreign_checkouts_and_orders_are_not_found():
    owner, other = make_user(), make_user()
    order = make_paid_order(person=owner)
    checkout = make_checkout(person=owner)

    for program in (Program(other), Program()):
        for path in (f"checkouts/{checkout.public_id}", f"orders/{order.number}"):
            status = program.get(path).status_code
            assert status == 404 or (status == 401 and "orders" in path)
        answer = program.post(f"checkouts/{checkout.public_id}/payments", {"consent": True})
        assert answer.status_code == 404
    assert Program().get("orders").status_code == 401
    assert Program(other).get("orders").json()["results"] == []


def test_the_simulator_does_not_exist_in_a_live_school(settings):
    program = Program()
    checkout = program.post("checkouts", {"offer": make_offer().public_id}).json()
    path = f"checkouts/{checkout['id']}/payments"
    token = program.post(path, {"consent": True, "email": "a@example.com"}).json()["redirect_url"]
    token = token.rstrip("/").rpartition("/")[2]
    settings.TEST_SCHOOL = False

    answer = program.post(f"simulator/payments/{token}", {"outcome": "success"})

    assert answer.status_code == 404
    assert Order.objects.get().state == states.AWAITING


def make_cashier():
    person = make_user(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="refund_order"))
    return person


def test_staff_refund_a_line_once_per_key(dummy):
    order = make_paid_order(offers=2)
    line = order.lines.first()
    cashier = make_cashier()
    program = Program(cashier)
    body = {"lines": [{"line": line.public_id}], "reason": "Asked for"}
    path = f"orders/{order.number}/refunds"

    answers = [program.post(path, body, key="one") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[0].json()["state"] == states.DONE
    assert Refund.objects.count() == 1
    assert dummy.count("withdraw") == 1
    assert AuditEntry.objects.get(action="order.refunded").actor == cashier


def test_only_staff_with_the_permission_refund(dummy):
    person = make_user()
    order = make_paid_order(person=person)
    body = {"lines": [{"line": order.lines.get().public_id}], "reason": "x"}
    path = f"orders/{order.number}/refunds"

    assert Program().post(path, body).status_code == 401
    assert Program(person).post(path, body).status_code == 403
    assert Program(make_user(is_staff=True)).post(path, body).status_code == 403
    assert not Refund.objects.exists()
    assert dummy.count("withdraw") == 0


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 400),
        ([{"line": "item_none"}], 404),
        ([{"line": "LINE", "amount_minor": 4901}], 409),
        ([{"line": "LINE", "amount_minor": 0}], 400),
        ([{"line": "LINE", "amount_minor": 10**40}], 400),
        ([{"line": "LINE", "amount_minor": 1.5}], 400),
        ([{"line": "LINE"}, {"line": "LINE"}], 400),
        ("x", 400),
        (None, 400),
    ],
)
def test_a_refund_that_cannot_be_is_refused(lines, status):
    order = make_paid_order()
    name = order.lines.get().public_id
    if isinstance(lines, list):
        lines = [line | {"line": name} if line["line"] == "LINE" else line for line in lines]

    answer = Program(make_cashier()).post(
        f"orders/{order.number}/refunds", {"lines": lines, "reason": "x"}
    )

    assert answer.status_code == status
    assert not Refund.objects.exists()


def test_lists_cost_the_same_queries_with_one_and_with_five_rows(django_assert_num_queries):
    one, five = make_user(), make_user()
    make_paid_order(person=one)
    for _ in range(5):
        make_paid_order(person=five, offers=2)
    few, many = Program(one), Program(five)
    # The first call of a device notes when it was used.
    for program in (few, many):
        program.get("orders")

    for program, rows in ((few, 1), (many, 5)):
        with django_assert_num_queries(3):
            assert len(program.get("orders").json()["results"]) == rows


def test_no_field_of_the_model_can_be_smuggled_in():
    program = Program(make_user())
    offer = make_offer()
    extra = {
        "total_minor": 1, "amount_minor": 1, "state": "finished", "person": 1, "mode": "live",
        "is_staff": True, "currency": "JPY", "price": "0.01",
    }  # fmt: skip

    made = program.post("checkouts", {"offer": offer.public_id} | extra).json()
    program.post(f"checkouts/{made['id']}/payments", {"consent": True} | extra)

    order = Order.objects.get()
    assert (order.total_minor, order.currency, order.mode) == (4900, "EUR", "test")
    assert order.state == states.AWAITING
    assert Checkout.objects.get().state == "open"
    assert make_order().state == states.AWAITING
