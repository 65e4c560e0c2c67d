from collections import Counter

from django.db import migrations

TAKEN = ["awaiting_payment", "processing", "paid", "partially_refunded", "refunded", "disputed"]


def count(apps, schema_editor):
    """A change of plan takes a piece of the new plan, as a purchase does: those made before count."""
    alias = schema_editor.connection.alias
    lines = apps.get_model("payments", "OrderLine").objects.using(alias)
    offers = apps.get_model("payments", "Offer").objects.using(alias)
    changes = lines.filter(order__kind="change", order__state__in=TAKEN, offer__isnull=False)
    taken = Counter()
    # The lines of a bundle say the same number each, and stand for one piece.
    rows = changes.order_by().values_list("order", "offer", "quantity").distinct()
    for _order, offer, quantity in rows:
        taken[offer] += quantity
    for pk, more in taken.items():
        offer = offers.get(pk=pk)
        sold = offer.sold + more
        offer.sold = sold if offer.most_sold is None else min(sold, offer.most_sold)
        offer.save(update_fields=["sold"])


class Migration(migrations.Migration):
    dependencies = [("payments", "0012_refuse_replacing")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
