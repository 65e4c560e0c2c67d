from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    """Nothing was taxed so far: the whole of each line is net."""
    lines = apps.get_model("payments", "OrderLine").objects.using(schema_editor.connection.alias)
    lines.update(net_minor=F("total_minor"))


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_widen_the_till")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
