"""What takes long on a large table, beside its readers and writers."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('queues', '0003_speed'),
    ]

    operations = [
        ValidateConstraint(model_name='job', name='job_active_has_worker'),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(fields=['queue', 'state'], name='job_counts'),
        ),
    ]
