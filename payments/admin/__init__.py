"""The till in the admin: offers by actions, everything with money read-only, refunds by action."""

from payments.admin import disputes, gifts, invoices, offers, orders, records  # noqa: F401
