from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_guard_editions")]

    operations = [
        migrations.AlterModelOptions(
            name="course",
            options={
                "ordering": ["title", "pk"],
                "permissions": [("write_every_course", "Can write every course")],
            },
        )
    ]
