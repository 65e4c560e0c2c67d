"""R9: ten thousand things that happen at a till, each compared with a plain model of it."""

from django.db import transaction
from django.test import override_settings

from engineroom.models import OutboxEvent
from payments import sellables
from payments.actions import canceling, disputes, ordering, refunding, settling
from tests.factories.payments import DummySellable
from tests.faults.promise import Promise, Tally
from tests.faults.till import ACTS, EVERY, Till


@override_settings(SELLER_COUNTRY="DE")
def play(seed: int, steps: int, *, until_wrong: bool = False) -> Tally:
    """So many operations, or no more than the first that goes wrong."""
    sellables.register("dummy", DummySellable())
    till, tally = Till(seed), Tally()
    for number in range(steps):
        tally.add(till.step())
        if number % EVERY == EVERY - 1:
            tally.violations += till.check_books()
        if until_wrong and tally.violations:
            return tally
    tally.violations += till.close()
    if steps >= 1000:
        tally.violations += [f"never played: {name}" for name in ACTS if not till.done[name]]
    # Nobody is to be told of it: receipts and events of a clock that was only here.
    OutboxEvent.objects.filter(done_at=None).delete()
    return tally


def run(stage, number, scale) -> Tally:
    return play(number + 1, 1000 if stage.is_full else 150)


def _another_amount(order, payment) -> None:
    payment.amount_minor += 1
    BOOK_CAPTURE(order, payment)


def _nothing(*args, **kwargs) -> None:
    """The guard is off."""


BOOK_CAPTURE = settling.book_capture
# What a careless change of the code would leave out, each of which the model must notice.
GUARDS = (
    (settling, "book_capture", _another_amount),
    (refunding, "book_refund", _nothing),
    (disputes, "book_dispute_end", _nothing),
    (canceling, "release_coupon", _nothing),
    (canceling, "release_pieces", _nothing),
    (ordering, "hold_coupon", _nothing),
    (ordering, "hold_pieces", _nothing),
)


def is_noticed(module, name: str, careless, steps: int = 300) -> bool:
    """Whether a till without this guard shows violations. Nothing of it is kept."""
    careful = getattr(module, name)
    setattr(module, name, careless)
    try:
        with transaction.atomic():
            found = play(99, steps, until_wrong=True).violations
            transaction.set_rollback(True)
    finally:
        setattr(module, name, careful)
    return bool(found)


def control(stage) -> bool:
    guards = GUARDS if stage.is_full else GUARDS[:2]
    return all(is_noticed(*guard) for guard in guards)


PROMISES = [
    Promise("R9", "The books balance", run, {"short": 1, "full": 10}, control, is_pure=True),
]
