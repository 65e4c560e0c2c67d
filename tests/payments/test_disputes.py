"""Money that a buyer's bank takes back: noted, answered, won or lost, in whatever order it is told."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.core import mail
from django.test import Client

from accounts.actions.devices import issue_device
from engineroom import clock, outbox, slots
from engineroom.models import AuditEntry
from payments import gateways, states
from payments.actions.disputes import answer_dispute, refresh_disputes, settle_dispute
from payments.actions.people import forget_buyer
from payments.actions.refunding import finish_refund, refund_lines, reserve_refund
from payments.gateways import simulator
from payments.gateways.base import DisputeReading
from payments.jobs import run_simulator
from payments.models import Dispute, Order, Payment, SimulatorDispute, SimulatorPayment
from payments.queries.books import audit_books, balances
from payments.queries.disputes import pack_of
from payments.refusals import (
    DisputeNotConfirmed,
    DisputeTakesNoAnswer,
    EvidenceNeeded,
    OrderDisputed,
    PaymentMismatch,
)
from tests.factories.accounts import make_user
from tests.factories.payments import make_paid_order, make_payment, pay

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def work():
    """What the worker does: the simulator's clock, then its post."""
    run_simulator()
    outbox.drain()


def disputed_order(**fields) -> Order:
    order = make_paid_order(**fields)
    payment = order.payments.get()
    simulator.disputing.open_now(SimulatorPayment.objects.get(token=payment.reference))
    outbox.drain()
    order.refresh_from_db()
    return order


def reading_of(payment, status="open", /, **changes):
    said = {
        "reference": "simdispute_a",
        "payment": payment.reference,
        "status": status,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "mode": payment.mode,
        "account": "",
        "fee_minor": 1500,
    }
    return DisputeReading(**said | changes)


def test_a_card_that_is_disputed_later_puts_the_order_before_staff(dummy, settings):
    order = pay(make_payment(person=make_user()), "dispute")
    outbox.drain()
    assert order.state == states.PAID

    with clock.moved_by(DAY + timedelta(minutes=1)):
        work()

    order.refresh_from_db()
    dispute = Dispute.objects.get()
    assert (order.state, dispute.state) == (states.DISPUTED, states.OPEN)
    assert dummy.count("withdraw") == 0
    letter = next(one for one in mail.outbox if one.to == [settings.STAFF_EMAIL])
    assert order.number in letter.subject
    assert "Answer by" in letter.body
    assert balances()[("test:disputes:simulator", "EUR")] == 4900
    assert audit_books()["ok"], audit_books()["problems"]


def test_an_answered_dispute_is_won_and_everything_is_as_it_was(dummy):
    order = disputed_order()
    staff = make_user(is_staff=True)

    answered = answer_dispute(
        dispute=Dispute.objects.get(), evidence={"statement": "It was used."}, is_confirmed=True,
        actor=staff,
    )  # fmt: skip
    assert answered.state == states.UNDER_REVIEW
    with clock.moved_by(4 * DAY):
        work()

    order.refresh_from_db()
    assert (order.state, Dispute.objects.get().state) == (states.PAID, states.WON)
    assert dummy.count("withdraw") == 0
    assert AuditEntry.objects.get(action="dispute.answered").actor == staff
    assert SimulatorDispute.objects.get().evidence == {"statement": "It was used."}
    assert balances()[("test:disputes:simulator", "EUR")] == 0
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_dispute_without_an_answer_is_lost_and_ends_what_was_bought(dummy):
    order = disputed_order()

    with clock.moved_by(8 * DAY):
        work()

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.REFUNDED, order.total_minor)
    assert dummy.count("withdraw") == 1
    assert order.lines.get().withdrawn_at
    assert balances()[("test:customers", "EUR")] == 0
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_dispute_whose_opening_event_was_lost_is_found(dummy):
    order = make_paid_order()
    simulator.disputing.open_now(SimulatorPayment.objects.get())
    outbox.OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC).delete()

    refresh_disputes()

    order.refresh_from_db()
    assert (order.state, Dispute.objects.get().state) == (states.DISPUTED, states.OPEN)
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_lost_part_is_shared_among_the_lines_and_ends_none():
    order = make_paid_order(offers=2)
    payment = order.payments.get()
    for status in (states.OPEN, states.LOST):
        settle_dispute(
            payment=payment,
            reading=reading_of(payment, status, amount_minor=4901),
            source="webhook",
        )

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.PARTLY_REFUNDED, 4901)
    assert sorted(line.refunded_minor for line in order.lines.all()) == [2450, 2451]
    assert audit_books()["ok"], audit_books()["problems"]


