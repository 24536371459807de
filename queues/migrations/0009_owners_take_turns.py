"""Waiting jobs of an owner get places between those of other owners. See ADR 0022."""

import django.db.models.functions.comparison
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# Volatile, so that each row of a statement sees those that it has written before. Without
# sequential scans, for a plan that was made while the table was empty would read all of it later.
TAKE_TURN = """
CREATE FUNCTION queues_take_turn() RETURNS trigger LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off AS $$
DECLARE
    next_at timestamptz;
    last_at timestamptz;
BEGIN
    SELECT turn_at INTO next_at FROM queues_job
    WHERE queue = NEW.queue AND priority = NEW.priority AND state = 'waiting' AND owner <> ''
    ORDER BY turn_at LIMIT 1;
    SELECT turn_at INTO last_at FROM queues_job
    WHERE queue = NEW.queue AND owner = NEW.owner AND priority = NEW.priority
      AND state = 'waiting' AND owner <> '' AND turn_at IS NOT NULL
    ORDER BY turn_at DESC LIMIT 1;
    NEW.turn_at := greatest(least(NEW.run_at, next_at), last_at + interval '1 second');
    RETURN NEW;
END $$;
CREATE TRIGGER job_turn_of_new BEFORE INSERT ON queues_job FOR EACH ROW
WHEN (NEW.state = 'waiting' AND NEW.owner <> '')
EXECUTE FUNCTION queues_take_turn();
CREATE TRIGGER job_turn_of_moved BEFORE UPDATE OF state ON queues_job FOR EACH ROW
WHEN (NEW.state = 'waiting' AND OLD.state <> 'waiting' AND NEW.owner <> '')
EXECUTE FUNCTION queues_take_turn();
"""
NO_TURNS = """
DROP TRIGGER job_turn_of_new ON queues_job;
DROP TRIGGER job_turn_of_moved ON queues_job;
DROP FUNCTION queues_take_turn();
"""


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('queues', '0008_owner'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='turn_at',
            field=models.DateTimeField(null=True),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('queue'), models.F('limit_key'), models.OrderBy(models.F('front'), descending=True), models.F('priority'), django.db.models.functions.comparison.Coalesce('turn_at', 'run_at'), models.F('id'), condition=models.Q(('state', 'waiting')), name='job_place'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('queue'), models.F('priority'), models.F('turn_at'), condition=models.Q(('state', 'waiting'), models.Q(('owner', ''), _negated=True)), name='job_turn_next'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('queue'), models.F('owner'), models.F('priority'), models.F('turn_at'), condition=models.Q(('state', 'waiting'), models.Q(('owner', ''), _negated=True)), name='job_turn_last'),
        ),
        RemoveIndexConcurrently(model_name='job', name='job_turn'),
        migrations.RunSQL(TAKE_TURN, NO_TURNS),
    ]
