"""Money that comes for what is paid already: noted, never delivered again, sent back."""

from datetime import timedelta

import pytest

from engineroom import clock, outbox
from payments import states
from payments.actions.canceling import cancel_order, expire_overdue
from payments.actions.checkouts import open_checkout
from payments.actions.giving import set_gift
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import refund_lines
from payments.actions.selfcheck import check_everything, repair_everything
from payments.actions.settling import refresh_payment
from payments.actions.surplus import refund_surplus, surplus_of
from payments.actions.transfers import confirm_refund_sent, confirm_transfer
from payments.doubling import PaymentOpen
from payments.gateways import simulator
from payments.gateways.base import Intent
from payments.models import Checkout, Dispute, Finding, Order, Payment, Refund, SimulatorPayment
from payments.queries.books import audit_books
from payments.queries.selfcheck import doubles
from payments.refusals import RefundNotPossible
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer, make_order, pay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def offered(settings):
    settings.OFFLINE_PAYMENT = True
    settings.OFFLINE_IBAN = "DE02120300000000202051"
    settings.OFFLINE_ACCOUNT_HOLDER = "Lectern School"


def confirm(payment: Payment) -> Order:
    payment.refresh_from_db()
    return confirm_transfer(
        payment=payment,
        amount_minor=payment.amount_minor,
        received_on=clock.now().date(),
        is_confirmed=True,
        actor=make_user(is_staff=True),
    )


def paid_by_card_instead() -> tuple[Payment, Payment]:
    """A transfer that was begun and given up for a card, which paid."""
    order = make_order(person=make_user())
    transfer = start_payment(order=order, gateway="offline")
    card = start_payment(order=order, gateway="simulator")
    pay(card)
    return transfer, card


def test_money_that_comes_late_leaves_a_disputed_order_disputed(dummy):
    transfer, card = paid_by_card_instead()
    card.refresh_from_db()
    simulator.disputing.open_now(SimulatorPayment.objects.get(token=card.reference))
    outbox.drain()
    order = Order.objects.get()
    before = (order.state, order.version, order.paid_at, dummy.count("deliver"))
    assert before[0] == states.DISPUTED

    confirm(transfer)

    order.refresh_from_db()
    assert (order.state, order.version, order.paid_at, dummy.count("deliver")) == before
    assert order.attention == "Paid twice: refund the surplus payment."
    assert order.invoices.count() == 1
    assert audit_books()["ok"]


def paid_by_transfer_and_card() -> Order:
    """The page of a card that was given up was open for a moment too long."""
    order = make_order(person=make_user())
    card = start_payment(order=order, gateway="simulator")
    confirm(start_payment(order=order, gateway="offline"))
    simulator.pay(card.reference, outcome="success")
    refresh_payment(card, source="webhook")
    order.refresh_from_db()
    return order


def test_a_surplus_that_came_by_bank_is_sent_back_by_staff():
    order = paid_by_transfer_and_card()
    assert order.attention == "Paid twice: refund the surplus payment."
    check_everything()

    assert [how for _, how in repair_everything()] == ["€49.00 is to be sent back."]

    refund = Refund.objects.get()
    assert (refund.payment.gateway, refund.state) == ("offline", states.PENDING)
    assert check_everything() == []
    assert sent(refund).state == states.DONE
    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (states.PAID, 0)
    assert [document.kind for document in order.invoices.all()] == ["invoice"]
    assert audit_books()["ok"]


def test_the_admin_says_that_a_surplus_is_still_to_be_sent(client):
    order = paid_by_transfer_and_card()
    check_everything()
    page = f"/admin/payments/finding/{Finding.objects.get().pk}/repair/"
    client.force_login(make_user(is_staff=True, is_superuser=True))

    answer = client.post(page, follow=True)

    assert "is to be sent back" in answer.content.decode()
    assert Refund.objects.get(order=order).state == states.PENDING


