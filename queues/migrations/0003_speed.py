"""What the hot path needs of the tables. The figures behind it are in docs/adr/0009.

No foreign key to or from the hot table: Postgres checks one for every row that is claimed or
deleted, which cost more than the claims and deletions themselves. A claim looks at its worker's
row once, for all its jobs. Stop the workers before this: older ones rely on the keys.
"""

import django.db.models.deletion
import queues.states
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# Each change of state writes a new version of the row, for every state has an index of its own.
# The room lets the version lie on the page of the one before it.
ROOM = "fillfactor = 70"
# Scale factors let dead rows pile up in proportion to the table, and the table may be large.
TIDY = (
    "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, "
    # The statements must not be planned for the empty table that it was a moment ago.
    "autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000, "
    # Pages of finished jobs become all-visible, so that counting reads the index alone.
    "autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000, "
    # By default vacuum sleeps most of its time, while the dead rows slow every claim.
    "autovacuum_vacuum_cost_delay = 0"
)
NAMES = "fillfactor, " + ", ".join(part.split(" = ")[0] for part in TIDY.split(", "))

FORGET_ORPHANS = """
DELETE FROM queues_attempt WHERE NOT EXISTS (SELECT FROM queues_job WHERE id = job_id);
DELETE FROM queues_logline WHERE NOT EXISTS (SELECT FROM queues_job WHERE id = job_id);
DELETE FROM queues_effect WHERE NOT EXISTS (SELECT FROM queues_job WHERE id = job_id);
UPDATE queues_job SET worker_id = NULL, front = true,
    state = CASE state WHEN 'active' THEN 'waiting' ELSE state END
WHERE worker_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM queues_worker WHERE id = worker_id);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0002_life'),
    ]

    operations = [
        migrations.AlterField(
            model_name='attempt',
            name='job',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='queues.job'),
        ),
        migrations.AlterField(
            model_name='effect',
            name='job',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='effects', to='queues.job'),
        ),
        migrations.AlterField(
            model_name='job',
            name='worker',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='jobs', to='queues.worker'),
        ),
        migrations.AlterField(
            model_name='logline',
            name='job',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='log_lines', to='queues.job'),
        ),
        # Not checked for the rows that are there, which would hold everybody up; 0004 does that.
        AddConstraintNotValid(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', queues.states.State['ACTIVE']), _negated=True), ('worker__isnull', False), _connector='OR'), name='job_active_has_worker'),
        ),
        migrations.RunSQL(
            f"ALTER TABLE queues_job SET ({ROOM}, {TIDY})",
            f"ALTER TABLE queues_job RESET ({NAMES})",
        ),
        # Backwards, this comes first: the keys could not be made again for rows without their jobs.
        migrations.RunSQL(migrations.RunSQL.noop, FORGET_ORPHANS),
    ]
