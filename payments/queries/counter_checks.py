"""Counters against the rows they count: uses of a coupon, pieces sold of an offer, periods paid of a
subscription. Each check takes a fixed number of queries."""

from collections import Counter
from datetime import datetime

from django.db.models import Count, Max, Q

from engineroom import slots
from payments import states
from payments.models import Coupon, CouponUse, Offer, OrderKind, OrderLine, Subscription
from payments.queries.problems import Problem, differ, sums

MINUTE = "%Y-%m-%d %H:%M"
# A purchase takes its pieces when it is placed, a change of plan one of the new plan when it is
# written. They are given back only when nobody pays the order: not when a plan is left or ends.
TAKERS = (OrderKind.PURCHASE, OrderKind.CHANGE)
TAKING = states.LIVE_ORDERS - {states.DRAFT}


def coupons_are_counted() -> list[Problem]:
    """A coupon's uses are its redemptions that still hold; only live orders hold one."""
    held = CouponUse.objects.filter(released_at=None)
    own = sums(Coupon.objects.all(), "code", "uses")
    real = dict(
        held.order_by()
        .values("coupon__code")
        .annotate(n=Count("pk"))
        .values_list("coupon__code", "n")
    )
    found = [
        Problem(
            subject=f"coupon {code}",
            text=f"coupon {code}: {said} uses counted, {count} held",
            repair="recount",
        )
        for code, said, count in differ(own, real)
    ]
    dead = held.exclude(order__state__in=states.LIVE_ORDERS)
    for code, number in dead.values_list("coupon__code", "order__number"):
        text = f"coupon {code}: held by order {number}, which will not be paid"
        found.append(Problem(subject=f"coupon {code}", text=text, repair="recount"))
    return found


def pieces_taken(**which) -> Counter:
    """How many pieces of each offer (its public id) orders have taken: one query."""
    rows = (
        OrderLine.objects.filter(
            order__kind__in=TAKERS, order__state__in=TAKING, offer__isnull=False, **which
        )
        .order_by()
        # The lines of a bundle say the same number each, and stand for one piece.
        .values_list("order", "offer__public_id", "quantity")
        .distinct()
    )
    taken = Counter()
    for _order, offer, quantity in rows:
        taken[offer] += quantity
    return taken


def sold_of(most: int | None, taken: int) -> int:
    """What the counter must say: never more than there are, though late money may have paid more."""
    return taken if most is None else min(most, taken)


def offers_are_counted() -> list[Problem]:
    """An offer's counter says how many pieces its live orders have taken."""
    taken, found = pieces_taken(), []
    for name, sold, most in Offer.objects.order_by("pk").values_list(
        "public_id", "sold", "most_sold"
    ):
        real = sold_of(most, taken[name])
        if sold != real:
            text = f"offer {name}: {sold} counted as sold, {real} taken by orders"
            found.append(Problem(subject=f"offer {name}", text=text, repair="recount"))
    return found


def periods_paid(**which) -> dict[int, tuple[int, int, datetime | None]]:
    """By subscription: purchases paid, renewals paid, and until when they pay: one query."""
    settled = Q(orders__state__in=states.SETTLED_ORDERS)
    rows = (
        Subscription.objects.filter(**which)
        .order_by()
        .values("pk")
        .annotate(
            purchases=Count("orders", filter=settled & Q(orders__kind=OrderKind.PURCHASE)),
            renewals=Count("orders", filter=settled & Q(orders__kind=OrderKind.RENEWAL)),
            until=Max("orders__period_ends_at", filter=settled),
        )
    )
    return {row["pk"]: (row["purchases"], row["renewals"], row["until"]) for row in rows}


def counted(subscription: Subscription, purchases: int, renewals: int) -> int:
    """How many periods are paid. One that never started has none; a trial is not a paid period."""
    if subscription.period_starts_at is None:
        return 0
    return renewals + (0 if subscription.terms.get("trial_days") else purchases)


def subscriptions_are_counted() -> list[Problem]:
    """Periods paid, the end of the current one, and "paid in full" are what its orders say."""
    paid, found = periods_paid(), []
    for one in Subscription.objects.order_by("pk"):
        purchases, renewals, until = paid[one.pk]
        subject = f"subscription {one.public_id}"
        real = counted(one, purchases, renewals)
        if one.periods_paid != real:
            text = f"{subject}: {one.periods_paid} periods counted as paid, {real} paid by orders"
            found.append(Problem(subject=subject, text=text, repair="recount"))
        # One that is over was charged after its end: staff were told, and its end stays.
        if one.is_running and until and one.period_ends_at != until:
            text = (
                f"{subject}: runs until {one.period_ends_at:{MINUTE}}, paid until {until:{MINUTE}}"
            )
            found.append(Problem(subject=subject, text=text, repair="recount"))
        if one.state == states.COMPLETED and real < (one.periods_total or 0):
            text = f"{subject}: called paid in full with {real} of {one.periods_total} paid"
            found.append(Problem(subject=subject, text=text))
    return found


def rooms_are_counted() -> list[Problem]:
    """What the rooms above say of their own counters, by the slot `payments.counters`: each answers
    a list of Problems, and the slot `payments.recount` counts anew what they name."""
    return [problem for room in slots.gather("payments.counters") for problem in room]
