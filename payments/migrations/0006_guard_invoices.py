"""Invoices are never changed or deleted, and their counters only ever go one further."""

from django.db import migrations

from engineroom.guards import append_only, refuse

SERIES = "payments_invoiceseries"
UP_BY_ONE = "NEW.last_number <> OLD.last_number + 1 OR NEW.prefix <> OLD.prefix"


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_hold_lines_to_their_sums")]
    operations = [
        migrations.AlterModelOptions(
            name="invoice",
            options={
                "ordering": ["-pk"],
                "permissions": [("export_sales", "Can export sales and quarterly VAT totals")],
            },
        ),
        append_only("payments_invoice"),
        refuse(
            SERIES,
            "UPDATE",
            f"{SERIES}_up_by_one",
            "invoice numbers follow one another",
            when=UP_BY_ONE,
        ),
        refuse(SERIES, "DELETE", f"{SERIES}_no_delete", "invoice series are kept"),
    ]
