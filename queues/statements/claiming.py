"""Taking jobs: waiting to active, with one more attempt and a new token."""

from __future__ import annotations

from typing import Final

_CLAIMED: Final = """
UPDATE queues_job AS job
SET state = 'active', front = false, attempt = attempt + 1, token = token + 1,
    worker_id = %(worker)s, started_at = clock_timestamp(), finished_at = NULL,
    progress = NULL, result = NULL, cause = '', error_class = '', error_message = ''
FROM picked WHERE job.id = picked.id
RETURNING job.id, job.queue, job.kind, job.name, job.owner, job.payload, job.attempt,
    job.max_attempts, job.backoff, job.token, job.priority, job.timeout, job.crashes,
    job.keep_completed, job.keep_failed,
    (extract(epoch FROM job.started_at - job.run_at) * 1000)::float8
"""
# Paused queues are closed to claims, and capped ones have a statement of their own.
_OPEN: Final = """
queue NOT IN (
    SELECT name FROM queues_queuecontrol WHERE paused_at IS NOT NULL OR cap IS NOT NULL)
"""

CLAIM_BY_ID: Final = f"""
WITH picked AS (
    SELECT id FROM queues_job
    WHERE id = ANY(%(ids)s) AND state = 'waiting'
      AND queue = ANY(%(queues)s) AND kind = ANY(%(kinds)s) AND {_OPEN}
    FOR NO KEY UPDATE SKIP LOCKED)
{_CLAIMED}
"""

_PICK_WAITING: Final = """
WITH picked AS (
    SELECT taken.id
    FROM unnest(%(queues)s::text[], %(limits)s::int[]) AS want(queue, slots)
    CROSS JOIN LATERAL (
        SELECT id FROM queues_job
        WHERE queue = want.queue AND state = 'waiting' AND kind = ANY(%(kinds)s)
        ORDER BY front DESC, priority, run_at, id
        LIMIT want.slots
        FOR NO KEY UPDATE SKIP LOCKED) AS taken
"""

# The look into Postgres: as many rows of each queue as it has free slots, in order of service.
CLAIM_WAITING: Final = f"{_PICK_WAITING} WHERE want.{_OPEN.strip()}) {_CLAIMED}"
# After LOCK_CAPS, in its transaction, with limits that the caps leave.
CLAIM_CAPPED: Final = f"{_PICK_WAITING}) {_CLAIMED}"

# One claimer at a time for each capped queue: whoever counts next sees what this one took.
LOCK_CAPS: Final = """
SELECT name, cap FROM queues_queuecontrol
WHERE name = ANY(%(queues)s) AND cap IS NOT NULL AND paused_at IS NULL
ORDER BY name FOR UPDATE
"""
COUNT_ACTIVE: Final = """
SELECT queue, count(*) FROM queues_job
WHERE state = 'active' AND queue = ANY(%(queues)s) GROUP BY queue
"""
