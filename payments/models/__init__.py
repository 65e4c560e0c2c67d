"""Tables of the till. Amounts are whole minor units; nothing here points into catalog or learning."""

from payments.models.checkouts import Checkout, CheckoutLine
from payments.models.coupons import Coupon, CouponBatch, CouponUse
from payments.models.disputes import Dispute
from payments.models.events import GatewayAccount, GatewayEvent
from payments.models.findings import Finding
from payments.models.gifts import Gift
from payments.models.invoices import Invoice, InvoiceSeries
from payments.models.ledger import LedgerEntry
from payments.models.offers import Offer, OfferItem
from payments.models.offline import BankTransfer, BankTransferRefund
from payments.models.orders import Mode, Order, OrderKind, OrderLine, TaxKind
from payments.models.payments import Payment, Refund, RefundLine
from payments.models.payouts import Payout
from payments.models.simulator import (
    SimulatorDispute,
    SimulatorPayment,
    SimulatorPayout,
    SimulatorRefund,
    SimulatorSubscription,
)
from payments.models.subscriptions import Subscription

__all__ = [
    "BankTransfer",
    "BankTransferRefund",
    "Checkout",
    "CheckoutLine",
    "Coupon",
    "CouponBatch",
    "CouponUse",
    "Dispute",
    "Finding",
    "GatewayAccount",
    "GatewayEvent",
    "Gift",
    "Invoice",
    "InvoiceSeries",
    "LedgerEntry",
    "Mode",
    "Offer",
    "OfferItem",
    "Order",
    "OrderKind",
    "OrderLine",
    "Payment",
    "Payout",
    "Refund",
    "RefundLine",
    "SimulatorDispute",
    "SimulatorPayment",
    "SimulatorPayout",
    "SimulatorRefund",
    "SimulatorSubscription",
    "Subscription",
    "TaxKind",
]
