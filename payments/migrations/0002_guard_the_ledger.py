"""The database itself refuses to change or delete a row of the books."""

from django.db import migrations

from engineroom.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_create_tables")]
    operations = [append_only("payments_ledgerentry")]
