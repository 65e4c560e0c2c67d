"""A gateway that keeps subscriptions in memory and bills them by the clock, and things paid in periods."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from engineroom import clock
from payments import gateways, periods, sellables, states
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.gateways.base import (
    Charge,
    ChargeDeclined,
    Intent,
    Plan,
    Reading,
    Started,
    SubscriptionReading,
)
from payments.models import Checkout, Offer, Order, OrderKind, Payment, Subscription
from payments.refusals import GatewayUnavailable
from tests.factories.accounts import make_user
from tests.factories.payments import DummySellable, make_offer, pay

_number = count(1)
# The last day of a month, which the next month does not have.
START = datetime(2027, 1, 31, 10, 0, tzinfo=UTC)
at = clock.stopped_at


class PeriodicSellable(DummySellable):
    """Remembers until when each line gives what it gives."""

    def __init__(self):
        super().__init__()
        self.until: dict[str, datetime | None] = {}

    def deliver(self, line):
        super().deliver(line)
        self.until[line.public_id] = line.order.period_ends_at

    def extend(self, line, until):
        self.calls.append(("extend", line.public_id))
        name = line.public_id if line.order.subscription.kind == "membership" else None
        self.until[name or line.origin.public_id] = until

    def withdraw(self, line):
        self.calls.append(("withdraw", line.public_id))
        self.until[line.public_id] = clock.now()

    def is_open(self, at=None) -> bool:
        at = at or clock.now()
        return any(until is None or until > at for until in self.until.values())


@dataclass
class Kept:
    """One subscription as the gateway keeps it."""

    reference: str
    plan: Plan
    starts: datetime
    anchor: datetime
    ends: datetime
    status: str = "active"
    charges: list[Charge] = field(default_factory=list)
    cancels: bool = False
    card: str = "good"
    credit: int = 0
    method: str = "Visa ending 4242"


class FakeSubscriptionGateway:
    """All state is in the class: every instance is the same company. `reset()` before each test."""

    name, mode = "fake", "test"
    retry_days = (1, 3, 5, 7, 21)

    payments: dict[str, Reading] = {}
    intents: dict[str, Intent] = {}
    kept: dict[str, Kept] = {}
    changes: set[str] = set()
    calls: list[str] = []
    is_down = False
    extra_minor = 0
    taken_minor = 0

    @classmethod
    def reset(cls):
        cls.payments, cls.intents, cls.kept = {}, {}, {}
        cls.changes, cls.calls, cls.is_down = set(), [], False
        cls.extra_minor = cls.taken_minor = 0

    def _call(self, name: str):
        self.calls.append(name)
        if self.is_down:
            raise GatewayUnavailable

    def start(self, intent: Intent) -> Started:
        self._call("start")
        reference = f"fake_{intent.key}"
        self.intents.setdefault(reference, intent)
        return Started(reference=reference, url=f"https://fake.test/{reference}")

    def pay(self, reference: str) -> None:
        """The buyer pays on the hosted page."""
        intent, cls = self.intents[reference], type(self)
        subscription = ""
        if intent.plan:
            subscription = f"sub_{intent.plan.key}"
            self._begin(subscription, reference, intent)
        cls.taken_minor += intent.amount_minor
        self.payments[reference] = Reading(
            reference=reference,
            key=intent.key,
            order_number=intent.order_number,
            status="captured",
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            mode=self.mode,
            account="acct",
            method="Visa ending 4242",
            subscription=subscription,
        )

    def _begin(self, name: str, reference: str, intent: Intent) -> None:
        now, plan = clock.now(), intent.plan
        anchor = now + timedelta(days=plan.trial_days)
        ends = anchor if plan.trial_days else periods.after(now, plan.period)
        status = "trialing" if plan.trial_days else "active"
        first = Charge(
            reference=f"first_{reference}",
            number=1,
            status="captured",
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            period_starts_at=now,
            period_ends_at=ends,
        )
        self.kept[name] = Kept(name, plan, now, anchor, ends, status, [first])

    def fetch(self, reference: str) -> Reading:
        self._call("fetch")
        if reference in self.payments:
            return self.payments[reference]
        intent = self.intents[reference]
        return Reading(
            reference=reference,
            key=intent.key,
            order_number=intent.order_number,
            status="open",
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            mode=self.mode,
            account="acct",
        )

    def cancel(self, reference: str) -> Reading:
        return self.fetch(reference)

    def refund(self, reference: str, *, amount_minor: int, currency: str, key: str) -> str:
        self._call("refund")
        return f"refund_{key}"

    def bill(self, name: str) -> None:
        """Everything that is due by now."""
        kept = self.kept[name]
        while kept.status not in ("ended",) and kept.ends <= clock.now():
            free = 1 if kept.plan.trial_days else 0
            total = kept.plan.periods_total
            if kept.cancels or (total and len(kept.charges) - free >= total):
                kept.status = "ended"
                return
            times = 1
            while periods.after(kept.anchor, kept.plan.period, times) <= kept.ends:
                times += 1
            span = kept.ends, periods.after(kept.anchor, kept.plan.period, times)
            used = min(kept.credit, kept.plan.amount_minor)
            amount = kept.plan.amount_minor - used + self.extra_minor
            charge = self._charge(kept, amount, span)
            kept.credit -= used
            kept.starts, kept.ends = span
            if charge.status == "failed":
                break
        self._retry(kept)

    def _charge(self, kept: Kept, amount: int, span) -> Charge:
        is_paid = kept.card == "good" or not amount
        charge = Charge(
            reference=f"charge_{kept.reference}_{len(kept.charges) + 1}",
            number=len(kept.charges) + 1,
            status="captured" if is_paid else "failed",
            amount_minor=amount,
            currency=kept.plan.currency,
            period_starts_at=span[0],
            period_ends_at=span[1],
        )
        kept.charges.append(charge)
        kept.status = "active" if is_paid else "past_due"
        if is_paid:
            type(self).taken_minor += amount
        return charge

    def _retry(self, kept: Kept) -> None:
        if kept.status == "past_due" and kept.card == "good":
            last = kept.charges[-1]
            kept.charges[-1] = replace(last, status="captured")
            kept.status = "active"
            type(self).taken_minor += last.amount_minor

    def payments_since(self, moment: datetime):
        """Nothing that the school does not know."""
        return iter(())

    def fetch_subscription(self, reference: str) -> SubscriptionReading:
        self._call("fetch_subscription")
        self.bill(reference)
        return self.reading(reference)

    def reading(self, reference: str) -> SubscriptionReading:
        kept = self.kept[reference]
        return SubscriptionReading(
            reference=reference,
            key=kept.plan.key,
            status=kept.status,
            amount_minor=kept.plan.amount_minor,
            currency=kept.plan.currency,
            period=kept.plan.period,
            mode=self.mode,
            account="acct",
            period_starts_at=kept.starts,
            period_ends_at=kept.ends,
            trial_ends_at=kept.anchor if kept.plan.trial_days else None,
            cancels_at_period_end=kept.cancels,
            method=kept.method,
            charges=list(kept.charges),
        )

    def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str):
        self._call("cancel_subscription")
        kept = self.kept[reference]
        if at_period_end:
            kept.cancels = True
        else:
            kept.status = "ended"
        return self.reading(reference)

    def keep_subscription(self, reference: str, *, key: str):
        self._call("keep_subscription")
        self.kept[reference].cancels = False
        return self.reading(reference)

    def change_subscription(self, reference: str, plan: Plan, *, due_minor: int, key: str):
        self._call("change_subscription")
        kept, now = self.kept[reference], clock.now()
        if key in self.changes:
            return self.reading(reference)
        ends = kept.ends
        is_anew = plan.period != kept.plan.period and kept.status != "trialing"
        if is_anew:
            ends = periods.after(now, plan.period)
        if due_minor > 0:
            used = min(kept.credit, due_minor)
            if kept.card != "good" and due_minor > used:
                raise ChargeDeclined("Not enough funds.")
            kept.credit -= used
            self._charge(kept, due_minor - used, (now, ends))
        else:
            kept.credit -= due_minor
        self.changes.add(key)
        kept.plan, kept.ends = plan, ends
        if is_anew:
            kept.anchor = kept.starts = now
        return self.reading(reference)

    def card_url(self, reference: str, *, return_url: str) -> str:
        self._call("card_url")
        return f"https://fake.test/card/{reference}"

    def change_card(self, reference: str, card: str = "good", method="Visa ending 1881") -> None:
        """The buyer types another card on the gateway's page."""
        kept = self.kept[reference]
        kept.card, kept.method = card, method
        self._retry(kept)


