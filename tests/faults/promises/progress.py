"""L1: progress is never above 100 %, whatever is published, moved and taken back meanwhile."""

from contextlib import ExitStack
from unittest.mock import patch

from django.db import transaction

from engineroom.models import OutboxEvent
from learning import outlines
from learning.actions import moving, practice, progress, works
from tests.faults.promise import Promise, Tally
from tests.learning.study import ACTS, Study


def play(seed: int, steps: int, *, until_wrong: bool = False) -> Tally:
    """So many steps, or no more than the first that goes wrong."""
    study, tally = Study(seed), Tally()
    for _ in range(steps):
        tally.add(study.step())
        if until_wrong and tally.violations:
            return tally
    if steps >= 1000:
        tally.violations += [f"never played: {name}" for name in ACTS if not study.played[name]]
    # Nobody is to be told of it: events of a course that was only here.
    OutboxEvent.objects.filter(done_at=None).delete()
    return tally


def run(stage, number, scale) -> Tally:
    return play(number + 1, 1000 if stage.is_full else 150)


BUILD = outlines.build


def _count_everything(rows, done):
    """Progress as it is often stored: a counter that goes up with everything that was ever done."""
    outline = BUILD(rows, done)
    outline.__class__ = type("Counter", (outlines.Outline,), {"done": len(done)})
    return outline


# What a careless change of the code would leave out, each of which the model must notice.
GUARDS = {
    "counting the edition's items only": [(outlines, "build", _count_everything)],
    "writing down who has finished": [
        (module, "note_finish", lambda *args, **kwargs: False) for module in (progress, moving)
    ],
    "closing attempts at what is gone": [(moving, "_close_vanished", lambda *args: 0)],
    "reading the place anew": [
        (module, "hold_place", lambda place: place)
        for module in (moving, practice, progress, works)
    ],
}


def is_noticed(guard: str, steps: int = 300) -> bool:
    """Whether a study without this guard shows violations. Nothing of it is kept."""
    with transaction.atomic(), ExitStack() as stack:
        for module, name, careless in GUARDS[guard]:
            stack.enter_context(patch.object(module, name, careless))
        tally = play(1, steps, until_wrong=True)
        transaction.set_rollback(True)
    return bool(tally.violations)


def control(stage) -> bool:
    return all(is_noticed(guard) for guard in GUARDS)


PROMISES = [
    Promise(
        "L1",
        "Progress is never above 100 %",
        run,
        {"short": 1, "full": 10},
        control=control,
        is_pure=True,
    )
]
