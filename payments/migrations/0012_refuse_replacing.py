"""On SQLite a row of the books or an invoice could still be replaced by one with the same key."""

from django.db import migrations

from engineroom.guards import no_replacing


class Migration(migrations.Migration):
    dependencies = [("payments", "0011_note_refunds_sent_another_way")]
    operations = [
        no_replacing("payments_ledgerentry", ("id",), ("ref",)),
        no_replacing("payments_invoiceseries", ("id",), ("prefix",)),
        no_replacing(
            "payments_invoice",
            ("id",),
            ("public_id",),
            ("number",),
            ("series_id", "sequence"),
            ("refund_id",),
            ("dispute_id",),
            also="kept.order_id = NEW.order_id AND kept.kind = 'invoice' AND NEW.kind = 'invoice'",
        ),
    ]