def paid_three_times() -> Order:
    """By card, by the transfer before it, and by the page of another card that was given up."""
    transfer, card = paid_by_card_instead()
    order = confirm(transfer)
    third = Payment.objects.create(
        order=order,
        gateway="simulator",
        mode="test",
        amount_minor=order.total_minor,
        currency=order.currency,
        state=states.STOPPED,
    )
    started = simulator.SimulatorGateway().start(
        Intent(
            key=third.public_id,
            order_number=order.number,
            description="A third",
            amount_minor=order.total_minor,
            currency=order.currency,
            email="",
            return_url="/",
        )
    )
    Payment.objects.filter(pk=third.pk).update(reference=started.reference, url=started.url)
    third.refresh_from_db()
    pay(third)
    order.refresh_from_db()
    return order


def test_what_was_paid_three_times_goes_back_by_a_refund_for_each_payment_too_many(dummy):
    order = paid_three_times()
    assert surplus_of(order) == 2 * order.total_minor

    refunds = refund_surplus(order=order)

    assert [refund.amount_minor for refund in refunds] == [4900, 4900]
    assert len({refund.payment_id for refund in refunds}) == 2
    assert {refund.state for refund in refunds} == {states.DONE}
    order.refresh_from_db()
    assert (order.state, order.refunded_minor, dummy.count("withdraw")) == (states.PAID, 0, 0)
    assert surplus_of(order) == 0
    with pytest.raises(RefundNotPossible):
        refund_surplus(order=order)
    assert Refund.objects.count() == 2
    assert check_everything() == []


def test_what_the_buyers_bank_has_kept_is_no_surplus(dummy):
    transfer, card = paid_by_card_instead()
    card.refresh_from_db()
    order = confirm(transfer)
    simulator.disputing.open_now(SimulatorPayment.objects.get(token=card.reference))
    outbox.drain()
    with clock.moved_by(timedelta(days=60)):
        simulator.run_due()
        outbox.drain()

    assert Dispute.objects.get().state == states.LOST
    order.refresh_from_db()
    assert surplus_of(order) == order.total_minor
    assert [found.subject for found in doubles()] == [order.number]
    (refund,) = refund_surplus(order=order)
    assert (refund.payment, refund.amount_minor) == (transfer, 4900)
    assert doubles() == []


def awaits_transfer(offer, person) -> Payment:
    order = place_order(checkout=open_checkout(offer=offer, person=person), has_consented=True)
    return start_payment(order=order, gateway="offline")


def leave_checkouts_behind():
    """As a day does."""
    Checkout.objects.update(state=Checkout.State.EXPIRED)


def order_again(offer, *, person=None, email="") -> Order:
    checkout = open_checkout(offer=offer, person=person)
    return place_order(checkout=checkout, has_consented=True, email=email)


def test_what_waits_for_a_bank_transfer_is_not_bought_by_card_as_well():
    person, offer = make_user(), make_offer()
    transfer = awaits_transfer(offer, person)
    leave_checkouts_behind()

    with pytest.raises(PaymentOpen) as refused:
        order_again(offer, person=person)

    assert transfer.order.number in refused.value.message
    cancel_order(order=transfer.order, reason="The buyer asked.")
    assert order_again(offer, person=person).state == states.AWAITING


def test_a_guest_has_one_payment_open_for_a_thing_and_address_until_it_runs_out():
    offer = make_offer()
    first = start_payment(order=order_again(offer, email="guest@example.com")).order

    with pytest.raises(PaymentOpen) as refused:
        order_again(offer, email="Guest@Example.com")

    assert first.number not in refused.value.message
    assert order_again(offer, email="other@example.com")
    with clock.moved_by(timedelta(days=1, minutes=1)):
        expire_overdue()
        assert order_again(offer, email="guest@example.com")


def test_nobody_holds_up_the_owner_of_an_address_by_typing_it():
    person, offer = make_user(email="owner@example.com"), make_offer()
    start_payment(order=order_again(offer, email="owner@example.com"), gateway="offline")

    assert order_again(offer, person=person).state == states.AWAITING


