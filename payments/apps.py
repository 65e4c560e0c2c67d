from django.apps import AppConfig

from engineroom import events, slots


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Payments"

    def ready(self):
        from payments import checks, jobs, listeners  # noqa: F401 - importing them is what registers them
        from payments.admin.boards import orders_today, revenue
        from payments.api import choices
        from payments.events import LineRefunded
        from payments.queries.offers import course_prices

        events.listen(LineRefunded, listeners.on_line_refunded)
        slots.fill("catalog.prices", course_prices)
        slots.fill("catalog.price_course", listeners.course_price)
        slots.fill("accounts.sections", listeners.orders_section)
        slots.fill("accounts.sections", listeners.subscriptions_section)
        slots.fill("accounts.export", listeners.subscription_rows)
        slots.fill("accounts.sections", listeners.gifts_section)
        slots.fill("accounts.export", listeners.gift_rows)
        slots.fill("accounts.erase", listeners.erase)
        slots.fill("accounts.export", listeners.export)
        slots.fill("accounts.export", listeners.export_invoices)
        slots.fill("developers.choices", choices.names)
        slots.fill("admin.board", orders_today)
        slots.fill("admin.board", revenue)
