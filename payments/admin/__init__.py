"""The till in the admin: offers by actions, everything with money read-only, refunds by action."""

from payments.admin import (  # noqa: F401 - importing them is what registers them
    books,
    coupons,
    disputes,
    gifts,
    invoices,
    offers,
    orders,
    records,
    simulator,
    subscriptions,
    transfers,
)
