"""What staff say of orders and subscriptions that were put before them."""

from django.db import transaction

from engineroom import audit
from payments.models import Order, Subscription


@transaction.atomic
def look_after(*, row: Order | Subscription, actor=None) -> bool:
    """Staff have seen to what the row asks attention for; the reason stays in the audit trail.

    False when it asks for none. A check that finds the same again puts it before them anew.
    """
    rows = type(row).objects.filter(pk=row.pk).exclude(attention="")
    why = rows.select_for_update().values_list("attention", flat=True).first()
    if why is None:
        return False
    rows.update(attention="")
    is_order = isinstance(row, Order)
    name, target = ("order", row.number) if is_order else ("subscription", row.public_id)
    audit.record(f"{name}.looked_after", target, actor=actor, why=why)
    return True
