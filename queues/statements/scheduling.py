"""Schedules, and their ticks."""

from __future__ import annotations

from typing import Final

INSERT_SCHEDULE: Final = """
INSERT INTO queues_schedule (
    name, kind, payload, options, cron, every_seconds, time_zone, is_enabled, overlap, misfire,
    starts_at, ends_at, "limit", jitter_seconds, next_at, ticks, skipped, last_error, created_at,
    updated_at)
VALUES (
    %(name)s, %(kind)s, %(payload)s, %(options)s, %(cron)s, %(every_seconds)s, %(time_zone)s,
    %(is_enabled)s, %(overlap)s, %(misfire)s, %(starts_at)s, %(ends_at)s, %(limit)s,
    %(jitter_seconds)s, %(next_at)s, 0, 0, '', %(created_at)s, %(created_at)s)
ON CONFLICT (name) DO NOTHING
RETURNING id
"""

# The subselect is read once, and so may use the index: a volatile function is asked for each row.
_DUE: Final = """
is_enabled AND next_at <= (SELECT clock_timestamp()) AND kind = ANY(%(kinds)s::text[])
AND (retry_at IS NULL OR retry_at <= (SELECT clock_timestamp()))
"""
IS_DUE: Final = f"SELECT id FROM queues_schedule WHERE {_DUE} LIMIT 1"
# Of many workers one gets the row, and the others go on. Whoever edits it meanwhile waits.
LOCK_DUE: Final = f"""
SELECT id, clock_timestamp() FROM queues_schedule WHERE {_DUE}
ORDER BY next_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""

# Only what is overdue: a worker that knows the kind makes the tick at once.
NOTE_STRANGERS: Final = """
UPDATE queues_schedule SET last_error = %(error)s
WHERE id IN (
    SELECT id FROM queues_schedule
    WHERE is_enabled AND next_at <= (SELECT clock_timestamp()) - %(seconds)s * interval '1 second'
      AND kind <> ALL(%(kinds)s::text[]) AND last_error = ''
    FOR NO KEY UPDATE SKIP LOCKED)
"""
