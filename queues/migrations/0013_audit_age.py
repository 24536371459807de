"""The audit takes no changes, and lets go of what is older than AUDIT_DAYS can be at the least."""

from django.db import migrations

REFUSE = """
CREATE OR REPLACE FUNCTION queues_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {but}RAISE EXCEPTION 'The audit is append-only.';
END $$;
"""
OLD = """IF TG_OP = 'DELETE' AND OLD.at < clock_timestamp() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    """


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0012_turns_anew'),
    ]

    operations = [
        migrations.RunSQL(REFUSE.format(but=OLD), REFUSE.format(but='')),
    ]