def test_news_of_a_dispute_ends_alike_in_any_order_and_any_number(dummy):
    """The gateway is asked each time, so that late news cannot take a decision back."""
    for end in (states.WON, states.LOST):
        seen = set()
        for order_of_news in permutations([states.OPEN, states.UNDER_REVIEW, end]):
            order = make_paid_order()
            payment = order.payments.get()
            for status in (*order_of_news, *order_of_news):
                settle_dispute(
                    payment=payment, reading=reading_of(payment, status), source="webhook"
                )
            order.refresh_from_db()
            line = order.lines.get()
            seen.add((order.state, order.refunded_minor, bool(line.withdrawn_at)))
        assert len(seen) == 1, seen
    assert audit_books()["ok"], audit_books()["problems"]


def test_while_it_is_disputed_nothing_is_refunded():
    order = disputed_order()
    line = order.lines.get()

    with pytest.raises(OrderDisputed):
        refund_lines(order=order, amounts={line.public_id: None}, reason="x", key="k")

    assert not order.refunds.exists()


@pytest.mark.parametrize("end", [states.WON, states.LOST])
def test_a_refund_that_was_on_its_way_leaves_the_order_disputed(end):
    order = make_paid_order()
    line, payment = order.lines.get(), order.payments.get()
    refund = reserve_refund(
        order_id=order.pk, amounts={line.public_id: 1000}, reason="", key="a", actor=None
    )
    settle_dispute(payment=payment, reading=reading_of(payment), source="webhook")

    finish_refund(refund)

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.DISPUTED, 1000)
    with pytest.raises(OrderDisputed):
        refund_lines(order=order, amounts={line.public_id: None}, reason="", key="b")
    settle_dispute(payment=payment, reading=reading_of(payment, end), source="webhook")
    order.refresh_from_db()
    after = {states.WON: states.PARTLY_REFUNDED, states.LOST: states.REFUNDED}
    assert order.state == after[end]


def test_an_order_refunded_in_full_while_disputed_is_refunded_when_it_is_won(dummy):
    order = make_paid_order()
    payment, amounts = order.payments.get(), {order.lines.get().public_id: None}
    refund = reserve_refund(order_id=order.pk, amounts=amounts, reason="", key="a", actor=None)
    settle_dispute(payment=payment, reading=reading_of(payment), source="webhook")
    finish_refund(refund)

    settle_dispute(payment=payment, reading=reading_of(payment, states.WON), source="webhook")

    order.refresh_from_db()
    assert (order.state, dummy.count("withdraw")) == (states.REFUNDED, 1)
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_refund_that_waits_for_its_gateway_leaves_a_won_order_paid_until_it_is_done():
    order = make_paid_order()
    payment, amounts = order.payments.get(), {order.lines.get().public_id: None}
    refund = reserve_refund(order_id=order.pk, amounts=amounts, reason="", key="a", actor=None)
    for status in (states.OPEN, states.WON):
        settle_dispute(payment=payment, reading=reading_of(payment, status), source="webhook")
    order.refresh_from_db()
    assert order.state == states.PAID

    finish_refund(refund)

    order.refresh_from_db()
    assert order.state == states.REFUNDED


@pytest.mark.parametrize(
    "wrong",
    [
        {"payment": "sim_other"},
        {"currency": "USD"},
        {"mode": "live"},
        {"amount_minor": 0},
        {"amount_minor": 10**9},
        {"status": "nonsense"},
    ],
)
def test_a_dispute_that_does_not_match_changes_nothing(wrong):
    order = make_paid_order()
    payment = order.payments.get()

    with pytest.raises(PaymentMismatch):
        settle_dispute(payment=payment, reading=reading_of(payment, **wrong), source="webhook")

    order.refresh_from_db()
    assert order.state == states.PAID
    assert not Dispute.objects.exists()


def test_a_dispute_is_answered_once_with_something_and_confirmed():
    disputed_order()
    dispute = Dispute.objects.get()

    with pytest.raises(EvidenceNeeded):
        answer_dispute(
            dispute=dispute, evidence={"unknown": "x", "receipt": " "}, is_confirmed=True
        )
    with pytest.raises(DisputeNotConfirmed):
        answer_dispute(dispute=dispute, evidence={"statement": "x"})
    assert SimulatorDispute.objects.get().state == "open"
    answer_dispute(dispute=dispute, evidence={"statement": "x"}, is_confirmed=True)
    dispute.refresh_from_db()
    with pytest.raises(DisputeTakesNoAnswer):
        answer_dispute(dispute=dispute, evidence={"statement": "y"}, is_confirmed=True)
    assert SimulatorDispute.objects.get().evidence == {"statement": "x"}


