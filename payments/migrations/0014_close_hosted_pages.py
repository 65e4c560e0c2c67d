from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0013_count_changes_of_plan")]
    operations = [
        migrations.AddField(
            model_name="payment",
            name="closes_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="hosted page closes"),
        ),
        migrations.AddField(
            model_name="simulatorpayment",
            name="closes_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="page closes"),
        ),
    ]
