"""R17: a clock that jumps, by minutes and by days, forward and back, through nights of summer time.

Each life is one thing that lives by the clock, begun at a start and looked at after a jump: an order,
a seat that is held, a membership, whatever opens a door for a while. All of them get to the end, so
that money moves in every one that is about money.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from django.test import override_settings

from accounts import queries as people
from accounts.actions import devices, links
from accounts.refusals import LinkSpent, TokenRefused
from engineroom import clock
from engineroom.models import OutboxEvent
from engineroom.refusals import Refusal
from learning.actions import cohort_seats
from learning.models import Seat
from learning.queries import access
from payments import signing, states
from payments.actions import canceling
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.actions.steering import cancel_subscription
from payments.actions.subscriptions import refresh_subscription
from payments.gateways import simulator
from payments.gateways.simulator import subscribing
from payments.models import LedgerEntry, Order, Payment, SimulatorPayment, Subscription
from tests.factories.cohorts import make_cohort, seat_offer
from tests.faults.buyers import Buyer, charged, new_course, new_membership, wrong_with_books
from tests.faults.promise import Promise, Tally

SECRET = "whsec_of_a_clock_that_jumps"  # noqa: S105 - signs nothing but what is written here
MINUTES = [timedelta(minutes=m) for m in (-29, -1, 1, 4, 6, 29, 31)]
HOURS = [timedelta(hours=h) for h in (-25, -24, -2, -1, 1, 2, 23, 24, 25)]
JUMPS = [*MINUTES, *HOURS]
# A few of each kind: the short form.
FEW = [timedelta(minutes=m) for m in (4, 31, -60, 1500)]
# (time zone of the machine and the school, where it begins; None: now).
STARTS = [
    ("Europe/Berlin", datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2028, 2, 29, 12, 0, tzinfo=UTC)),
    ("UTC", None),
    ("Europe/Berlin", datetime(2027, 10, 31, 0, 59, 59, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 3, 14, 6, 59, 59, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 11, 7, 5, 59, 59, tzinfo=UTC)),
    # The first of February in Berlin, the last of January in UTC: the next period ends on the 29th.
    ("Europe/Berlin", datetime(2028, 1, 31, 23, 30, tzinfo=UTC)),
    ("UTC", datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)),
]


class Shop:
    """What is bought in every life."""

    def __init__(self):
        self.course, self.offer = new_course()
        self._memberships = {}

    def membership(self, period: str):
        """Every course, paid by the month or by the year."""
        if period not in self._memberships:
            offer = self._memberships[period] = new_membership()
            offer.period = period
            offer.save(update_fields=["period"])
        return self._memberships[period]


def _asked(payment) -> None:
    """Twice, as a webhook and a return would."""
    for _ in range(2):
        payment.refresh_from_db()
        refresh_payment(payment, source="clock")


def _ordered(offer, person):
    order = place_order(checkout=open_checkout(offer=offer, person=person), has_consented=True)
    return order, start_payment(order=order)


def _pay(payment) -> None:
    """On the hosted page, which may be closed by now."""
    with suppress(Refusal):
        simulator.pay(payment.reference, outcome="success")
    _asked(payment)


def _wrong_with_payment(order, what: str) -> list[str]:
    row = Order.objects.get(pk=order.pk)
    booked = LedgerEntry.objects.filter(order=row, ref__startswith="capture:").count()
    if row.state == states.PAID and charged(row.number) == row.total_minor and booked == 1:
        return []
    return [f"{what}: {row.state}, charged {charged(row.number)}, {booked} in the books"]


def buy_late(shop: Shop, before: timedelta, jump: timedelta) -> list[str]:
    """An order whose clock jumps between asking and paying. One that ran out is ordered again."""
    offer = shop.offer
    person, what, wrong = Buyer.new().person, f"an order after {jump}", []
    with clock.moved_by(before):
        order, payment = _ordered(offer, person)
    if order.expires_at <= order.placed_at:
        wrong.append("an order expired before it was placed")
    with clock.moved_by(before + jump):
        canceling.expire_overdue()
        state = Order.objects.get(pk=order.pk).state
        should = states.EXPIRED if clock.now() >= order.expires_at else states.AWAITING
        if state != should:
            wrong.append(f"{what}: {state}, not {should}")
        _pay(payment)
        if state == states.EXPIRED:
            if charged(order.number):
                wrong.append(f"{what}: charged after it had run out")
            order, payment = _ordered(offer, person)
            _pay(payment)
        canceling.expire_overdue()
        if not access.may_open(person, shop.course):
            wrong.append(f"{what}: paid without access")
    for later in (jump + jump, -abs(jump)):
        with clock.moved_by(before + later):
            _asked(payment)
            canceling.expire_overdue()
    return wrong + _wrong_with_payment(order, what)


def _wrong_with_seats(cohort, should: int, what: str) -> list[str]:
    cohort.refresh_from_db()
    live = Seat.objects.filter(cohort=cohort, state__in=Seat.LIVE).count()
    if cohort.seats_taken == live == should:
        return []
    return [f"{what}: {cohort.seats_taken} counted, {live} held or taken, not {should}"]


def hold_seat(shop: Shop, before: timedelta, jump: timedelta) -> list[str]:
    """The only seat of a cohort, held through a jump: freed when its time is over, and never twice."""
    what, wrong = f"a seat after {jump}", []
    with clock.moved_by(before):
        cohort = make_cohort(capacity=1, course=shop.course)
        offer = seat_offer(cohort)
        order, payment = _ordered(offer, Buyer.new().person)
        seat = Seat.objects.get(cohort=cohort)
        if seat.expires_at <= clock.now():
            wrong.append("a seat was held for less than nothing")
    with clock.moved_by(before + jump):
        is_over = clock.now() >= seat.expires_at
        for free in (cohort_seats.free_expired_seats, canceling.expire_overdue) * 2:
            free()
            wrong += _wrong_with_seats(cohort, 0 if is_over else 1, what)
        if is_over:
            with suppress(Refusal):
                order, payment = _ordered(offer, Buyer.new().person)
        _pay(payment)
    for later in (jump + jump, -abs(jump)):
        with clock.moved_by(before + later):
            cohort_seats.free_expired_seats()
            canceling.expire_overdue()
            _asked(payment)
    return wrong + _wrong_with_payment(order, what) + _wrong_with_seats(cohort, 1, what)


def _taken(subscription) -> int:
    """What the gateway charged for the subscription, in minor units."""
    rows = SimulatorPayment.objects.filter(
        subscription__token=subscription.reference, state="succeeded"
    )
    return sum(rows.values_list("amount_minor", flat=True))


def _wrong_with_periods(subscription, should: int, what: str) -> list[str]:
    orders = Order.objects.filter(subscription=subscription, state=states.PAID)
    totals = list(orders.values_list("total_minor", flat=True))
    captured = Payment.objects.filter(order__in=orders, state=states.CAPTURED).count()
    if len(totals) == captured == should and sum(totals) == _taken(subscription):
        return []
    return [f"{what}: {len(totals)} orders, {captured} payments, not {should}"]


def renew(shop: Shop, before: timedelta, jump: timedelta, period: str = "month") -> list[str]:
    """A membership whose clock jumps around the end of its period, back into it, and on again."""
    person, what, wrong = Buyer.new().person, f"a {period} after {jump}", []
    with clock.moved_by(before):
        order, payment = _ordered(shop.membership(period), person)
        _pay(payment)
        order.refresh_from_db()
        subscription = Subscription.objects.get(pk=order.subscription_id)
        span = subscription.period_ends_at - clock.now()
    furthest = timedelta(0)
    for since in (span + jump, span - abs(jump), span + jump, span + timedelta(days=3)):
        furthest = max(furthest, since)
        with clock.moved_by(before + since):
            for _ in range(2):
                subscribing.bill_due()
                subscription.refresh_from_db()
                refresh_subscription(subscription, source="clock")
            wrong += _wrong_with_periods(subscription, 2 if furthest >= span else 1, what)
            if not access.may_open(person, shop.course):
                wrong.append(f"{what}: paid without access")
    with clock.moved_by(before + span + timedelta(days=3)):
        subscription.refresh_from_db()
        cancel_subscription(subscription=subscription, at_period_end=False, reason="A jump.")
    return wrong


def _link_to(person) -> str:
    """The token of a link that was mailed just now."""
    links.send_sign_in_link(person=person)
    sent = OutboxEvent.objects.filter(payload__to=person.email).latest("pk")
    return re.search(r"link_[\w-]+", sent.payload["text"])[0]


def _is_refused(refusal, work) -> bool:
    try:
        work()
    except refusal:
        return True
    return False


def _links_open(before: timedelta, jump: timedelta) -> dict[str, bool]:
    """Whether a mailed link opens after the jump, and once more afterwards."""
    with clock.moved_by(before):
        link = _link_to(Buyer.new().person)
    use = partial(links.use_sign_in_link, token=link)
    with clock.moved_by(before + jump):
        is_open = not _is_refused(LinkSpent, use)
    again = []
    for later in (timedelta(0), -abs(jump)):
        with clock.moved_by(before + later):
            again.append(not _is_refused(LinkSpent, use))
    return {"a link": is_open, "a spent link": is_open and any(again)}


def run_out(shop: Shop, before: timedelta, jump: timedelta) -> list[str]:
    """What opens a door for a while: a program's tokens, a mailed link, the signature of an event."""
    with clock.moved_by(before):
        _, token, refresh = devices.issue_device(person=Buyer.new().person, name="Jump")
        header = signing.sign(b"{}", SECRET, int(clock.real().timestamp()))
    with clock.moved_by(before + jump):
        now = clock.real().timestamp()
        found = {
            "a token": people.bearer_of(token) is not None,
            "a signature": not _is_refused(
                signing.BadSignature, lambda: signing.check(b"{}", header, [SECRET], now)
            ),
        }
    found |= _links_open(before, jump)
    with clock.moved_by(before + jump + timedelta(days=58)):
        found["a refresh token"] = not _is_refused(
            TokenRefused, lambda: devices.refresh_device(refresh_token=refresh)
        )
    with clock.moved_by(before + timedelta(days=61) + abs(jump)):
        _, _, late = devices.issue_device(person=Buyer.new().person, name="Jump")
    with clock.moved_by(before + timedelta(days=122) + 2 * abs(jump)):
        found["an old refresh token"] = not _is_refused(
            TokenRefused, lambda: devices.refresh_device(refresh_token=late)
        )
    should = {
        "a token": jump < timedelta(hours=1),
        "a signature": abs(jump) < timedelta(minutes=5),
        "a link": jump < timedelta(hours=24),
        "a spent link": False,
        "a refresh token": True,
        "an old refresh token": False,
    }
    return [
        f"{name} after {jump}: {'open' if found[name] else 'shut'}"
        for name in should
        if found[name] != should[name]
    ]


