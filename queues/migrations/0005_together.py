"""Many jobs together: limits, schedules, flows, operations, an audit, failure groups.

New columns have constant defaults and are there at once; what takes long on a large table is in
0006.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import queues.states
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0004_counts'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('actor', models.CharField(max_length=200)),
                ('door', models.CharField(max_length=16)),
                ('verb', models.CharField(max_length=32)),
                ('target', models.JSONField(default=dict)),
                ('count', models.PositiveBigIntegerField(default=1)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('reason', models.TextField(blank=True)),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job_id', models.BigIntegerField()),
                ('before', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='Dependency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('child_id', models.BigIntegerField()),
                ('child_name', models.CharField(max_length=200)),
                ('on_failure', models.CharField(choices=[('fail', 'fail: the parent fails too'), ('continue', 'continue: the parent runs now, whatever else is pending'), ('ignore', 'ignore: it counts as ended, and the parent can read why'), ('remove', 'remove: it is forgotten')], default='fail', max_length=16)),
                ('state', models.CharField(choices=[('pending', 'pending'), ('completed', 'completed'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('removed', 'removed')], default='pending', max_length=16)),
                ('result', models.JSONField(null=True)),
                ('error', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='FailureGroup',
            fields=[
                ('fingerprint', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=100)),
                ('error_class', models.CharField(max_length=200)),
                ('place', models.CharField(blank=True, help_text='Module and function that it comes from.', max_length=300)),
                ('message', models.TextField(blank=True, help_text='Of the last one.')),
                ('first_seen', models.DateTimeField()),
                ('last_seen', models.DateTimeField()),
                ('first_version', models.CharField(blank=True, max_length=50)),
                ('last_version', models.CharField(blank=True, max_length=50)),
                ('count', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'ordering': ['-last_seen'],
            },
        ),
        migrations.CreateModel(
            name='Limit',
            fields=[
                ('key', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('concurrency', models.PositiveIntegerField(blank=True, help_text='Running jobs of the key at most.', null=True)),
                ('rate', models.PositiveIntegerField(blank=True, help_text='Jobs that begin in `per_seconds` at most.', null=True)),
                ('per_seconds', models.FloatField(blank=True, null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='LimitKey',
            fields=[
                ('key', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('window', models.JSONField(default=list)),
                ('opens_at', models.DateTimeField(null=True)),
                ('closed_until', models.DateTimeField(null=True)),
                ('forget_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Operation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(max_length=16)),
                ('filter', models.JSONField(default=dict)),
                ('value', models.JSONField(null=True)),
                ('actor', models.CharField(max_length=200)),
                ('door', models.CharField(max_length=16)),
                ('reason', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('running', 'running'), ('done', 'done'), ('stopped', 'stopped')], default='running', max_length=16)),
                ('must_stop', models.BooleanField(default=False)),
                ('job_id', models.BigIntegerField(null=True)),
                ('cursor', models.BigIntegerField(default=0)),
                ('last_id', models.BigIntegerField()),
                ('total', models.PositiveBigIntegerField(help_text='Jobs that the filter found beforehand.')),
                ('done', models.PositiveBigIntegerField(default=0)),
                ('passed_over', models.PositiveBigIntegerField(default=0, help_text='Jobs that the verb did not fit any more.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('kind', models.CharField(max_length=100)),
                ('payload', models.JSONField(default=dict)),
                ('options', models.JSONField(default=dict)),
                ('cron', models.CharField(blank=True, max_length=200)),
                ('every_seconds', models.PositiveIntegerField(blank=True, null=True)),
                ('time_zone', models.CharField(default='UTC', max_length=64)),
                ('is_enabled', models.BooleanField(default=True)),
                ('overlap', models.CharField(choices=[('allow', 'allow: both'), ('skip', 'skip: the earlier one alone'), ('replace', 'replace: the earlier one is cancelled')], default='skip', max_length=16)),
                ('misfire', models.CharField(choices=[('skip', 'skip them'), ('run-once', 'one job for all of them')], default='run-once', max_length=16)),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('limit', models.PositiveIntegerField(blank=True, help_text='Jobs at most, in all.', null=True)),
                ('jitter_seconds', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('last_at', models.DateTimeField(help_text='The last tick that was due.', null=True)),
                ('last_job_id', models.BigIntegerField(null=True)),
                ('ticks', models.PositiveIntegerField(default=0, help_text='Ticks that made a job.')),
                ('skipped', models.PositiveIntegerField(default=0, help_text='Times that no job was made; an outage is one.')),
                ('last_error', models.TextField(blank=True)),
                ('retry_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='job',
            name='job_state_known',
        ),
        migrations.AddField(
            model_name='attempt',
            name='code_version',
            field=models.CharField(blank=True, db_default='', max_length=50),
        ),
        migrations.AddField(
            model_name='attempt',
            name='fingerprint',
            field=models.CharField(blank=True, db_default='', max_length=16),
        ),
        migrations.AddField(
            model_name='job',
            name='code_version',
            field=models.CharField(blank=True, db_default='', max_length=50),
        ),
        migrations.AddField(
            model_name='job',
            name='fingerprint',
            field=models.CharField(blank=True, db_default='', max_length=16),
        ),
        migrations.AddField(
            model_name='job',
            name='is_child',
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name='job',
            name='limit_key',
            field=models.CharField(blank=True, db_default='', max_length=200),
        ),
        migrations.AddField(
            model_name='job',
            name='payload_version',
            field=models.PositiveSmallIntegerField(db_default=1),
        ),
        migrations.AddField(
            model_name='job',
            name='schedule_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='queuecontrol',
            name='is_fair',
            field=models.BooleanField(db_default=False, default=False, help_text='Keys take turns; else first come, first served.'),
        ),
        migrations.AddField(
            model_name='queuecontrol',
            name='opens_at',
            field=models.DateTimeField(help_text='When the rate lets the next begin.', null=True),
        ),
        migrations.AddField(
            model_name='queuecontrol',
            name='per_seconds',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='queuecontrol',
            name='rate',
            field=models.PositiveIntegerField(blank=True, help_text='Jobs that begin in `per_seconds` at most.', null=True),
        ),
        migrations.AddField(
            model_name='queuecontrol',
            name='window',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, help_text='What began lately, see queues.rate.'),
        ),
        migrations.AlterField(
            model_name='job',
            name='cause',
            field=models.CharField(blank=True, choices=[('', 'none'), ('attempts', 'attempts spent'), ('refused', 'the handler gave up'), ('timeout', 'ran out of time'), ('crashed', 'its workers died'), ('child', 'a job that it waited for failed')], default='', max_length=16),
        ),
        migrations.AlterField(
            model_name='job',
            name='state',
            field=models.CharField(choices=[('waiting', 'waiting'), ('delayed', 'delayed'), ('waiting-children', 'waiting-children'), ('active', 'active'), ('completed', 'completed'), ('failed', 'failed'), ('cancelled', 'cancelled')], max_length=16),
        ),
        AddConstraintNotValid(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'delayed', 'waiting-children', 'active', 'completed', 'failed', 'cancelled'])), name='job_state_known'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['at'], name='audit_at'),
        ),
        migrations.AddField(
            model_name='dependency',
            name='parent',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='queues.job'),
        ),
        migrations.AddIndex(
            model_name='limit',
            index=models.Index(condition=models.Q(('key__endswith', '*')), fields=['key'], name='limit_beginnings'),
        ),
        migrations.AddIndex(
            model_name='limitkey',
            index=models.Index(django.db.models.functions.comparison.Greatest('opens_at', 'closed_until'), condition=models.Q(('opens_at__isnull', False), ('closed_until__isnull', False), _connector='OR'), name='limitkey_opens'),
        ),
        migrations.AddField(
            model_name='operation',
            name='undoes',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='queues.operation'),
        ),
        migrations.AddField(
            model_name='change',
            name='operation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='queues.operation'),
        ),
        migrations.AddIndex(
            model_name='schedule',
            index=models.Index(condition=models.Q(('is_enabled', True)), fields=['next_at'], name='schedule_due'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.CheckConstraint(condition=models.Q(('cron', ''), ('every_seconds__isnull', True), _connector='XOR'), name='schedule_cron_or_every'),
        ),
        migrations.AddIndex(
            model_name='dependency',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['parent', 'child_id'], name='dependency_pending'),
        ),
        migrations.AddIndex(
            model_name='dependency',
            index=models.Index(condition=models.Q(('state__in', ['failed', 'cancelled', 'removed'])), fields=['parent'], name='dependency_troubled'),
        ),
        migrations.AddConstraint(
            model_name='dependency',
            constraint=models.UniqueConstraint(fields=('child_id', 'parent'), name='dependency_once'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.UniqueConstraint(fields=('operation', 'job_id'), name='change_once'),
        ),
        migrations.RunSQL(
            """
            CREATE FUNCTION queues_refuse_change() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'The audit is append-only.'; END $$;
            CREATE TRIGGER auditentry_append_only BEFORE UPDATE OR DELETE ON queues_auditentry
            FOR EACH ROW EXECUTE FUNCTION queues_refuse_change();
            """,
            """
            DROP TRIGGER auditentry_append_only ON queues_auditentry;
            DROP FUNCTION queues_refuse_change();
            """,
        ),
        # Backwards, this comes first: the code of before knows no such state.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            """
            UPDATE queues_job SET state = 'cancelled', finished_at = clock_timestamp()
            WHERE state = 'waiting-children';
            """,
        ),
    ]
