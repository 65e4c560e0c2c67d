"""The simulator as another company: what each card does, and what follows by the clock."""

from datetime import timedelta

import pytest
from django.test import Client

from engineroom import clock, outbox
from payments import periods, states
from payments.actions.payouts import record_payout
from payments.actions.reconciling import reconcile_payments
from payments.gateways import simulator
from payments.gateways.base import ChargeDeclined, Intent, Plan
from payments.gateways.simulator import SimulatorGateway, cards
from payments.jobs import run_simulator
from payments.models import GatewayEvent, Order, Payment, Payout, SimulatorPayment
from payments.queries.books import audit_books, balances
from payments.refusals import FaultNotValid, OutcomeNotValid, SimulatorClosed
from tests.factories.accounts import make_user
from tests.factories.payments import make_paid_order, make_payment, pay

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GATEWAY = SimulatorGateway()


def work():
    run_simulator()
    outbox.drain()


def start(**plan):
    """A subscription's first payment at the gateway alone: (its reference, the subscription's)."""
    said = {
        "key": "subscription_a", "title": "Membership", "amount_minor": 1900, "currency": "EUR",
        "period": "month",
    }  # fmt: skip
    plan = Plan(**said | plan)
    due = 0 if plan.trial_days else plan.amount_minor
    intent = Intent(
        key="payment_a", order_number="AAAA", description="Membership", amount_minor=due,
        currency="EUR", email="", return_url="/back/", plan=plan,
    )  # fmt: skip
    reference = GATEWAY.start(intent).reference
    return reference, GATEWAY.fetch(reference).subscription


def reading(subscription):
    return GATEWAY.fetch_subscription(subscription)


def at(days, subscription):
    """How it stands so many days from now."""
    with clock.moved_by(days * DAY):
        run_simulator()
        return reading(subscription)


@pytest.mark.parametrize("card", [one for one in cards.ALL if one.plays in cards.DECLINES])
def test_each_decline_says_why_and_moves_no_money(card, dummy):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome=card.plays, card=card.number)
    outbox.drain()

    payment.refresh_from_db()
    assert (payment.state, payment.reason) == (states.FAILED, cards.REASONS[card.plays])
    assert Order.objects.get().state == states.AWAITING
    assert dummy.count("deliver") == 0
    with pytest.raises(SimulatorClosed):
        simulator.pay(payment.reference, outcome="success")


@pytest.mark.parametrize(
    ("outcome", "end", "delivered"), [("debit", "paid", 1), ("debit_fails", "awaiting_payment", 0)]
)
def test_a_bank_debit_is_on_its_way_for_three_days(outcome, end, delivered, dummy):
    order = pay(make_payment(person=make_user()), outcome)
    assert order.state == states.PROCESSING
    with clock.moved_by(2 * DAY):
        work()
    assert Order.objects.get().state == states.PROCESSING

    with clock.moved_by(3 * DAY + timedelta(minutes=1)):
        work()

    assert Order.objects.get().state == end
    assert dummy.count("deliver") == delivered


def test_what_is_not_known_is_refused():
    payment = make_payment(person=make_user())
    with pytest.raises(OutcomeNotValid):
        simulator.pay(payment.reference, outcome="nonsense")
    with pytest.raises(FaultNotValid):
        simulator.pay(payment.reference, outcome="success", fault="nonsense")
    assert SimulatorPayment.objects.get().state == "open"


@pytest.mark.parametrize("fault", sorted(simulator.FAULTS))
def test_whatever_happens_to_the_post_the_order_is_paid_in_the_end(fault, dummy):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success", fault=fault)
    outbox.drain()
    order = Order.objects.get()

    by_event = {"duplicated", "reordered"}
    assert (order.state == states.PAID) == (fault in by_event), order.state
    assert bool(order.attention) == fault.startswith("wrong_")
    with clock.moved_by(timedelta(minutes=11)):
        outbox.drain()
        reconcile_payments()
    assert Order.objects.get().state == states.PAID
    assert dummy.count("deliver") == 1
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_forged_event_about_a_declined_payment_grants_nothing(dummy):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="fraud", fault="forged")
    outbox.drain()

    assert not GatewayEvent.objects.exists()
    assert outbox.dead_count() == outbox.waiting_count() == 0
    assert Order.objects.get().state == states.AWAITING
    assert dummy.count("deliver") == 0


