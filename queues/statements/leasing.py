"""Workers' rows, and giving back what they hold."""

from __future__ import annotations

from typing import Final

REGISTER_WORKER: Final = """
INSERT INTO queues_worker (
    name, host, pid, version, queues, slots, kinds, started_at, beat_at, expires_at)
VALUES (
    %(name)s, %(host)s, %(pid)s, %(version)s, %(queues)s, %(slots)s, %(kinds)s,
    clock_timestamp(), clock_timestamp(),
    clock_timestamp() + %(lease)s * interval '1 second')
RETURNING id
"""

BEAT: Final = """
UPDATE queues_worker
SET beat_at = clock_timestamp(),
    expires_at = clock_timestamp() + %(lease)s * interval '1 second'
WHERE id = %(worker)s
RETURNING id
"""

SHOW_SLOTS: Final = "UPDATE queues_worker SET slots = %(slots)s WHERE id = %(worker)s"

# Not while it holds a job, which nobody would find again: then its lease runs out, and the job is
# rescued.
RETIRE_WORKER: Final = """
DELETE FROM queues_worker WHERE id = %(worker)s AND NOT EXISTS (
    SELECT FROM queues_job WHERE worker_id = %(worker)s AND state = 'active')
"""

# What somebody has locked is left: the lease runs out, and a rescuer finds it.
HAND_BACK: Final = """
WITH mine AS (
    SELECT id FROM queues_job WHERE worker_id = %(worker)s AND state = 'active'
    FOR NO KEY UPDATE SKIP LOCKED)
UPDATE queues_job AS job
SET state = 'waiting', front = true, attempt = attempt - 1, worker_id = NULL
FROM mine WHERE job.id = mine.id
RETURNING job.id, queue, priority
"""

# Claims whose answer never arrived: the connection broke between the commit and the reply.
RETURN_STRAYS: Final = """
WITH mine AS (
    SELECT job.id FROM unnest(%(ids)s::bigint[], %(tokens)s::bigint[]) AS stray(id, token)
    JOIN queues_job AS job ON job.id = stray.id AND job.token = stray.token
    WHERE worker_id = %(worker)s AND state = 'active'
    FOR NO KEY UPDATE OF job SKIP LOCKED)
UPDATE queues_job AS job
SET state = 'waiting', front = true, attempt = attempt - 1, worker_id = NULL
FROM mine WHERE job.id = mine.id
RETURNING job.id, queue, priority
"""

HELD: Final = """
SELECT id, token FROM queues_job WHERE worker_id = %(worker)s AND state = 'active'
"""
