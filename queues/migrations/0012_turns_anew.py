"""No job has a place from before it was made, and a new priority takes a new turn. See ADR 0022."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION queues_take_turn() RETURNS trigger LANGUAGE plpgsql VOLATILE
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
    NEW.turn_at := greatest(least({due}, next_at), last_at + interval '1 second');
    RETURN NEW;
END $$;
"""
# Callers say when a job is due, and may name a year long ago.
ANEW = (
    FUNCTION.format(due="greatest(NEW.run_at, NEW.created_at)")
    + """
CREATE TRIGGER job_turn_of_other_priority BEFORE UPDATE OF priority ON queues_job FOR EACH ROW
WHEN (NEW.state = 'waiting' AND OLD.state = 'waiting' AND NEW.priority <> OLD.priority
      AND NEW.owner <> '')
EXECUTE FUNCTION queues_take_turn();
"""
)
AS_BEFORE = (
    "DROP TRIGGER job_turn_of_other_priority ON queues_job;" + FUNCTION.format(due="NEW.run_at")
)


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0011_worker_name'),
    ]

    operations = [
        migrations.RunSQL(ANEW, AS_BEFORE),
    ]