def test_a_membership_renews_on_its_day_of_the_month():
    reference, subscription = start()
    assert reading(subscription).status == "incomplete"
    simulator.pay(reference, outcome="success")
    first = reading(subscription)
    assert (first.status, len(first.charges)) == ("active", 1)

    later = at(100, subscription)

    assert [charge.number for charge in later.charges] == [1, 2, 3, 4]
    begun = first.period_starts_at
    assert [charge.period_starts_at for charge in later.charges] == [
        periods.after(begun, "month", count) for count in range(4)
    ]
    assert later.period_ends_at == periods.after(begun, "month", 4)
    assert all(charge.fee_minor for charge in later.charges)


def test_months_are_counted_from_the_day_it_began():
    begun = clock.now().replace(year=2027, month=1, day=31)
    days = [periods.after(begun, "month", count).date().isoformat() for count in range(1, 4)]
    assert days == ["2027-02-28", "2027-03-31", "2027-04-30"]
    leap = begun.replace(year=2028, month=2, day=29)
    assert periods.after(leap, "year", 1).date().isoformat() == "2029-02-28"


def test_a_trial_costs_nothing_then_the_first_period_is_paid():
    reference, subscription = start(trial_days=14)
    simulator.pay(reference, outcome="success")
    trial = reading(subscription)
    assert (trial.status, trial.charges[0].amount_minor) == ("trialing", 0)
    assert trial.period_ends_at == trial.trial_ends_at

    paid = at(15, subscription)

    assert (paid.status, [one.amount_minor for one in paid.charges]) == ("active", [0, 1900])


def test_a_card_that_dies_is_asked_again_after_1_3_and_5_days_then_it_stays_overdue():
    reference, subscription = start()
    simulator.pay(reference, outcome="success", card="4000000000000341")
    length = (reading(subscription).period_ends_at - clock.now()).days + 1

    late = at(length, subscription)
    assert (late.status, late.charges[1].status) == ("past_due", "failed")
    starts = late.charges[1].period_starts_at
    waits = [late.charges[1].next_try_at - starts]
    for days in (1, 3):
        waits.append(at(length + days, subscription).charges[1].next_try_at - starts)
    assert [wait.days for wait in waits] == [1, 3, 5]
    given_up = at(length + 5, subscription)
    assert (given_up.status, given_up.charges[1].next_try_at) == ("past_due", None)
    assert at(length + 90, subscription).charges == given_up.charges


def test_another_card_pays_what_is_overdue_at_once(client):
    reference, subscription = start()
    simulator.pay(reference, outcome="success", card="4000000000000341")
    address = GATEWAY.card_url(subscription, return_url="/subscriptions/")
    with clock.moved_by(33 * DAY):
        run_simulator()
        assert reading(subscription).status == "past_due"
        path = address.partition("/simulator")[2]
        page = client.get(f"/simulator{path}")
        assert "overdue" in page.content.decode()
        assert client.post(f"/simulator{path}", {"card": "1"}).status_code == 400
        answer = client.post(f"/simulator{path}", {"card": "4242 4242 4242 4242"})

        assert answer.url == "/subscriptions/"
        now = reading(subscription)
    assert (now.status, now.charges[1].status) == ("active", "captured")


def test_it_ends_now_or_with_the_period_or_is_kept():
    reference, subscription = start()
    simulator.pay(reference, outcome="success")
    assert GATEWAY.cancel_subscription(
        subscription, at_period_end=True, key="a"
    ).cancels_at_period_end
    assert not GATEWAY.keep_subscription(subscription, key="b").cancels_at_period_end
    assert at(40, subscription).status == "active"
    GATEWAY.cancel_subscription(subscription, at_period_end=True, key="c")
    assert at(40, subscription).status == "active"
    assert at(70, subscription).status == "ended"
    assert len(reading(subscription).charges) == 2


