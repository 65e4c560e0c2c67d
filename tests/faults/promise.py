"""What a fault test is: a promise, rounds that try to break it, and a control without its guard."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """One round: how often it was tried, and every time it did not hold."""

    attempts: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, wrong: list[str], attempts: int = 1) -> None:
        self.attempts += attempts
        self.violations += wrong


@dataclass(frozen=True)
class Promise:
    """`rounds` are how many there are at each scale. `run(stage, number, scale)` is one of them.

    `control(stage)` does the same without the guard and answers whether that broke it, as it must.
    None: there is no guard that could be taken away. A pure promise needs no processes, and none
    are beside it: its rounds compare the whole of the books with what they did themselves.
    """

    name: str
    words: str
    run: Callable
    rounds: dict[str, int]
    control: Callable | None = None
    is_pure: bool = False


@dataclass
class Stage:
    """What a round plays on. `school` is None for promises that need no processes."""

    db: str
    scale: str
    school: object = None
    gate: object = None
    server: object = None

    @property
    def is_full(self) -> bool:
        return self.scale == "full"


def by_chance(seed: int) -> random.Random:
    """Numbers that look like chance and come again in the next run."""
    return random.Random(seed)  # noqa: S311 - nothing is kept secret by it


def without(guard, work):
    """`work()` while a function of the school, named as (module, name), does nothing."""
    module, name = guard
    careful = getattr(module, name)
    setattr(module, name, lambda *args, **kwargs: None)
    try:
        return work()
    finally:
        setattr(module, name, careful)