def test_the_pack_holds_what_the_school_knows(monkeypatch):
    monkeypatch.setitem(slots._slots, "payments.evidence", [lambda person, things: ["Used daily."]])
    person = make_user(name="Mara Lindqvist")
    order = disputed_order(person=person)

    pack = pack_of(Dispute.objects.select_related("payment__order__person").get())

    assert pack["buyer_email"] == person.email
    assert order.number in pack["receipt"]
    assert "€49.00" in pack["receipt"]
    assert pack["access"] == "Used daily."
    assert "ticked" in pack["consent"]
    assert "opened to the buyer" in pack["delivery"]
    assert set(pack) <= set(gateways.evidence.NAMES)
    assert any(order.number in row for row in pack["messages"].splitlines())


def test_the_office_shows_the_fee_of_a_dispute_as_money(client):
    dispute = Dispute.objects.get(payment__order=disputed_order())
    client.force_login(make_user(is_staff=True, is_superuser=True))

    page = client.get(f"/admin/payments/dispute/{dispute.pk}/change/")

    assert "Fee of the gateway" in page.content.decode()
    assert "€15.00" in page.content.decode()


def test_staff_answer_in_the_admin_and_are_asked_once_more(client):
    disputed_order()
    dispute = Dispute.objects.get()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    address = f"/admin/payments/dispute/{dispute.pk}/answer/"

    page = client.get(address)
    assert b"What was sold" in page.content
    said = {"statement": "It was used.", "receipt": "R"}
    assert b"cannot be changed" in client.post(address, said).content
    assert SimulatorDispute.objects.get().state == "open"
    client.post(address, said | {"confirmed": "1"})
    dispute.refresh_from_db()
    assert dispute.state == states.UNDER_REVIEW
    assert client.get(address).status_code == 302
    shown = client.get(f"/admin/payments/dispute/{dispute.pk}/change/").content.decode()
    assert "<strong>What the school wants to add</strong><br>It was used." in shown
    client.force_login(make_user(is_staff=True))
    assert client.get(address).status_code == 403


def test_the_api_shows_disputes_to_staff_and_answers_them():
    disputed_order()
    staff = make_user(is_staff=True, is_superuser=True)
    _device, access, _refresh = issue_device(person=staff, name="Terminal")
    client = Client(headers={"Authorization": f"Bearer {access}"})
    listed = client.get("/api/v1/disputes").json()["results"]
    address = f"/api/v1/disputes/{listed[0]['id']}"
    assert "receipt" in client.get(address).json()["evidence"]

    def answer(document, key):
        return client.post(
            f"{address}/answer", document, content_type="application/json",
            headers={"Idempotency-Key": key},
        )  # fmt: skip

    assert answer({"evidence": {"statement": "x"}}, "a").json()["code"] == "confirmation_required"
    assert answer({"evidence": {"nonsense": "x"}, "confirmed": True}, "b").status_code == 400
    said = answer({"evidence": {"statement": "x"}, "confirmed": True}, "c").json()
    assert said["state"] == states.UNDER_REVIEW
    assert said["evidence"]["statement"] == "x"
    assert said["evidence"]["receipt"]


def test_a_dispute_told_before_its_payment_waits_for_it(dummy):
    payment = make_payment(person=make_user())
    sim = simulator.pay(payment.reference, outcome="success")
    outbox.OutboxEvent.objects.all().delete()
    simulator.disputing.open_now(sim)

    outbox.drain()

    assert Order.objects.get().state == states.DISPUTED
    assert Payment.objects.get().state == states.CAPTURED


def test_a_forgotten_buyer_stands_in_no_evidence():
    person = make_user(name="Mara Lindqvist")
    disputed_order(person=person)
    dispute = Dispute.objects.select_related("payment__order__person").get()
    answer_dispute(dispute=dispute, evidence=pack_of(dispute), is_confirmed=True)
    assert person.email in str(SimulatorDispute.objects.get().evidence)

    forget_buyer(person=person)
    with clock.moved_by(4 * DAY):
        work()

    kept = f"{Dispute.objects.values().get()} {SimulatorDispute.objects.values().get()}"
    assert person.email not in kept
    assert "Lindqvist" not in kept
    assert Dispute.objects.get().state == states.WON
