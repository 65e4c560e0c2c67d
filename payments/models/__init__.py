"""Tables of the till. Amounts are whole minor units; nothing here points into catalog or learning."""

from payments.models.checkouts import Checkout, CheckoutLine
from payments.models.events import GatewayAccount, GatewayEvent
from payments.models.ledger import LedgerEntry
from payments.models.offers import Offer, OfferItem
from payments.models.orders import Mode, Order, OrderLine
from payments.models.payments import Payment, Refund, RefundLine
from payments.models.simulator import SimulatorPayment, SimulatorRefund

__all__ = [
    "Checkout",
    "CheckoutLine",
    "GatewayAccount",
    "GatewayEvent",
    "LedgerEntry",
    "Mode",
    "Offer",
    "OfferItem",
    "Order",
    "OrderLine",
    "Payment",
    "Refund",
    "RefundLine",
    "SimulatorPayment",
    "SimulatorRefund",
]
