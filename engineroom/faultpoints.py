"""Named places where a fault can happen: before and after each write and each call to the outside.

In the school nothing is armed, and a point costs a look at an empty dictionary. Only the fault tests
arm points, in processes of their own (`tests/faults`); no setting and no environment variable can.
The names and what lies between them: docs/how-to/run-the-fault-tests.md.
"""

from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}


def faultpoint(name: str) -> None:
    """Do what was armed for this point: usually nothing."""
    if _armed and (act := _armed.get(name)):
        act()


def arm(name: str, act: Callable[[], None]) -> None:
    """From now on `act` is called each time this process comes by the point."""
    _armed[name] = act


def disarm() -> None:
    """Nothing happens at any point any more."""
    _armed.clear()
