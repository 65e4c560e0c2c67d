"""On SQLite an entry of the audit trail could still be replaced by one with the same id."""

from django.db import migrations

from engineroom.guards import no_replacing


class Migration(migrations.Migration):
    dependencies = [("engineroom", "0004_allow_moving_the_clock")]
    operations = [no_replacing("engineroom_auditentry", ("id",))]
