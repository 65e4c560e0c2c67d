"""Orders on invoice: written by staff, sent, paid by card on pages of their own."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.actions import issue_device, keep_roles
from accounts.models import User
from engineroom import clock, outbox
from payments import states
from payments.actions.canceling import expire_overdue
from payments.actions.drafts import draft_order, drop_draft, send_draft
from payments.actions.ordering import start_payment
from payments.gateways import simulator
from payments.models import Order, Payment
from payments.queries.books import audit_books
from payments.refusals import DraftNotValid, EmailNotValid, OrderNotDraft, OrderNotPayable
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer, pay

pytestmark = pytest.mark.django_db


def in_two_weeks():
    return (clock.now() + timedelta(days=14)).date()


def draft(**fields) -> Order:
    said = {"email": "buyer@example.com", "due_on": in_two_weeks(), "actor": None} | fields
    said.setdefault("lines", [(make_offer(), 5, 4000)])
    return draft_order(**said)


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def manager() -> User:
    keep_roles()
    return make_user(is_staff=True, roles=["manager"])


def test_a_draft_is_priced_and_nobody_else_sees_it():
    order = draft(billing={"company": "Acme", "city": "Bonn"})

    assert (order.state, order.kind, order.total_minor) == ("draft", "invoice", 20_000)
    assert order.billing == {"company": "Acme", "city": "Bonn"}
    assert order.lines.get().quantity == 5
    assert signed_in(order.person).get(order.get_absolute_url()).status_code == 404
    assert signed_in(order.person).get(f"{order.get_absolute_url()}pay/").status_code == 404
    with pytest.raises(OrderNotPayable):
        start_payment(order=order)
    outbox.drain()
    assert mail.outbox == []


def test_a_sent_draft_is_mailed_paid_and_delivered(dummy):
    order = send_draft(order=draft(), actor=None)

    outbox.drain()
    subjects = [message.subject for message in mail.outbox]
    assert any("To pay" in subject for subject in subjects)
    assert any("link" in subject for subject in subjects)
    with pytest.raises(OrderNotDraft):
        send_draft(order=order, actor=None)

    paid = pay(start_payment(order=order))

    assert (paid.state, dummy.count("deliver")) == (states.PAID, 1)
    assert audit_books()["ok"]
    with pytest.raises(OrderNotDraft):
        drop_draft(order=paid, reason="x", actor=None)


def test_the_buyer_pays_on_pages_of_the_order(dummy):
    buyer = make_user(email="buyer@example.com")
    order = send_draft(order=draft(), actor=None)
    client, address = signed_in(buyer), f"{order.get_absolute_url()}pay/"
    page = client.get(address)
    assert "Pay" in page.text
    assert address in client.get(order.get_absolute_url()).text
    assert signed_in(make_user()).get(address).status_code == 404
    assert client.post(address, {"form_key": "k"}).status_code == 400

    gone = client.post(address, {"form_key": "form-1", "consent": "on"})

    assert gone.status_code == 303
    payment = Payment.objects.get()
    simulator.pay(payment.reference, outcome="success")
    back = client.get(f"{order.get_absolute_url()}return/")
    assert back["Location"] == order.get_absolute_url()
    assert Order.objects.get().state == states.PAID
    assert client.get(address)["Location"] == order.get_absolute_url()


def test_an_overdue_invoice_stays_to_be_paid_until_it_is_canceled():
    order = send_draft(order=draft(), actor=None)

    with clock.moved_by(timedelta(days=40)):
        expire_overdue()
        order.refresh_from_db()
        assert order.state == states.AWAITING
        drop_draft(order=order, reason="Never paid.", actor=None)

    order.refresh_from_db()
    assert order.state == states.CANCELED


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"email": "nobody"}, EmailNotValid),
        ({"days": -2}, DraftNotValid),
        ({"days": 800}, DraftNotValid),
        ({"lines": []}, DraftNotValid),
        ({"team": "none"}, DraftNotValid),
        ({"billing": {"city": "x" * 121}}, DraftNotValid),
        ({"billing": {"city": "a\0"}}, DraftNotValid),
    ],
)
def test_what_makes_no_sense_is_refused(fields, refusal):
    if "days" in fields:
        fields = {"due_on": (clock.now() + timedelta(days=fields["days"])).date()}
    with pytest.raises(refusal):
        draft(**fields)

    assert not Order.objects.exists()
    assert not User.objects.filter(email="buyer@example.com").exists()


def test_quantity_and_price_have_their_reach():
    for quantity, unit in ((0, 100), (1001, 100), (1, 0), (1000, 10**15)):
        with pytest.raises(DraftNotValid):
            draft(lines=[(make_offer(), quantity, unit)])
    with pytest.raises(DraftNotValid):
        draft(lines=[(make_offer(), 1, None), (make_offer(currency="JPY"), 1, None)])


def test_staff_write_look_and_send_in_the_admin():
    client, offer = signed_in(manager()), make_offer()
    assert client.get("/admin/payments/order/draft/").status_code == 200
    said = {
        "email": "buyer@example.com",
        "offer": offer.pk,
        "quantity": "10",
        "price": "39.00",
        "due_on": str(in_two_weeks()),
        "company": "Acme",
    }
    assert client.post("/admin/payments/order/draft/", said | {"price": "x"}).status_code == 200

    answer = client.post("/admin/payments/order/draft/", said)

    order = Order.objects.get()
    assert order.total_minor == 39_000
    assert answer["Location"].endswith(f"/{order.pk}/send/")
    page = client.get(answer["Location"])
    assert "10 × " in page.text
    client.post(answer["Location"], {"send": "1"})
    order.refresh_from_db()
    assert order.state == states.AWAITING
    client.post(answer["Location"], {"drop": "1"})
    order.refresh_from_db()
    assert order.state == states.CANCELED
    support = make_user(is_staff=True, roles=["support"])
    assert signed_in(support).get("/admin/payments/order/draft/").status_code == 403


def test_staff_write_and_send_by_the_api():
    _device, token, _refresh = issue_device(person=manager(), name="Script")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    offer = make_offer()
    said = {
        "email": "buyer@example.com",
        "lines": [{"offer": offer.public_id, "quantity": 3, "unit_minor": 1000}],
        "due_on": str(in_two_weeks()),
    }

    def post(address, body, key):
        return client.post(
            address, body, content_type="application/json", headers={"Idempotency-Key": key}
        )

    made = post("/api/v1/invoice-orders", said, "1")
    assert (made.status_code, made.json()["total_minor"]) == (201, 3000)
    assert post("/api/v1/invoice-orders", said, "1").json()["number"] == made.json()["number"]
    address = f"/api/v1/invoice-orders/{made.json()['number']}"
    assert post(f"{address}/sending", {}, "2").json()["state"] == "awaiting_payment"
    again = post(f"{address}/sending", {}, "3")
    assert (again.status_code, again.json()["code"]) == (409, "order_not_draft")
    unknown = post("/api/v1/invoice-orders", said | {"lines": [{"offer": "none"}]}, "4")
    assert unknown.json()["code"] == "draft_not_valid"
    assert client.delete(address, headers={"Idempotency-Key": "5"}).status_code == 204
    assert Order.objects.get().state == states.CANCELED