def test_instalments_end_with_the_last_one():
    reference, subscription = start(periods_total=3)
    simulator.pay(reference, outcome="success")

    done = at(365, subscription)

    assert done.status == "ended"
    assert [charge.status for charge in done.charges] == ["captured"] * 3


def test_a_change_is_charged_once_at_once_and_a_credit_is_used_up():
    reference, subscription = start()
    simulator.pay(reference, outcome="success")
    dear = Plan(key="x", title="Dear", amount_minor=3900, currency="EUR", period="month")
    for _ in range(2):
        changed = GATEWAY.change_subscription(subscription, dear, due_minor=1000, key="up")
    assert [charge.amount_minor for charge in changed.charges] == [1900, 1000]
    for _ in range(2):
        changed = GATEWAY.change_subscription(subscription, dear, due_minor=-5000, key="down")
    assert len(changed.charges) == 2

    later = at(65, subscription)

    assert [charge.amount_minor for charge in later.charges] == [1900, 1000, 0, 2800]


def test_a_change_that_the_card_does_not_pay_changes_nothing():
    reference, subscription = start()
    simulator.pay(reference, outcome="success", card="4000000000000341")
    before = reading(subscription)
    dear = Plan(key="x", title="Dear", amount_minor=3900, currency="EUR", period="month")

    with pytest.raises(ChargeDeclined):
        GATEWAY.change_subscription(subscription, dear, due_minor=1000, key="up")

    assert reading(subscription) == before


def test_what_was_paid_is_sent_to_the_bank_less_its_fees_and_recorded_once():
    order = make_paid_order(offers=2)
    with clock.moved_by(3 * DAY):
        work()
        work()
        payout = Payout.objects.get()
        fee = order.payments.get().fee_minor
        assert (payout.amount_minor, fee) == (order.total_minor - fee, 172)
        listed = list(GATEWAY.payouts_since(clock.now() - DAY))
        assert record_payout(gateway="simulator", reading=listed[0]) == payout
    assert balances()[("test:gateway:simulator", "EUR")] == 0
    assert balances()[("test:bank", "EUR")] == payout.amount_minor
    assert audit_books()["ok"], audit_books()["problems"]


def test_the_self_check_sees_every_payment_that_was_started():
    payments = [make_payment(person=make_user()) for _ in range(3)]
    found = [one.key for one in GATEWAY.payments_since(clock.now() - DAY)]
    assert found == [payment.public_id for payment in payments]


def test_the_hosted_page_and_the_api_choose_faults(client):
    payment = make_payment(person=make_user())
    page = client.get(f"/simulator/{payment.reference}/").content.decode()
    for card in simulator.CARDS:
        assert card.spaced in page
    said = {"outcome": "card", "card": "4242424242424242", "fault": "lost"}
    assert client.post(f"/simulator/{payment.reference}/", said).status_code == 302
    assert SimulatorPayment.objects.get().fault == "lost"
    assert not outbox.OutboxEvent.objects.filter(topic=simulator.WEBHOOK_TOPIC).exists()

    other = make_payment(person=make_user())
    answer = Client().post(
        f"/api/v1/simulator/payments/{other.reference}",
        {"outcome": "success", "fault": "wrong_amount"},
        content_type="application/json",
    )
    assert answer.json()["fault"] == "wrong_amount"
    outbox.drain()
    assert "does not match" in Order.objects.get(pk=other.order_id).attention


def test_in_a_live_school_nothing_of_it_answers(client, settings):
    payment = make_payment(person=make_user())
    _reference, subscription = start()
    settings.TEST_SCHOOL = False

    assert client.get(f"/simulator/{payment.reference}/").status_code == 404
    assert client.get(f"/simulator/cards/{subscription}/").status_code == 404
    assert run_simulator() == 0
    assert Payment.objects.get().state == states.STARTED
