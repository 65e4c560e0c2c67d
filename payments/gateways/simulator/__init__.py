"""The built-in simulator: a gateway with its own hosted page, its own memory and signed webhooks.

It behaves like another company whose answers arrive in any order and more than once, and it lives
by the school's clock. Only a test school may use it; its payments are test money.
"""

from payments.gateways.simulator import cards, disputing, paying, paying_out, posting, subscribing
from payments.gateways.simulator.cards import ALL as CARDS
from payments.gateways.simulator.cards import BY_NUMBER, OUTCOMES
from payments.gateways.simulator.gateway import SimulatorGateway
from payments.gateways.simulator.paying import STATUS, State, find, pay
from payments.gateways.simulator.posting import FAULTS, NAME, signed
from payments.gateways.simulator.posting import TOPIC as WEBHOOK_TOPIC

__all__ = [
    "BY_NUMBER",
    "CARDS",
    "FAULTS",
    "NAME",
    "OUTCOMES",
    "STATUS",
    "WEBHOOK_TOPIC",
    "SimulatorGateway",
    "State",
    "cards",
    "disputing",
    "find",
    "pay",
    "posting",
    "run_due",
    "signed",
    "subscribing",
]


def run_due() -> int:
    """Whatever the clock makes due at the simulator; returns how many things were done."""
    return (
        paying.clear_debits()
        + subscribing.bill_due()
        + disputing.move_due()
        + paying_out.pay_out_due()
    )
