"""Which gateways the school uses: PAYMENT_GATEWAY, and bank transfers beside it."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings

from payments.gateways import offline
from payments.gateways.base import Gateway
from payments.gateways.offline import OfflineGateway
from payments.gateways.simulator import SimulatorGateway
from payments.refusals import GatewayNotOffered, LiveSchoolWithoutGateway

STRIPE = "stripe"


def _stripe() -> Gateway:
    # Its SDK is large: a school that takes its money otherwise never loads it.
    return import_module("payments.gateways.stripe.gateway").StripeGateway()


_makers = {
    SimulatorGateway.name: SimulatorGateway,
    OfflineGateway.name: OfflineGateway,
    STRIPE: _stripe,
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A way to pay that a buyer may choose. `hint` says what to expect of it."""

    name: str
    label: str
    hint: str


def register(name: str, maker) -> None:
    """Make an adapter known under a name that PAYMENT_GATEWAY may hold. `maker()` builds it."""
    _makers[name] = maker


def by_name(name: str) -> Gateway | None:
    """The gateway of that name as long as this school may use it."""
    if name == SimulatorGateway.name and not settings.TEST_SCHOOL:
        return None
    if name == STRIPE and not settings.STRIPE_SECRET_KEY:
        return None
    maker = _makers.get(name)
    return maker() if maker else None


def current() -> Gateway:
    """The gateway that takes payments now. Raises LiveSchoolWithoutGateway when there is none."""
    gateway = by_name(settings.PAYMENT_GATEWAY)
    if gateway is None or (gateway.name == offline.NAME and not offline.is_offered()):
        raise LiveSchoolWithoutGateway
    return gateway


def choices(*, has_plan: bool = False) -> list[Choice]:
    """The ways to pay now, the usual one first. What is paid again and again (`has_plan`), also in
    instalments, goes by the main gateway alone. Raises LiveSchoolWithoutGateway."""
    main = current()
    found = []
    if main.name != offline.NAME:
        hint = "On the page of our payment provider. It opens at once."
        found.append(Choice(name=main.name, label="Card or another way", hint=hint))
    if offline.is_offered() and not has_plan and OfflineGateway().mode == main.mode:
        hint = "You send the money yourself. It opens when it has arrived."
        found.append(Choice(name=offline.NAME, label="Bank transfer", hint=hint))
    return found


def chosen(name: str = "", *, has_plan: bool = False) -> Gateway:
    """The gateway that the buyer chose; without a choice the main one.

    Raises GatewayNotOffered, LiveSchoolWithoutGateway.
    """
    if not name:
        main = current()
        if has_plan and main.name == offline.NAME:
            raise GatewayNotOffered
        return main
    if name not in {choice.name for choice in choices(has_plan=has_plan)}:
        raise GatewayNotOffered
    return by_name(name)