LIVES = (buy_late, hold_seat, renew, run_out)


def _forget_news(since: int) -> None:
    """Nobody is to be told of what was bought under a clock that was only here."""
    OutboxEvent.objects.filter(pk__gt=since, done_at=None).delete()


def _news() -> int:
    return OutboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def run(stage, number, scale) -> Tally:
    """Every life at every start with every jump; a membership by the year on the 29th of February."""
    tally, since, shop = Tally(), _news(), Shop()
    for zone, moment in STARTS if stage.is_full else STARTS[:2]:
        before = moment - clock.now() if moment else timedelta(0)
        with override_settings(TIME_ZONE=zone):
            for jump in JUMPS if stage.is_full else FEW:
                for life in LIVES:
                    wrong = life(shop, before, jump)
                    tally.add([f"{zone}, {moment}: {text}" for text in wrong])
            tally.add(renew(shop, before, timedelta(hours=1), "year"))
    _forget_news(since)
    tally.violations += wrong_with_books()
    return tally


class MachineClock:
    """A clock that no jump moves."""

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    real = now


# What would go by the machine's clock, and the life that must notice.
GUARDS = (
    (canceling, buy_late),
    (cohort_seats, hold_seat),
    (subscribing, renew),
    (people, run_out),
    (links, run_out),
)


def is_noticed(room, life) -> bool:
    """Measured by the clock of the machine, a jump goes by unseen: what should run out does not."""
    careful, room.clock = room.clock, MachineClock
    try:
        return bool(life(Shop(), timedelta(0), timedelta(hours=25)))
    finally:
        room.clock = careful


def control(stage) -> bool:
    since = _news()
    is_red = all(is_noticed(*guard) for guard in GUARDS)
    _forget_news(since)
    return is_red


PROMISES = [
    Promise("R17", "Clock jumps", run, {"short": 1, "full": 1}, control, is_pure=True),
]
