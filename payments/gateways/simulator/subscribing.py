"""Subscriptions of the simulator: billed by the school's clock in the background worker.

A charge that is declined is tried again 1, 3 and 5 days after its period began; then it stays
overdue until the school ends it. Another card pays what is overdue at once.
"""

from datetime import timedelta

from django.db import transaction

from engineroom import clock
from payments import periods
from payments.gateways.base import (
    Charge,
    ChargeDeclined,
    Intent,
    Plan,
    SubscriptionReading,
)
from payments.gateways.simulator import cards, disputing, posting
from payments.models import Mode, SimulatorPayment, SimulatorSubscription

State = SimulatorSubscription.State
Paid = SimulatorPayment.State
RETRY_DAYS = (1, 3, 5)
BATCH = 200
MOST_PERIODS = 120  # caught up with in one go, after the clock was moved far


def make(plan: Plan, intent: Intent) -> SimulatorSubscription:
    return SimulatorSubscription.objects.create(
        key=plan.key,
        title=plan.title[:300],
        order_number=intent.order_number,
        amount_minor=plan.amount_minor,
        currency=plan.currency,
        period=plan.period,
        trial_days=plan.trial_days,
        periods_total=plan.periods_total,
    )


def by_token(token: str) -> SimulatorSubscription:
    return SimulatorSubscription.objects.get(token=token)


def find(token: str) -> SimulatorSubscription | None:
    return SimulatorSubscription.objects.filter(token=token).first()


def locked(token: str) -> SimulatorSubscription:
    return SimulatorSubscription.objects.select_for_update().get(token=token)


def remember_card(sub: SimulatorSubscription, card: cards.Card) -> None:
    sub.card, sub.method = card.later, cards.method(card)
    sub.save(update_fields=["card", "method"])


def begin(payment: SimulatorPayment, now) -> None:
    """The first payment is made: the period, or the trial, runs from now."""
    sub = payment.subscription
    sub.anchor_at = now + timedelta(days=sub.trial_days)
    sub.trial_ends_at = sub.anchor_at if sub.trial_days else None
    sub.period_starts_at = now
    sub.period_ends_at = sub.trial_ends_at or periods.after(now, sub.period)
    sub.billed, sub.bills_at = 1, sub.period_ends_at
    sub.state = State.TRIALING if sub.trial_days else State.ACTIVE
    sub.save()
    payment.period_starts_at, payment.period_ends_at = sub.period_starts_at, sub.period_ends_at
    payment.save(update_fields=["period_starts_at", "period_ends_at"])
    tell(sub, "started")


def tell(sub: SimulatorSubscription, what: str) -> None:
    first = sub.payments.filter(number=1).values_list("fault", flat=True).first()
    said = {
        "reference": sub.token,
        "key": sub.key,
        "status": sub.state,
        "amount_minor": sub.amount_minor,
        "currency": sub.currency,
        "period": sub.period,
        "order": sub.order_number,
    }
    posting.tell(f"subscription.{what}", "subscription", said, fault=first or "")


def bill_due() -> int:
    """Everything subscriptions owe by now; returns how many were looked at."""
    due = SimulatorSubscription.objects.filter(bills_at__lte=clock.now())
    tokens = list(due.order_by("bills_at", "pk").values_list("token", flat=True)[:BATCH])
    for token in tokens:
        for _ in range(MOST_PERIODS):
            if not _bill(token):
                break
    return len(tokens)


@transaction.atomic
def _bill(token: str) -> bool:
    """The one thing that is due next for the subscription; False when nothing is."""
    sub = locked(token)
    now = clock.now()
    if sub.bills_at is None or sub.bills_at > now:
        return False
    overdue = _overdue(sub)
    if overdue is not None:
        _try(sub, overdue, sub.bills_at)
    elif sub.cancels_at_period_end or _is_complete(sub):
        _end(sub, sub.bills_at)
    else:
        _ask_for_next(sub)
    return True


def _overdue(sub: SimulatorSubscription) -> SimulatorPayment | None:
    return sub.payments.filter(state=Paid.FAILED, number__gt=1).first()


def _is_complete(sub: SimulatorSubscription) -> bool:
    free = 1 if sub.trial_days else 0
    return sub.periods_total is not None and sub.billed - free >= sub.periods_total


def _ask_for_next(sub: SimulatorSubscription) -> None:
    starts, count = sub.period_ends_at, 1
    while periods.after(sub.anchor_at, sub.period, count) <= starts:
        count += 1
    sub.period_starts_at = starts
    sub.period_ends_at = periods.after(sub.anchor_at, sub.period, count)
    charge = _charge(sub, sub.amount_minor, f"{sub.token}:{sub.billed + 1}")
    _try(sub, charge, starts)


def _charge(sub: SimulatorSubscription, amount: int, key: str) -> SimulatorPayment:
    """The next charge of the subscription, for its period, less what it has as credit."""
    used = min(sub.credit_minor, amount)
    sub.credit_minor -= used
    sub.billed += 1
    return SimulatorPayment.objects.create(
        key=key,
        order_number=sub.order_number,
        description=sub.title,
        amount_minor=amount - used,
        currency=sub.currency,
        return_url=sub.return_url,
        subscription=sub,
        number=sub.billed,
        period_starts_at=sub.period_starts_at,
        period_ends_at=sub.period_ends_at,
    )


def _declines(sub: SimulatorSubscription) -> str:
    """Why the card says no, empty when it pays."""
    return cards.REASONS.get(sub.card, "") if sub.card != "debit_fails" else ""