def test_a_gift_on_its_way_leaves_the_giver_free_to_buy():
    person, offer = make_user(), make_offer(is_giftable=True)
    checkout = open_checkout(offer=offer, person=person, is_gift=True)
    set_gift(
        checkout=checkout,
        line_id=checkout.lines.get().public_id,
        gift={"email": "bea@example.com", "name": "Bea"},
    )
    start_payment(order=place_order(checkout=checkout, has_consented=True))
    leave_checkouts_behind()

    assert order_again(offer, person=person).state == states.AWAITING


def test_the_page_says_where_the_open_payment_is(client):
    person, offer = make_user(), make_offer()
    transfer = awaits_transfer(offer, person)
    leave_checkouts_behind()
    client.force_login(person)
    page = client.get(f"/buy/{offer.public_id}/", follow=True)
    address = page.redirect_chain[-1][0]
    form = page.context["form"]

    answer = client.post(
        address,
        {
            "act": "pay",
            "consent": "on",
            "form_key": form["form_key"].value(),
            "expected_minor": form["expected_minor"].value(),
            "gateway": "simulator",
        },
    )

    assert answer.status_code == 409
    shown = answer.content.decode()
    assert f'<a href="/orders/{transfer.order.number}/">' in shown
    unpaid = client.get(f"/orders/{transfer.order.number}/").content.decode()
    assert f'href="/orders/{transfer.order.number}/transfer/"' in unpaid


def paid_for_twice() -> tuple[Order, Order]:
    """A guest's transfer, and the card of the same person who signed in meanwhile."""
    person, offer = make_user(email="owner@example.com"), make_offer()
    transfer = start_payment(order=order_again(offer, email=person.email), gateway="offline")
    card = pay(start_payment(order=order_again(offer, person=person)))
    late = confirm(transfer)
    card.refresh_from_db()
    late.refresh_from_db()
    return card, late


def test_what_the_buyer_has_already_is_never_delivered_again_and_can_be_refunded(dummy):
    card, late = paid_for_twice()

    assert (card.state, card.attention) == (states.PAID, "")
    assert late.state == states.PAID
    assert f"order {card.number}" in late.attention
    assert dummy.count("deliver") == 1
    line = late.lines.get()
    assert line.delivered_at is None

    refund = refund_lines(order=late, amounts={line.public_id: None}, reason="Twice", key="k")
    sent(refund)

    late.refresh_from_db()
    assert late.state == states.REFUNDED
    assert audit_books()["ok"]


def test_the_self_check_finds_what_was_bought_twice_and_repairs_it():
    card, late = paid_for_twice()

    found = [(row.kind, row.subject) for row in check_everything()]
    assert found == [("double_charge", late.lines.get().public_id)]

    ((finding, how),) = repair_everything()
    assert how == f"€49.00 of “{late.lines.get().title}” is to be sent back."
    sent(Refund.objects.get())
    assert check_everything() == []
    assert (Order.objects.get(pk=card.pk).state, finding.kind) == (states.PAID, "double_charge")


def test_a_thing_that_was_refunded_can_be_bought_anew(dummy):
    person, offer = make_user(), make_offer()
    first = pay(start_payment(order=order_again(offer, person=person)))
    refund_lines(order=first, amounts={first.lines.get().public_id: None}, reason="Back", key="k")

    second = pay(start_payment(order=order_again(offer, person=person)))

    second.refresh_from_db()
    assert (second.state, second.attention, dummy.count("deliver")) == (states.PAID, "", 2)
    assert check_everything() == []


def sent(refund: Refund) -> Refund:
    """Staff have sent it by their bank."""
    refund.refresh_from_db()
    return confirm_refund_sent(
        refund=refund,
        sent_on=clock.now().date(),
        is_confirmed=True,
        actor=make_user(is_staff=True),
    )
