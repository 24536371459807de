"""What takes long on a large table, beside its readers and writers."""

import queues.states
from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('queues', '0005_together'),
    ]

    operations = [
        ValidateConstraint(model_name='job', name='job_state_known'),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('id'), condition=models.Q(('state', queues.states.State['WAITING_CHILDREN'])), name='job_parents'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('fingerprint'), models.F('id'), condition=models.Q(('state', queues.states.State['FAILED'])), name='job_failures'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('schedule_id'), condition=models.Q(('finished_at__isnull', True), ('schedule_id__isnull', False)), name='job_tick'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('limit_key'), condition=models.Q(('state', queues.states.State['ACTIVE']), models.Q(('limit_key', ''), _negated=True)), name='job_running_key'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('queue'), models.F('limit_key'), models.OrderBy(models.F('front'), descending=True), models.F('priority'), models.F('run_at'), models.F('id'), condition=models.Q(('state', queues.states.State['WAITING'])), name='job_turn'),
        ),
        RemoveIndexConcurrently(
            model_name='job',
            name='job_waiting',
        ),
    ]
