from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0009_owners_take_turns'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='is_suspect',
            field=models.BooleanField(db_default=False),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='outcome',
            field=models.CharField(choices=[('failed', 'failed'), ('snoozed', 'snoozed'), ('timed out', 'timed out'), ('crashed', 'crashed'), ('worker lost', 'lost with its worker'), ('cancelled', 'cancelled')], max_length=16),
        ),
    ]
