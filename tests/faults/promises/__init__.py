"""Every promise that `make faults` holds the school to, in the order they are run."""

from tests.faults.promise import Promise
from tests.faults.promises import (
    books,
    crashes,
    jumps,
    keys,
    news,
    previews,
    prices,
    progress,
    races,
    sealed,
    seats,
    weather,
)

ALL: list[Promise] = [
    *prices.PROMISES,
    *books.PROMISES,
    *previews.PROMISES,
    *progress.PROMISES,
    *races.PROMISES,
    *seats.PROMISES,
    *news.PROMISES,
    *keys.PROMISES,
    *weather.PROMISES,
    *jumps.PROMISES,
    *sealed.PROMISES,
    *crashes.PROMISES,
]