def _take(sub: SimulatorSubscription, charge: SimulatorPayment, at) -> bool:
    """Ask the card once. A charge of nothing is always paid."""
    reason = _declines(sub) if charge.amount_minor else ""
    charge.tries += 1
    charge.method, charge.card, charge.reason = sub.method, sub.card, reason
    if reason:
        charge.state = Paid.FAILED
    else:
        charge.state, charge.captured_at, charge.next_try_at = Paid.SUCCEEDED, at, None
        charge.fee_minor = cards.fee_of(charge.amount_minor)
    charge.save()
    if charge.state == Paid.SUCCEEDED and sub.card in cards.DISPUTED and charge.amount_minor:
        disputing.plan(charge)
    return not reason


def _try(sub: SimulatorSubscription, charge: SimulatorPayment, at) -> None:
    if _take(sub, charge, at):
        was_late = sub.state == State.PAST_DUE
        sub.state, sub.bills_at = State.ACTIVE, sub.period_ends_at
        sub.save()
        tell(sub, "recovered" if was_late else "renewed")
        return
    left = RETRY_DAYS[charge.tries - 1 :]
    charge.next_try_at = charge.period_starts_at + timedelta(days=left[0]) if left else None
    charge.save(update_fields=["next_try_at"])
    sub.state, sub.bills_at = State.PAST_DUE, charge.next_try_at
    sub.save()
    tell(sub, "payment_failed")


def _end(sub: SimulatorSubscription, at) -> None:
    sub.state, sub.bills_at, sub.ended_at = State.ENDED, None, at
    sub.save()
    tell(sub, "ended")


@transaction.atomic
def cancel(token: str, *, at_period_end: bool) -> SimulatorSubscription:
    sub = locked(token)
    if sub.state == State.ENDED:
        return sub
    if at_period_end and sub.state in (State.TRIALING, State.ACTIVE):
        if not sub.cancels_at_period_end:
            sub.cancels_at_period_end = True
            sub.save(update_fields=["cancels_at_period_end"])
            tell(sub, "changed")
        return sub
    sub.payments.filter(next_try_at__isnull=False).update(next_try_at=None)
    _end(sub, clock.now())
    return sub


@transaction.atomic
def keep(token: str) -> SimulatorSubscription:
    sub = locked(token)
    if sub.cancels_at_period_end and sub.state != State.ENDED:
        sub.cancels_at_period_end = False
        sub.save(update_fields=["cancels_at_period_end"])
        tell(sub, "changed")
    return sub


@transaction.atomic
def change(token: str, plan: Plan, *, due_minor: int, key: str) -> SimulatorSubscription:
    """Raises ChargeDeclined when the card does not pay what is due at once."""
    sub = locked(token)
    name = f"change:{key}"
    if sub.state == State.ENDED or SimulatorPayment.objects.filter(key=name).exists():
        return sub
    now, started, ends = clock.now(), sub.period_starts_at, sub.period_ends_at
    if plan.period != sub.period and sub.state != State.TRIALING:
        sub.anchor_at, started, ends = now, now, periods.after(now, plan.period)
    sub.period = plan.period
    sub.title, sub.amount_minor = plan.title[:300], plan.amount_minor
    if due_minor > 0:
        sub.period_starts_at, sub.period_ends_at = now, ends
        if not _take(sub, _charge(sub, due_minor, name), now):
            raise ChargeDeclined(_declines(sub))
    else:
        sub.credit_minor -= due_minor
        SimulatorPayment.objects.create(
            key=name,
            order_number=sub.order_number,
            description=f"Credit of {-due_minor} for {sub.title}"[:300],
            amount_minor=0,
            currency=sub.currency,
            return_url=sub.return_url,
            state=Paid.SUCCEEDED,
            subscription=sub,
        )
    sub.period_starts_at, sub.period_ends_at = started, ends
    if sub.state in (State.ACTIVE, State.TRIALING):
        sub.bills_at = ends
    sub.save()
    tell(sub, "changed")
    return sub


@transaction.atomic
def change_card(token: str, card: cards.Card) -> SimulatorSubscription:
    """Another card; what is overdue is asked of it at once."""
    sub = locked(token)
    remember_card(sub, card)
    overdue = _overdue(sub)
    if sub.state == State.PAST_DUE and overdue is not None and not _declines(sub):
        _try(sub, overdue, clock.now())
    else:
        tell(sub, "changed")
    return sub


def set_return_url(token: str, return_url: str) -> None:
    SimulatorSubscription.objects.filter(token=token).update(return_url=return_url[:500])


def _charge_status(payment: SimulatorPayment) -> str:
    known = {Paid.SUCCEEDED: "captured", Paid.FAILED: "failed"}
    return known.get(payment.state, "open")


def reading(sub: SimulatorSubscription) -> SubscriptionReading:
    made = sub.payments.filter(number__isnull=False, period_starts_at__isnull=False)
    return SubscriptionReading(
        reference=sub.token,
        key=sub.key,
        status=sub.state,
        amount_minor=sub.amount_minor,
        currency=sub.currency,
        period=sub.period,
        mode=Mode.TEST.value,
        account=posting.account_id(),
        period_starts_at=sub.period_starts_at,
        period_ends_at=sub.period_ends_at,
        trial_ends_at=sub.trial_ends_at,
        cancels_at_period_end=sub.cancels_at_period_end,
        method=sub.method,
        charges=[
            Charge(
                reference=payment.token,
                number=payment.number,
                status=_charge_status(payment),
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                period_starts_at=payment.period_starts_at,
                period_ends_at=payment.period_ends_at,
                fee_minor=payment.fee_minor,
                reason=payment.reason,
                next_try_at=payment.next_try_at,
            )
            for payment in made.order_by("number")
        ],
    )
