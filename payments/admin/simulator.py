"""What the simulator remembers beside its payments: to look at."""

from django.contrib import admin

from engineroom.admin import ReadOnlyAdmin
from payments.models import SimulatorDispute, SimulatorPayout, SimulatorSubscription


@admin.register(SimulatorSubscription)
class SimulatorSubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["key", "title", "state", "amount_minor", "currency", "period", "bills_at"]
    list_filter = ["state", "period", "currency"]
    search_fields = ["key", "order_number", "title"]


@admin.register(SimulatorDispute)
class SimulatorDisputeAdmin(ReadOnlyAdmin):
    list_display = ["token", "payment", "state", "amount_minor", "currency", "moves_at"]
    list_select_related = ["payment"]
    list_filter = ["state", "currency"]
    search_fields = ["token", "payment__order_number"]


@admin.register(SimulatorPayout)
class SimulatorPayoutAdmin(ReadOnlyAdmin):
    list_display = ["token", "amount_minor", "currency", "arrived_at"]
    list_filter = ["currency", "arrived_at"]
    search_fields = ["token"]
