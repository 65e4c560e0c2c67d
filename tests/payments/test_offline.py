"""Bank transfers: told to the buyer, waited for, confirmed by staff, sent back by staff."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.actions.devices import issue_device
from engineroom import clock, outbox
from engineroom.models import AuditEntry
from payments import gateways, states
from payments.actions.canceling import expire_overdue
from payments.actions.checkouts import open_checkout
from payments.actions.details import set_billing
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.transfers import (
    confirm_refund_sent,
    confirm_transfer,
    remind_of_transfers,
)
from payments.gateways.offline import creditor_reference
from payments.jobs import run_simulator
from payments.models import BankTransfer, Checkout, Payment, Refund
from payments.queries.books import audit_books, balances
from payments.refusals import (
    GatewayNotOffered,
    TransferAmountDiffers,
    TransferDateNotValid,
    TransferNotConfirmed,
)
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer, make_order, pay

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def offered(settings):
    settings.OFFLINE_PAYMENT = True
    settings.OFFLINE_IBAN = "DE02120300000000202051"
    settings.OFFLINE_ACCOUNT_HOLDER = "Lectern School"


def today():
    return clock.now().date()


def make_transfer(**fields) -> Payment:
    fields.setdefault("person", make_user())
    payment = start_payment(order=make_order(**fields), gateway="offline")
    payment.order.refresh_from_db()
    return payment


def confirm(payment, **changes):
    said = {
        "payment": payment,
        "amount_minor": payment.amount_minor,
        "received_on": today(),
        "is_confirmed": True,
        "actor": make_user(is_staff=True),
    }
    return confirm_transfer(**said | changes)


def test_the_reference_carries_check_digits():
    assert creditor_reference("539007547034") == "RF18539007547034"  # the standard's own example


def test_a_buyer_who_chose_it_is_told_where_the_money_goes(dummy, client):
    person = make_user()
    payment = make_transfer(person=person)
    outbox.drain()

    assert (payment.order.state, payment.state) == (states.AWAITING, states.STARTED)
    assert payment.order.expires_at > clock.now() + 13 * DAY
    assert dummy.count("hold") == 2
    letter = next(one for one in mail.outbox if one.to == [person.email])
    for text in (payment.reference, "DE02 1203 0000 0000 2020 51", "€49.00"):
        assert text in letter.body
    client.force_login(person)
    page = client.get(f"/orders/{payment.order.number}/transfer/")
    assert payment.reference in page.content.decode()
    client.force_login(make_user())
    assert client.get(f"/orders/{payment.order.number}/transfer/").status_code == 404


def test_staff_confirm_the_money_and_the_order_is_paid_once(dummy):
    payment = make_transfer()
    staff = make_user(is_staff=True)

    for _ in range(2):
        assert confirm(payment, actor=staff).state == states.PAID

    assert dummy.count("deliver") == 1
    entry = AuditEntry.objects.get(action="transfer.received")
    assert (entry.actor, entry.data["amount_minor"]) == (staff, 4900)
    assert balances()[("test:gateway:offline", "EUR")] == 4900
    assert audit_books()["ok"], audit_books()["problems"]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"amount_minor": 4899}, TransferAmountDiffers),
        ({"received_on": None}, TransferDateNotValid),
        ({"is_confirmed": False}, TransferNotConfirmed),
    ],
)
def test_what_is_not_right_changes_nothing(wrong, refusal, dummy):
    payment = make_transfer()
    if "received_on" in wrong:
        wrong = {"received_on": today() + 3 * DAY}

    with pytest.raises(refusal):
        confirm(payment, **wrong)

    assert BankTransfer.objects.get().received_on is None
    assert dummy.count("deliver") == 0


def test_the_order_waits_is_reminded_of_once_and_ends(dummy):
    payment = make_transfer()
    with clock.moved_by(2 * DAY):
        expire_overdue()
        assert remind_of_transfers() == 0
    payment.order.refresh_from_db()
    assert payment.order.state == states.AWAITING
    with clock.moved_by(12 * DAY):
        assert (remind_of_transfers(), remind_of_transfers()) == (1, 0)
        outbox.drain()
    assert any("Still to pay" in one.subject for one in mail.outbox)
    with clock.moved_by(15 * DAY):
        assert expire_overdue() == 1
    payment.order.refresh_from_db()
    assert payment.order.state == states.EXPIRED
    assert dummy.count("release") == 1


def test_money_that_comes_too_late_is_not_lost(dummy):
    payment = make_transfer()
    with clock.moved_by(15 * DAY):
        expire_overdue()
        payment.refresh_from_db()
        assert confirm(payment).state == states.PAID
    assert dummy.count("deliver") == 1
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_refund_waits_until_staff_have_sent_it(dummy):
    payment = make_transfer()
    order = confirm(payment)
    line = order.lines.get()

    refund = refund_lines(order=order, amounts={line.public_id: None}, reason="x", key="k")
    with clock.moved_by(timedelta(minutes=5)):
        outbox.drain()
    refund.refresh_from_db()
    assert refund.state == states.PENDING
    assert dummy.count("withdraw") == 0
    with pytest.raises(TransferNotConfirmed):
        confirm_refund_sent(refund=refund, sent_on=today(), actor=None)
    for _ in range(2):
        refund = Refund.objects.select_related("payment", "order").get()
        confirm_refund_sent(refund=refund, sent_on=today(), is_confirmed=True, actor=None)

    order.refresh_from_db()
    assert order.state == states.REFUNDED
    assert dummy.count("withdraw") == 1
    assert AuditEntry.objects.filter(action="transfer.refund_sent").count() == 1
    assert balances()[("test:gateway:offline", "EUR")] == 0


def test_the_ways_to_pay_follow_the_settings(settings):
    assert [one.name for one in gateways.choices()] == ["simulator", "offline"]
    assert [one.name for one in gateways.choices(has_plan=True)] == ["simulator"]
    settings.PAYMENT_GATEWAY = "offline"
    assert [one.name for one in gateways.choices()] == ["offline"]
    settings.PAYMENT_GATEWAY, settings.OFFLINE_PAYMENT = "simulator", False
    assert [one.name for one in gateways.choices()] == ["simulator"]
    with pytest.raises(GatewayNotOffered):
        start_payment(order=make_order(person=make_user()), gateway="offline")


def test_who_thinks_again_pays_another_way():
    payment = make_transfer()

    by_card = start_payment(order=payment.order, gateway="simulator")
    outbox.drain()
    again = start_payment(order=payment.order, gateway="offline")

    payment.refresh_from_db()
    assert by_card.gateway == "simulator"
    assert payment.state == states.STOPPED
    assert again.reference != payment.reference
    assert BankTransfer.objects.get(reference=payment.reference).canceled_at


def test_staff_confirm_in_the_admin_and_are_asked_once_more(client):
    payment = make_transfer()
    transfer = BankTransfer.objects.get()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    address = f"/admin/payments/banktransfer/{transfer.pk}/"
    said = {"amount": "49.00", "day": today().isoformat()}

    assert b"was asked for" in client.post(f"{address}receive/", said | {"amount": "48"}).content
    assert b"cannot be taken back" in client.post(f"{address}receive/", said).content
    payment.order.refresh_from_db()
    assert payment.order.state == states.AWAITING
    client.post(f"{address}receive/", said | {"confirmed": "1"})
    payment.order.refresh_from_db()
    assert payment.order.state == states.PAID

    line = payment.order.lines.get()
    refund = refund_lines(order=payment.order, amounts={line.public_id: None}, reason="x", key="k")
    assert b"Refund sent" in client.get(f"{address}change/").content
    said = {"refund": refund.public_id, "day": today().isoformat()}
    assert b"was sent back" in client.post(f"{address}sent/", said).content
    client.post(f"{address}sent/", said | {"confirmed": "1"})
    refund.refresh_from_db()
    assert refund.state == states.DONE
    client.force_login(make_user(is_staff=True))
    assert client.get(f"{address}receive/").status_code == 403


def test_staff_confirm_by_the_api():
    payment = make_transfer()
    staff = make_user(is_staff=True, is_superuser=True)
    _device, access, _refresh = issue_device(person=staff, name="Terminal")
    client = Client(headers={"Authorization": f"Bearer {access}"})

    def post(address, document, key):
        return client.post(
            f"/api/v1/orders/{payment.order.number}/{address}", document,
            content_type="application/json", headers={"Idempotency-Key": key},
        )  # fmt: skip

    said = {"amount_minor": 4900, "received_on": today().isoformat()}
    assert post("transfer-receipt", said, "a").json()["code"] == "confirmation_required"
    paid = post("transfer-receipt", said | {"confirmed": True}, "b").json()
    assert paid["state"] == states.PAID
    line = payment.order.lines.get()
    refund = refund_lines(order=payment.order, amounts={line.public_id: None}, reason="x", key="k")
    said = {"sent_on": today().isoformat(), "confirmed": True}
    sent = post(f"refunds/{refund.public_id}/sent", said, "c").json()
    assert sent["state"] == states.DONE


def test_nobody_posts_about_transfers(client):
    assert client.post("/webhooks/offline/", b"{}", content_type="a/b").status_code == 400
    assert run_simulator() == 0


def test_an_order_whose_thing_is_not_known_any_more_holds_up_no_other(dummy):
    first, second = make_transfer(), make_transfer()
    first.order.lines.update(kind="gone")

    with clock.moved_by(15 * DAY):
        assert expire_overdue() == 1
        assert expire_overdue() == 0

    for payment in (first, second):
        payment.order.refresh_from_db()
    assert (first.order.state, second.order.state) == (states.AWAITING, states.EXPIRED)
    assert "not sold here" in first.order.attention


def test_a_transfer_from_abroad_asks_staff_for_a_second_piece_of_evidence(settings):
    settings.SELLER_COUNTRY = "DE"
    payments = {}
    for country in ("HU", "DE"):
        checkout = open_checkout(offer=make_offer(), person=make_user())
        set_billing(checkout=checkout, billing={"name": "Buyer"}, country=country)
        checkout.refresh_from_db()
        order = place_order(checkout=checkout, has_consented=True)
        payments[country] = start_payment(order=order, gateway="offline")

    abroad, home = (confirm(payments[country]) for country in ("HU", "DE"))
    abroad.refresh_from_db(), home.refresh_from_db()

    assert abroad.state == home.state == states.PAID
    assert "only the address says so" in abroad.attention
    assert not home.attention


def test_a_link_to_something_else_leaves_an_order_on_its_way_alone(client):
    person, other = make_user(), make_offer()
    payment = make_transfer(person=person)
    order = payment.order
    client.force_login(person)

    page = client.get(f"/buy/{other.public_id}/", follow=True)

    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.state, payment.state) == (states.AWAITING, states.STARTED)
    checkout = Checkout.objects.get(state=Checkout.State.OPEN)
    assert page.redirect_chain[-1][0] == checkout.get_absolute_url()
    assert checkout != order.checkout
    assert [line.offer for line in checkout.lines.all()] == [other]
    assert confirm(payment).state == states.PAID


def test_a_guest_begins_a_new_checkout_beside_a_transfer_on_its_way(client):
    one, two = make_offer(), make_offer()
    client.get(f"/buy/{one.public_id}/")
    checkout = Checkout.objects.get()
    order = place_order(checkout=checkout, has_consented=True, email="guest@example.com")
    start_payment(order=order, gateway="offline")

    client.get(f"/buy/{two.public_id}/")

    order.refresh_from_db()
    assert order.state == states.AWAITING
    assert Checkout.objects.filter(state=Checkout.State.OPEN).exclude(pk=checkout.pk).count() == 1


def test_the_link_to_the_same_thing_leads_back_to_the_checkout_that_pays_it(client):
    person = make_user()
    payment = make_transfer(person=person)
    checkout = payment.order.checkout
    client.force_login(person)

    page = client.get(f"/buy/{checkout.lines.get().offer.public_id}/", follow=True)

    assert page.redirect_chain[-1][0] == checkout.get_absolute_url()
    checkout.refresh_from_db()
    assert checkout.is_open
    card = start_payment(order=payment.order, gateway="simulator")
    assert pay(card).state == states.PAID
