"""What every gateway does, whoever it is. A `world` drives the other side: it pays, declines,
lets time pass, disputes, pays out and posts events."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engineroom import clock
from payments import periods
from payments.gateways.base import (
    ChargeDeclined,
    DisputeReading,
    Intent,
    PayoutReading,
    Plan,
    Reading,
    RefundDeclined,
    Started,
    SubscriptionReading,
)
from payments.refusals import SimulatorClosed
from payments.signing import BadSignature

BACK = "http://localhost:8000/orders/"


def intent(key="pay-1", amount=4900, currency="EUR", plan=None) -> Intent:
    return Intent(
        key=key, order_number="L-1", description="Knots", amount_minor=amount, currency=currency,
        email="mira@example.com", return_url=BACK, plan=plan,
    )  # fmt: skip


def monthly(amount=2900, **fields) -> Plan:
    known = {"key": "sub-1", "title": "Membership", "currency": "EUR", "period": "month"}
    return Plan(amount_minor=amount, **(known | fields))


class GatewayContract:
    """Subclasses have a fixture `world`."""

    def subscribed(self, world, plan=None, first=None, card="good"):
        plan = plan or monthly()
        amount = plan.amount_minor if first is None else first
        started = world.gateway.start(intent(amount=amount, plan=plan))
        world.pay(started, card=card)
        return started, world.gateway.fetch(started.reference).subscription

    def test_starting_twice_with_a_key_is_one_payment(self, world):
        one, two = (world.gateway.start(intent()) for _ in range(2))
        assert (one.reference, one.url) == (two.reference, two.url)
        assert world.gateway.start(intent(key="pay-2")).reference != one.reference

    def test_a_page_that_has_closed_takes_no_money_and_says_so(self, world):
        """Whoever is first: the payment is read as canceled before anybody tries, and after."""
        wanted = replace(
            intent(), asked_at=world.now(), closes_at=world.now() + timedelta(minutes=40)
        )
        started = world.gateway.start(wanted)
        world.advance(world.now() + timedelta(minutes=39))
        assert world.gateway.fetch(started.reference).status == "open"
        world.advance(world.now() + timedelta(minutes=1))
        assert world.gateway.fetch(started.reference).status == "canceled"
        with suppress(SimulatorClosed):
            world.pay(started)
        assert world.gateway.fetch(started.reference).status == "canceled"

    def test_asking_again_later_for_a_page_that_closes_is_one_payment(self, world):
        wanted = replace(
            intent(), asked_at=world.now(), closes_at=world.now() + timedelta(minutes=5)
        )
        one = world.gateway.start(wanted)
        world.advance(world.now() + timedelta(minutes=3))
        assert world.gateway.start(wanted).reference == one.reference

    def test_it_is_said_when_the_buyer_paid(self, world):
        at, started = world.now(), world.gateway.start(intent())
        assert world.gateway.fetch(started.reference).paid_at is None
        world.pay(started)
        world.advance(at + timedelta(hours=2))
        assert world.gateway.fetch(started.reference).paid_at == at

    @pytest.mark.parametrize(("amount", "currency"), [(4900, "EUR"), (500, "JPY"), (12500, "KWD")])
    def test_a_payment_is_read_as_it_was_made(self, world, amount, currency):
        started = world.gateway.start(intent(amount=amount, currency=currency))
        before = world.gateway.fetch(started.reference)
        assert (before.status, before.amount_minor, before.currency) == ("open", amount, currency)
        world.pay(started)
        after = world.gateway.fetch(started.reference)
        assert (after.status, after.amount_minor, after.currency) == ("captured", amount, currency)
        assert (after.key, after.order_number, after.mode) == ("pay-1", "L-1", "test")
        assert after.method.endswith("4242")
        assert after.fee_minor > 0

    def test_a_declined_card_takes_nothing(self, world):
        started = world.gateway.start(intent())
        world.pay(started, card="declined")
        assert world.gateway.fetch(started.reference).status in ("open", "failed")

    def test_a_bank_debit_is_processing_until_it_arrives(self, world):
        started = world.gateway.start(intent())
        world.pay(started, card="debit")
        assert world.gateway.fetch(started.reference).status == "processing"
        world.clear_debit(started)
        assert world.gateway.fetch(started.reference).status == "captured"

    def test_canceling_closes_what_is_open_and_leaves_what_is_paid(self, world):
        open_one, paid = (world.gateway.start(intent(key=key)) for key in ("a", "b"))
        world.pay(paid)
        for _ in range(2):
            assert world.gateway.cancel(open_one.reference).status == "canceled"
            assert world.gateway.cancel(paid.reference).status == "captured"

    def test_a_refund_goes_back_once_per_key(self, world):
        started = world.gateway.start(intent())
        world.pay(started)
        ask = {"amount_minor": 900, "currency": "EUR"}
        first = world.gateway.refund(started.reference, key="r1", **ask)
        world.forget_keys()
        assert world.gateway.refund(started.reference, key="r1", **ask) == first
        assert world.gateway.fetch(started.reference).refunded_minor == 900
        world.gateway.refund(started.reference, key="r2", **ask)
        assert world.gateway.fetch(started.reference).refunded_minor == 1800

    def test_more_than_was_paid_never_goes_back(self, world):
        started = world.gateway.start(intent())
        ask = {"currency": "EUR", "key": "r1"}
        with pytest.raises(RefundDeclined):
            world.gateway.refund(started.reference, amount_minor=100, **ask)
        world.pay(started)
        with pytest.raises(RefundDeclined):
            world.gateway.refund(started.reference, amount_minor=4901, currency="EUR", key="r2")
        with pytest.raises(RefundDeclined):
            world.gateway.refund(started.reference, amount_minor=100, currency="USD", key="r3")
        assert world.gateway.fetch(started.reference).refunded_minor == 0

    def test_only_fresh_events_with_exactly_these_bytes_are_taken(self, world):
        started = world.gateway.start(intent())
        world.pay(started)
        event = world.events()[-1]
        body, header = world.post(event)
        notice = world.gateway.verify(body, header)
        assert notice.event_id
        assert notice.type
        again = json.dumps(json.loads(body), separators=(",", ": ")).encode()
        bad = [
            (body, header[:-1] + ("0" if header[-1] != "0" else "1")),
            (body, ""),
            (body, "t=1,v1=x"),
            (again, header),
            (body + b" ", header),
            world.post(event, age=301),
            world.post(event, age=-400),
            world.post(event, secret="whsec_another"),
            (b"\xff\xfe", header),
        ]
        for bytes_, mark in bad:
            with pytest.raises(BadSignature):
                world.gateway.verify(bytes_, mark)

    def test_signatures_go_by_the_clock_of_the_world(self, world):
        """A test school a year ahead still takes what the gateway signs now, and only that."""
        started, ahead = world.gateway.start(intent()), timedelta(days=365)
        world.pay(started)
        event = world.events()[-1]
        clock.follow(lambda: ahead)
        assert clock.now() - clock.real() == ahead
        assert world.gateway.verify(*world.post(event)).event_id
        for age in (-int(ahead.total_seconds()), 301):
            with pytest.raises(BadSignature):
                world.gateway.verify(*world.post(event, age=age))

    def test_events_point_to_the_payment(self, world):
        started = world.gateway.start(intent())
        world.pay(started)
        claims = world.claims()
        found = [claim for claim in claims if isinstance(claim, Reading)]
        assert found
        for claim in found:
            assert (claim.reference, claim.key) == (started.reference, "pay-1")
            assert (claim.amount_minor, claim.currency, claim.mode) == (4900, "EUR", "test")

    def test_a_subscription_begins_renews_and_points_to_itself(self, world):
        _, name = self.subscribed(world)
        first = world.gateway.fetch_subscription(name)
        assert (first.status, first.key, first.amount_minor) == ("active", "sub-1", 2900)
        assert [charge.status for charge in first.charges] == ["captured"]
        world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
        second = world.gateway.fetch_subscription(name)
        assert [charge.amount_minor for charge in second.charges] == [2900, 2900]
        assert second.charges[1].period_starts_at == first.period_ends_at
        assert second.period_starts_at == first.period_ends_at
        claims = [one for one in world.claims() if isinstance(one, SubscriptionReading)]
        assert claims
        assert {(one.reference, one.key) for one in claims} == {(name, "sub-1")}
        last = second.charges[1].reference
        world.gateway.refund(last, amount_minor=2900, currency="EUR", key="r1")

    def test_a_trial_costs_nothing_until_it_ends(self, world):
        started, name = self.subscribed(world, monthly(trial_days=14), first=0)
        assert world.gateway.fetch(started.reference).status == "captured"
        trial = world.gateway.fetch_subscription(name)
        assert trial.status == "trialing"
        assert [charge.amount_minor for charge in trial.charges] == [0]
        world.advance(trial.trial_ends_at + timedelta(minutes=1))
        after = world.gateway.fetch_subscription(name)
        assert (after.status, after.charges[-1].amount_minor) == ("active", 2900)

    @pytest.mark.parametrize("first", [1900, 3900])
    def test_the_first_period_may_cost_something_else(self, world, first):
        started, name = self.subscribed(world, first=first)
        assert world.gateway.fetch(started.reference).amount_minor == first
        world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
        charges = world.gateway.fetch_subscription(name).charges
        assert [charge.amount_minor for charge in charges] == [first, 2900]

    def test_instalments_end_by_themselves(self, world):
        _, name = self.subscribed(world, monthly(periods_total=3))
        world.gateway.fetch_subscription(name)
        start = world.now()
        for month in range(1, 5):
            world.advance(periods.after(start, "month", month) + timedelta(minutes=1))
        after = world.gateway.fetch_subscription(name)
        assert (after.status, len(after.charges)) == ("ended", 3)

    def test_a_card_that_dies_is_late_and_another_one_recovers(self, world):
        _, name = self.subscribed(world, card="dies")
        world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
        late = world.gateway.fetch_subscription(name)
        assert (late.status, late.charges[-1].status) == ("past_due", "failed")
        assert late.charges[-1].next_try_at > world.now()
        world.change_card(world.gateway.card_url(name, return_url=BACK))
        well = world.gateway.fetch_subscription(name)
        assert (well.status, well.charges[-1].status) == ("active", "captured")
        assert len(well.charges) == 2

    def test_canceling_now_and_at_the_end_and_keeping(self, world):
        _, name = self.subscribed(world)
        gateway = world.gateway
        for _ in range(2):
            said = gateway.cancel_subscription(name, at_period_end=True, key="c1")
            assert (said.status, said.cancels_at_period_end) == ("active", True)
        assert not gateway.keep_subscription(name, key="k1").cancels_at_period_end
        gateway.cancel_subscription(name, at_period_end=True, key="c2")
        world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
        assert gateway.fetch_subscription(name).status == "ended"
        assert len(gateway.fetch_subscription(name).charges) == 1

    def test_canceling_now_ends_it_once(self, world):
        _, name = self.subscribed(world)
        for _ in range(2):
            said = world.gateway.cancel_subscription(name, at_period_end=False, key="c1")
            assert said.status == "ended"

    @pytest.mark.parametrize("period", ["month", "year"])
    def test_a_change_asks_for_our_sum_once(self, world, period):
        _, name = self.subscribed(world)
        before = world.gateway.fetch_subscription(name)
        other = replace(monthly(9900), period=period)
        for _ in range(2):
            said = world.gateway.change_subscription(name, other, due_minor=3500, key="u1")
        assert (said.status, said.amount_minor, said.period) == ("active", 9900, period)
        assert [charge.amount_minor for charge in said.charges] == [2900, 3500]
        ends = periods.after(world.now(), "year") if period == "year" else before.period_ends_at
        assert abs(said.period_ends_at - ends) < timedelta(minutes=1)
        assert abs(said.charges[-1].period_ends_at - ends) < timedelta(minutes=1)

    def test_a_change_to_less_is_credited_to_what_comes(self, world):
        _, name = self.subscribed(world)
        for _ in range(2):
            said = world.gateway.change_subscription(name, monthly(1900), due_minor=-500, key="u1")
        assert [charge.amount_minor for charge in said.charges] == [2900]
        world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
        charges = world.gateway.fetch_subscription(name).charges
        assert [charge.amount_minor for charge in charges] == [2900, 1400]

    def test_a_change_that_the_card_does_not_pay_changes_nothing(self, world):
        _, name = self.subscribed(world, card="dies")
        before = world.gateway.fetch_subscription(name)
        with pytest.raises(ChargeDeclined):
            world.gateway.change_subscription(name, monthly(9900), due_minor=3500, key="u1")
        after = world.gateway.fetch_subscription(name)
        assert (after.amount_minor, after.status) == (2900, "active")
        captured = [one for one in after.charges if one.status == "captured"]
        assert len(captured) == len(before.charges)

    @pytest.mark.parametrize("is_won", [True, False])
    def test_a_dispute_is_opened_answered_and_decided(self, world, is_won):
        started = world.gateway.start(intent())
        world.pay(started)
        name = world.dispute(started)
        said = world.gateway.fetch_dispute(name)
        assert (said.status, said.payment, said.amount_minor) == ("open", started.reference, 4900)
        assert said.due_at > world.now()
        claims = [one for one in world.claims() if isinstance(one, DisputeReading)]
        assert claims
        assert claims[-1].payment == started.reference
        proof = {"product": "Knots", "statement": "It was read.", "unknown": "x"}
        for _ in range(2):
            world.gateway.answer_dispute(name, evidence=proof, key="e1")
        assert world.gateway.fetch_dispute(name).status == "under_review"
        world.decide(name, is_won=is_won)
        assert world.gateway.fetch_dispute(name).status == ("won" if is_won else "lost")

    def test_disputes_since_are_oldest_first(self, world):
        since, made = world.now() - timedelta(minutes=1), []
        for key in ("one", "two"):
            started = world.gateway.start(intent(key=key))
            world.pay(started)
            made.append(world.dispute(started))
        assert list(world.gateway.disputes_since(since)) == made
        for name in made:
            assert world.gateway.fetch_dispute(name).reference == name
        world.advance(world.now() + timedelta(days=1))
        assert list(world.gateway.disputes_since(world.now())) == []

    def test_a_dispute_says_which_subscription_it_is_about(self, world):
        started, name = self.subscribed(world)
        world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
        second = world.gateway.fetch_subscription(name).charges[1]
        first, later = (
            world.dispute(started),
            world.dispute(Started(reference=second.reference, url="")),
        )
        said = [world.gateway.fetch_dispute(one) for one in (first, later)]
        assert [(one.payment, one.subscription) for one in said] == [
            (started.reference, ""),
            (second.reference, name),
        ]

    def test_payouts_add_up(self, world):
        started = world.gateway.start(intent())
        world.pay(started)
        world.gateway.refund(started.reference, amount_minor=900, currency="EUR", key="r1")
        since = world.now() - timedelta(days=1)
        world.pay_out()
        (payout,) = list(world.gateway.payouts_since(since))
        assert isinstance(payout, PayoutReading)
        assert payout.currency == "EUR"
        assert payout.amount_minor == sum(one.amount_minor - one.fee_minor for one in payout.parts)
        kinds = {(one.kind, one.reference, one.amount_minor) for one in payout.parts}
        assert ("charge", started.reference, 4900) in kinds
        assert ("refund", -900) in {(one.kind, one.amount_minor) for one in payout.parts}
        assert list(world.gateway.payouts_since(world.now() + timedelta(days=30))) == []

    def test_payments_since_are_oldest_first(self, world):
        since: datetime = world.now() - timedelta(minutes=1)
        made = [world.gateway.start(intent(key=f"p{number}")).reference for number in range(3)]
        assert [one.reference for one in world.gateway.payments_since(since)] == made
        assert list(world.gateway.payments_since(world.now() + timedelta(days=1))) == []
