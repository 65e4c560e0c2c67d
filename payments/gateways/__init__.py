"""Which gateway the school uses: one setting, PAYMENT_GATEWAY."""

from django.conf import settings

from payments.gateways.base import Gateway
from payments.gateways.simulator import SimulatorGateway
from payments.refusals import LiveSchoolWithoutGateway

_makers = {SimulatorGateway.name: SimulatorGateway}


def register(name: str, maker) -> None:
    """Make an adapter known under a name that PAYMENT_GATEWAY may hold. `maker()` builds it."""
    _makers[name] = maker


def by_name(name: str) -> Gateway | None:
    """The gateway of that name as long as this school may use it."""
    if name == SimulatorGateway.name and not settings.TEST_SCHOOL:
        return None
    maker = _makers.get(name)
    return maker() if maker else None


def current() -> Gateway:
    """The gateway that takes payments now. Raises LiveSchoolWithoutGateway when there is none."""
    gateway = by_name(settings.PAYMENT_GATEWAY)
    if gateway is None:
        raise LiveSchoolWithoutGateway
    return gateway
