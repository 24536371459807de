"""What takes long on a large table, beside its readers and writers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('queues', '0007_requests'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('owner'), models.F('id'), condition=models.Q(('owner', ''), _negated=True), name='job_owner'),
        ),
    ]
