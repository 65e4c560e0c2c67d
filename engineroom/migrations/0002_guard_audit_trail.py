from django.db import migrations

from engineroom.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("engineroom", "0001_create_tables")]
    operations = [append_only("engineroom_auditentry", allow_null_of="actor_id")]
