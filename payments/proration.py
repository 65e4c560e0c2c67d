"""What a change of plan costs in the middle of a period: days that are not used are credited.

Pure and in whole days, so that the same sum stands on the page, in the mail and on the order, and
anybody can check it by hand. Both the credit and the rest are rounded down to the unit: what is
credited and what was used add up to what was paid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Proration:
    """`due_minor` is paid now; below zero it is credited to the next payments.

    `days` is the length of the running period, `unused` how many of them are left. `starts_anew`:
    the new plan is paid in another rhythm, so that a whole new period of it begins now.
    """

    days: int
    unused: int
    paid_minor: int
    credit_minor: int
    price_minor: int
    rest_minor: int
    starts_anew: bool

    @property
    def due_minor(self) -> int:
        return self.rest_minor - self.credit_minor


def part(amount_minor: int, unused: int, days: int) -> int:
    """The part of a period's amount that falls on its unused days, rounded down."""
    return amount_minor * unused // days if days else 0


def prorate(
    *,
    paid_minor: int,
    price_minor: int,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    starts_anew: bool,
) -> Proration:
    """`paid_minor` was paid for the period from `starts_at` to `ends_at`; the new plan costs
    `price_minor` a period. A day that has begun is used."""
    days = max((ends_at - starts_at) // DAY, 0)
    unused = min(max((ends_at - now) // DAY, 0), days)
    return Proration(
        days=days,
        unused=unused,
        paid_minor=paid_minor,
        credit_minor=part(paid_minor, unused, days),
        price_minor=price_minor,
        rest_minor=price_minor if starts_anew else part(price_minor, unused, days),
        starts_anew=starts_anew,
    )