def use_fake_gateway(settings) -> FakeSubscriptionGateway:
    """Make the fake the school's gateway for one test."""
    FakeSubscriptionGateway.reset()
    gateways.register("fake", FakeSubscriptionGateway)
    settings.PAYMENT_GATEWAY = "fake"
    return FakeSubscriptionGateway()


def sell_in_periods() -> PeriodicSellable:
    """Dummy things are sold for periods in this test."""
    periodic = PeriodicSellable()
    sellables.register("dummy", periodic)
    return periodic


def make_membership(**fields) -> Offer:
    """A membership of dummy things: 29.00 EUR a month unless said otherwise."""
    fields.setdefault("period", "month")
    fields.setdefault("amount_minor", 2900)
    fields.setdefault("title", f"Membership {next(_number)}")
    return make_offer(**fields)


def open_for(offer: Offer, person) -> Checkout:
    """The person's checkout with just this offer in it."""
    return open_checkout(offer=offer, person=person)


def make_subscription(person=None, offer=None) -> Subscription:
    """A running membership, paid at the simulator."""
    checkout = open_for(offer or make_membership(), person or make_user())
    order = pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))
    return Subscription.objects.select_related("person", "offer").get(pk=order.subscription_id)


def subscribe(offer=None, person=None, *, in_instalments=False, coupon=None) -> Subscription:
    """A person subscribes through the till and the fake gateway."""
    person = person or make_user()
    checkout = open_checkout(offer=offer or make_membership(), person=person)
    Checkout.objects.filter(pk=checkout.pk).update(in_instalments=in_instalments, coupon=coupon)
    checkout.refresh_from_db()
    order = place_order(checkout=checkout, has_consented=True)
    payment = start_payment(order=order)
    gateways.current().pay(payment.reference)
    payment.refresh_from_db()
    refresh_payment(payment, source="return")
    order.refresh_from_db()
    return order.subscription


def renewals() -> list[Order]:
    """The orders of periods after the first, in the order they were written."""
    return list(Order.objects.filter(kind=OrderKind.RENEWAL).order_by("pk"))


def booked() -> int:
    """Minor units of all payments that were captured, by the school's own rows."""
    captured = Payment.objects.filter(state=states.CAPTURED)
    return sum(captured.values_list("amount_minor", flat=True))
